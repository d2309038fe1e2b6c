package subscription

import "atlasstream/pkg/atlas"

// What a view keeps from record to record.
const (
	maxSlots = 4096 // paths
	maxParts = 1024 // members, or values of one path
)

// view is a record's value, as it came or enriched, with all that was found in it so far.
type view struct {
	enricher  Enricher // nil for the value as it came
	record    *atlas.Record
	value     []byte
	loaded    bool
	members   []member // of the value itself
	listed    bool
	slots     map[string]*slot // by path
	used      []*slot          // with what was found in this record
	addresses [roles]addresses
}

// slot is what a path leads to.
type slot struct {
	leaves []leaf
	used   bool
}

func (v *view) reset(record *atlas.Record) {
	v.record, v.value, v.loaded, v.listed = record, nil, false, false
	v.members = emptied(v.members)
	for _, slot := range v.used {
		slot.empty()
	}
	v.used = emptied(v.used)
	if len(v.slots) > maxSlots {
		v.slots = nil
	}
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
		found.leaves = v.search(path, found.leaves)
	}
	return found.leaves
}

// search looks into the members that are known. For the first path they are found in passing, which saves reading the value twice.
func (v *view) search(path string, into []leaf) []leaf {
	finder := finder{value: v.bytes(), found: into, members: v.members}
	if !v.listed {
		v.listed = true
		if at, found := nextElement(v.value, 0); found && v.value[at] == '{' {
			finder.findMember(at, path, 0)
		}
		v.members = finder.members
		return finder.found
	}
	at, rest, longest := 0, "", 0
	for i := range v.members {
		if left, fits := behind(path, v.members[i].name); fits && len(v.members[i].name) >= longest {
			at, rest, longest = v.members[i].value, left, len(v.members[i].name)
		}
	}
	if longest > 0 {
		finder.find(at, rest, 0)
	}
	return finder.found
}
