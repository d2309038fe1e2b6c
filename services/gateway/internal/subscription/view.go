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
	members   []member         // of the value, if its shapes are odd
	slots     map[string]*slot // by path
	used      []*slot          // with what was found in this record
	addresses [roles]addresses
}

// slot is what a path leads to.
type slot struct {
	leaves []leaf
	used   bool
	shape  *shape // nil until a value had it
}

func (v *view) reset(record *atlas.Record) {
	v.record, v.value, v.loaded, v.isRead = record, nil, false, false
	v.members = emptied(v.members)
	for _, slot := range v.used {
		slot.empty()
	}
	v.used = emptied(v.used)
	if len(v.slots) > maxSlots || v.shapes.areMany() {
		v.slots, v.shapes = nil, shapes{}
	}
	v.shapes.reset()
	for role := range v.addresses {
		v.addresses[role].known = false
	}
}

func (s *slot) empty() { s.leaves, s.used = emptied(s.leaves), false }

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
func (v *view) find(path string) []leaf {
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
	return found.leaves
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
	v.shapes.read(v.bytes())
	if v.shapes.odd {
		v.members = listMembers(v.value, 0, v.members)
	}
}

func (s *slot) shapeOf(path string, shapes *shapes) *shape {
	if s.shape == nil {
		s.shape = shapes.top.find(path)
	}
	return s.shape
}
