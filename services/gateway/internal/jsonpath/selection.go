package jsonpath

import "encoding/binary"

// Selection is what sets of paths keep of a document's value; it means nothing for another value. The zero value keeps every member. Sets that differ only
// in members that no value has had share a selection.
type Selection int32

// What is kept of a member is a byte, and what is kept of all a list or a string of them, by number. The union of two is their bitwise or.
const (
	keepInside byte = 0b01 // containers, with what is kept of their members
	keepWhole  byte = 0b11
)

// plan is what a set of paths keeps of the members of a schema.
type plan struct {
	kept      []byte    // of the members of the schema, filled up with zeros to a multiple of eight
	key       string    // the same
	count     int       // how many members the schema had at the last look
	value     uint64    // the last value that it was selected for
	selection Selection // of that value
}

// extend looks up the members that are new in the schema.
func (p *plan) extend(set PathSet, paths []string) {
	kept, sorted := make([]byte, (len(paths)+7)&^7), set.Paths()
	copy(kept, p.kept)
	for number := p.count; number < len(paths); number++ {
		switch ends, longer := follow(sorted, paths[number]); {
		case ends:
			kept[number] = keepWhole
		case len(longer) > 0:
			kept[number] = keepInside
		}
	}
	p.kept, p.key, p.count = kept, string(kept), len(paths)
}

// addTo adds what the plan keeps to what others keep.
func (p *plan) addTo(united []byte) {
	for at := 0; at < len(united); at += 8 {
		binary.LittleEndian.PutUint64(united[at:], binary.LittleEndian.Uint64(united[at:])|binary.LittleEndian.Uint64(p.kept[at:]))
	}
}

// selections are those of the current value, with the plans of all sets.
type selections struct {
	plans     map[PathSet]*plan
	planBytes int
	last      PathSet
	lastPlan  *plan
	byKept    map[string]Selection
	all       []selected // by number, from 1 on
	united    []byte
}

type selected struct {
	kept   string  // of the members, by number
	set    PathSet // instead, if the value is irregular
	pruned []byte  // nil until Prune
}

const (
	// maxPlanBytes bounds the plans that are kept from value to value: the subscriptions with their sets may have ended long ago.
	maxPlanBytes = 1 << 20
	planOverhead = 200 // bytes of a plan beside the paths
	maxSelected  = 1024
)

// reset prepares for another value, and forgets the plans if that has another schema.
func (s *selections) reset(forget bool) {
	if forget || s.planBytes > maxPlanBytes {
		s.plans, s.planBytes, s.last, s.lastPlan = nil, 0, PathSet{}, nil
	}
	if len(s.all) == 0 {
		return
	}
	clear(s.byKept)
	clear(s.all)
	if s.all = s.all[:0]; cap(s.all) > maxSelected {
		s.all = nil
	}
}

func (s *selections) at(number Selection) *selected { return &s.all[number-1] }

// of gives the selection of the union of sets in a value that was read.
func (s *selections) of(sets []PathSet, schema *schema) Selection {
	if len(sets) == 1 || schema.irregular {
		return s.ofOne(unite(sets), schema)
	}
	s.united = append(s.united[:0], s.planOf(sets[0], schema).kept...)
	for _, set := range sets[1:] {
		s.planOf(set, schema).addTo(s.united)
	}
	if known, exists := s.byKept[string(s.united)]; exists {
		return known
	}
	return s.add(string(s.united))
}

func (s *selections) ofOne(set PathSet, schema *schema) Selection {
	plan := s.planOf(set, schema)
	if plan.value == schema.value {
		return plan.selection
	}
	plan.value = schema.value
	if schema.irregular {
		s.all = append(s.all, selected{set: set})
		plan.selection = Selection(len(s.all))
	} else if known, exists := s.byKept[plan.key]; exists {
		plan.selection = known
	} else {
		plan.selection = s.add(plan.key)
	}
	return plan.selection
}

func (s *selections) add(kept string) Selection {
	if s.byKept == nil {
		s.byKept = make(map[string]Selection)
	}
	s.all = append(s.all, selected{kept: kept})
	s.byKept[kept] = Selection(len(s.all))
	return Selection(len(s.all))
}

// planOf gives the plan of a set for all members of the schema.
func (s *selections) planOf(set PathSet, schema *schema) *plan {
	if s.last != set {
		s.last, s.lastPlan = set, s.plan(set)
	}
	if s.lastPlan.count < schema.count {
		s.lastPlan.extend(set, schema.paths)
	}
	return s.lastPlan
}

func (s *selections) plan(set PathSet) *plan {
	found := s.plans[set]
	if found == nil {
		if s.plans == nil {
			s.plans = make(map[PathSet]*plan)
		}
		found = &plan{}
		s.plans[set] = found
		s.planBytes += planOverhead + set.Size()
	}
	return found
}
