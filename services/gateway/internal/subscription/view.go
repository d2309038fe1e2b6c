package subscription

import "atlasstream/pkg/atlas"

// What a view keeps from record to record.
const (
	maxSlots = 4096 // paths
	maxParts = 1024 // members of an odd value, or values of one path
)

// view is a record's value, as it came or enriched, with all that was found in it so far.
type view struct {
	enricher  Enricher // nil for the value as it came
	record    *atlas.Record
	value     []byte
	loaded    bool
	shapes    shapes
	isRead    bool
	bytesRead int              // of all records
	members   []member         // of the value, if its shapes are odd
	slots     map[string]*slot // by path
	used      []*slot          // with what was found in this record
	addresses [roles]addresses
	outline   outline // of the value, if something is to be pruned
	outlined  bool
	wanted    projections
}

// slot is what a path leads to.
type slot struct {
	leaves   []leaf
	used     bool
	isSorted bool
	asked    int          // how many conditions have been asked of this record's values
	sorted   sortedLeaves // the values, once isSorted
	shape    *shape       // nil until a value had it
	among    int          // how many shapes there were when it was none of them
}

const (
	// fewValues are looked at one by one, however often.
	fewValues = 8
	// askedBeforeSorting is how many conditions look at all values before they are sorted for those that follow.
	askedBeforeSorting = 8
)

// sortedIfMany gives the values in order if that is quicker for one more condition than to look at all of them, else nil.
func (s *slot) sortedIfMany() *sortedLeaves {
	if len(s.leaves) <= fewValues {
		return nil
	}
	s.asked++
	if s.asked <= askedBeforeSorting {
		return nil
	}
	if !s.isSorted {
		s.isSorted = true
		s.sorted.sort(s.leaves)
	}
	return &s.sorted
}

func (v *view) reset(record *atlas.Record) {
	v.record, v.value, v.loaded, v.isRead, v.outlined = record, nil, false, false, false
	v.members = emptied(v.members)
	for _, slot := range v.used {
		slot.empty()
	}
	v.used = emptied(v.used)
	forget := len(v.slots) > maxSlots || v.shapes.areMany()
	if forget {
		v.slots, v.shapes = nil, shapes{}
	}
	v.shapes.reset()
	v.outline.reset()
	v.wanted.reset(forget)
	for role := range v.addresses {
		v.addresses[role].known = false
	}
}

func (s *slot) empty() {
	s.leaves, s.used = emptied(s.leaves), false
	if s.asked = 0; s.isSorted {
		s.isSorted = false
		s.sorted.empty()
	}
}

// emptied lets go of a record, and of memory that few records need.
func emptied[E any](parts []E) []E {
	clear(parts)
	if cap(parts) > maxParts {
		return nil
	}
	return parts[:0]
}

func (v *view) bytes() []byte {
	if v.loaded {
		return v.value
	}
	v.loaded, v.value = true, v.record.Value
	if v.enricher != nil {
		v.value = v.enricher.Enrich(v.record)
	}
	return v.value
}

// find gives what a path leads to.
func (v *view) find(path string) []leaf { return v.values(path).leaves }

// values gives what a path leads to, with what conditions have found out about it.
func (v *view) values(path string) *slot {
	found := v.slots[path]
	if found == nil {
		found = &slot{}
		if v.slots == nil {
			v.slots = make(map[string]*slot)
		}
		v.slots[path] = found
	}
	if !found.used {
		found.used = true
		v.used = append(v.used, found)
		v.search(path, found)
	}
	return found
}

// search finds what a path leads to, by shapes if they can tell.
func (v *view) search(path string, into *slot) {
	v.read()
	finder := finder{value: v.value, found: into.leaves}
	if v.shapes.odd {
		finder.findAmong(v.members, path)
	} else {
		finder.takeAll(into.shapeOf(path, &v.shapes), &v.shapes)
	}
	into.leaves = finder.found
}

// read reads the value, once.
func (v *view) read() {
	if v.isRead {
		return
	}
	v.isRead = true
	v.bytesRead += len(v.bytes())
	v.shapes.read(v.bytes())
	if v.shapes.odd {
		v.members = listMembers(v.value, 0, v.members)
	}
}

// shapeOf gives the shape that the path leads to, and does not look for it again before there are further ones.
func (s *slot) shapeOf(path string, shapes *shapes) *shape {
	if s.shape == nil && s.among != shapes.count {
		s.shape, s.among = shapes.top.find(path), shapes.count
	}
	return s.shape
}

// project gives the projection to the union of sets of fields, of which there must be one at least.
func (v *view) project(sets ...Fields) Projection {
	if !v.outlined {
		v.outlined = true
		v.bytesRead += len(v.bytes())
		v.outline.read(v.bytes(), &v.shapes)
	}
	if len(sets) == 1 {
		return v.wanted.ofOne(sets[0], &v.shapes)
	}
	return v.wanted.ofSeveral(sets, &v.shapes)
}
