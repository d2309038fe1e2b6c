package jsonpath

// Document is a JSON value in which paths are looked up, and after Reset another one. The zero value is ready to Load one. It is not safe for concurrent use.
type Document struct {
	schema     *schema
	value      []byte
	hasScalars bool // the value has been read for them
	hasNodes   bool
	top        []member // of the value, if it is irregular
	texts      []string // that were found the last time
	selections selections
	pruner     pruner
	memory     []byte // of what was pruned
	counts     Counts
}

// Counts counts the work of a document on all its values.
type Counts struct {
	Bytes    int // of values that were read: each once for all Find, and once for all Select
	Prunings int
	Visited  int // members and elements that were considered for these
}

// Counts counts from when the document was made.
func (d *Document) Counts() Counts {
	counts := d.counts
	counts.Visited = d.pruner.visited
	return counts
}

// What is kept for the next value.
const (
	maxMemory = 1 << 20 // bytes of prunings
	maxTexts  = 1024
)

// Load gives the document its value, which must not change until Reset.
func (d *Document) Load(value []byte) {
	if d.value = value; d.schema == nil {
		d.schema = newSchema()
	}
}

// Reset drops the value.
func (d *Document) Reset() {
	d.value, d.hasScalars, d.hasNodes, d.top = nil, false, false, nil
	if d.memory = d.memory[:0]; cap(d.memory) > maxMemory {
		d.memory = nil
	}
	clear(d.texts) // they would keep the value
	if d.texts = d.texts[:0]; cap(d.texts) > maxTexts {
		d.texts = nil
	}
	if d.schema == nil {
		return
	}
	d.selections.reset(d.schema.isFull())
	if d.schema.isFull() {
		d.schema = newSchema()
	}
	d.schema.reset()
}

// Find gives the texts of the scalars that a path leads to: what is between the quotes of a string, without escapes, and of other scalars how JSON writes
// them. The texts are valid until Reset, and the list of them until the next Find. The path must not be used with another document.
func (d *Document) Find(path *Path) []string {
	d.readScalars()
	clear(d.texts) // fewer may follow, and those behind them would keep the value
	if d.schema.irregular {
		d.texts = appendFound(d.texts[:0], d.value, d.top, path.text, 0)
	} else {
		d.texts = d.schema.appendScalars(d.texts[:0], d.value, path.in(d.schema))
	}
	return d.texts
}

func (d *Document) readScalars() {
	if d.hasScalars {
		return
	}
	d.hasScalars = true
	d.counts.Bytes += len(d.value)
	if d.schema.read(d.value, false); d.schema.irregular {
		d.top = membersOf(d.value, 0)
	}
}

// Select gives what the union of sets of paths keeps, of which there must be at least one. None of them may be the zero value.
func (d *Document) Select(sets ...PathSet) Selection {
	if !d.hasNodes {
		d.hasNodes = true
		d.counts.Bytes += len(d.value)
		d.schema.read(d.value, true)
	}
	return d.selections.of(sets, d.schema)
}

// Prune gives the value with what a selection keeps. It must not be changed, and is valid until Reset.
func (d *Document) Prune(selection Selection) []byte {
	if selection == 0 {
		return d.value
	}
	selected := d.selections.at(selection)
	if selected.pruned == nil {
		d.counts.Prunings++
		begin := len(d.memory)
		d.prune(selected)
		selected.pruned = d.memory[begin:len(d.memory):len(d.memory)]
	}
	return selected.pruned
}

// prune appends what a selection keeps to the memory.
func (d *Document) prune(selected *selected) {
	p := &d.pruner
	p.value, p.written = d.value, d.memory
	if d.schema.irregular {
		p.object(0, selected.set.Paths(), 0)
	} else {
		p.nodes, p.kept = d.schema.nodes, selected.kept
		p.writeNodes(0, len(p.nodes), "{}")
	}
	d.memory, d.pruner = p.written, pruner{visited: p.visited}
}
