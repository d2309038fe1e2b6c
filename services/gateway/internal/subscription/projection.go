package subscription

import (
	"encoding/binary"
	"slices"
)

// Projection is what some sets of fields together keep of a subject's record; it means nothing for another record. The zero value keeps every member.
// Sets that differ in members only that no record has had share one.
type Projection int32

// shapeSet has a bit for each of its shapes, by number.
type shapeSet []uint64

const bitsOfWord = 64

func (s shapeSet) has(number int32) bool {
	word := int(number) / bitsOfWord
	return word < len(s) && s[word]>>(number%bitsOfWord)&1 != 0
}

func (s *shapeSet) set(number int32) {
	word := int(number) / bitsOfWord
	for len(*s) <= word {
		*s = append(*s, 0)
	}
	(*s)[word] |= 1 << (number % bitsOfWord)
}

func (s *shapeSet) add(others shapeSet) {
	for len(*s) < len(others) {
		*s = append(*s, 0)
	}
	for word := range others {
		(*s)[word] |= others[word]
	}
}

// selection is what is kept of shapes.
type selection struct {
	whole shapeSet // the values are
	on    shapeSet // the containers are, with what is kept of their members
}

func (s *selection) add(other *selection) {
	s.whole.add(other.whole)
	s.on.add(other.on)
}

func (s *selection) empty() { s.whole, s.on = s.whole[:0], s.on[:0] }

// appendKey appends what tells the selection from others of so many shapes.
func (s *selection) appendKey(key []byte, shapes int) []byte {
	for _, set := range []shapeSet{s.whole, s.on} {
		for at := 0; at < shapes; at += bitsOfWord {
			word := uint64(0)
			if at/bitsOfWord < len(set) {
				word = set[at/bitsOfWord]
			}
			key = binary.LittleEndian.AppendUint64(key, word)
		}
	}
	return key
}

// plan is the selection of a set of fields, as far as there are shapes.
type plan struct {
	selection
	known      int        // the shapes up to there have been looked up
	key        string     // of the selection
	record     uint64     // for which it was asked last
	projection Projection // of that record
}

// extend looks up the shapes that have come.
func (p *plan) extend(fields Fields, paths []string) {
	wanted := fields.appendTo(nil)
	for ; p.known < len(paths); p.known++ {
		switch fit := fitting(wanted, []byte(paths[p.known])); {
		case fit.ends:
			p.whole.set(int32(p.known))
		case fit.first < fit.behind:
			p.on.set(int32(p.known))
		}
	}
	p.key = string(p.appendKey(nil, p.known))
}

// projections are those that are wanted of a record.
type projections struct {
	plans  map[Fields]*plan
	kept   int // bytes of the sets that have plans
	last   Fields
	ofLast *plan
	byKey  map[string]Projection // of selections
	all    []projection          // by number, from 1 on
	united selection
	key    []byte
}

type projection struct {
	kept    []keeping // of the shapes, by number
	fields  Fields    // instead of the selection, where shapes cannot tell
	payload []byte    // once it is written
}

// keeping is what is kept of a shape's values.
type keeping byte

const (
	nothing keeping = iota
	members         // of its containers, those of which something is kept
	whole
)

// keep notes what a selection keeps of so many shapes, as it is asked for each part of a record.
func (p *projection) keep(selected *selection, shapes int) {
	p.kept = append(p.kept[:0], make([]keeping, shapes)...)
	for number := range int32(shapes) {
		switch {
		case selected.whole.has(number):
			p.kept[number] = whole
		case selected.on.has(number):
			p.kept[number] = members
		}
	}
}

// maxPlanBytes bounds what is kept of sets of fields from record to record, whose subscriptions may have ended long since.
const maxPlanBytes = 1 << 20

// reset begins another record, which has no shapes in common with those before if they are forgotten.
func (p *projections) reset(forget bool) {
	if forget || p.kept > maxPlanBytes {
		p.plans, p.kept, p.last, p.ofLast = nil, 0, Fields{}, nil
	}
	if len(p.all) == 0 {
		return
	}
	clear(p.byKey)
	for i := range p.all {
		p.all[i].payload, p.all[i].fields = nil, Fields{}
	}
	if p.all = p.all[:0]; cap(p.all) > maxParts {
		p.all = nil
	}
}

// planOf gives the plan of a set of fields for the shapes that there are.
func (p *projections) planOf(fields Fields, shapes *shapes) *plan {
	if p.last != fields {
		p.last, p.ofLast = fields, p.find(fields)
	}
	if p.ofLast.known < len(shapes.paths) {
		p.ofLast.extend(fields, shapes.paths)
	}
	return p.ofLast
}

func (p *projections) find(fields Fields) *plan {
	found := p.plans[fields]
	if found == nil {
		if p.plans == nil {
			p.plans = make(map[Fields]*plan)
		}
		found = &plan{}
		p.plans[fields] = found
		p.kept += planOverhead + len(fields.key.Value())
	}
	return found
}

// planOverhead is what a plan takes beside the names of its fields, in bytes.
const planOverhead = 200

// ofOne gives the projection of a set of fields.
func (p *projections) ofOne(fields Fields, shapes *shapes) Projection {
	plan := p.planOf(fields, shapes)
	switch {
	case plan.record == shapes.record:
	case shapes.odd:
		plan.projection = p.enter()
		p.at(plan.projection).fields = fields
	default:
		plan.projection = p.of(&plan.selection, plan.key, shapes.count)
	}
	plan.record = shapes.record
	return plan.projection
}

// ofSeveral gives the projection of the union of sets.
func (p *projections) ofSeveral(sets []Fields, shapes *shapes) Projection {
	if shapes.odd {
		return p.ofOne(unite(sets), shapes)
	}
	p.united.empty()
	for _, fields := range sets {
		p.united.add(&p.planOf(fields, shapes).selection)
	}
	p.key = p.united.appendKey(p.key[:0], shapes.count)
	if known, is := p.byKey[string(p.key)]; is {
		return known
	}
	return p.of(&p.united, string(p.key), shapes.count)
}

// of gives the projection that a selection of so many shapes makes.
func (p *projections) of(selected *selection, key string, shapes int) Projection {
	if known, is := p.byKey[key]; is {
		return known
	}
	if p.byKey == nil {
		p.byKey = make(map[string]Projection)
	}
	entered := p.enter()
	p.byKey[key] = entered
	p.at(entered).keep(selected, shapes)
	return entered
}

// enter adds a projection, with the memory of one of a record before.
func (p *projections) enter() Projection {
	p.all = slices.Grow(p.all, 1)[:len(p.all)+1]
	return Projection(len(p.all))
}

func (p *projections) at(number Projection) *projection { return &p.all[number-1] }
