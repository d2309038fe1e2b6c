package subscription

import "unsafe"

// Steps is what it takes to ask the subscription's conditions about one record, in steps of about a tenth of a microsecond: one for each condition, and one
// more for every eight alternatives up to 128, as no more of them are looked up than the record has values. It is 0 where only measurement and probe are
// asked about.
func (s *Subscription) Steps() (steps int) {
	for _, condition := range s.conditions {
		steps += condition.steps()
	}
	return steps
}

// Kept is how many bytes a subscription takes in memory.
func (s *Subscription) Kept() int {
	kept := int(unsafe.Sizeof(*s)) + len(s.Cursor.After)
	if s.Past != nil {
		kept += int(unsafe.Sizeof(*s.Past))
	}
	if !s.Fields.all() {
		kept += len(s.Fields.key.Value())
	}
	for _, condition := range s.conditions {
		kept += int(unsafe.Sizeof(condition)) + condition.kept()
	}
	return kept
}

const (
	alternativesOfStep = 8
	mostAlternatives   = 128 // that are looked up
)

func (ofType) steps() int    { return 1 }
func (since) steps() int     { return 1 }
func (*beyond) steps() int   { return 1 }
func (*within) steps() int   { return 1 }
func (e *equals) steps() int { return 1 + min(e.count(), mostAlternatives)/alternativesOfStep }

func (t ofType) kept() int  { return int(unsafe.Sizeof(t)) }
func (s since) kept() int   { return int(unsafe.Sizeof(s)) }
func (b *beyond) kept() int { return int(unsafe.Sizeof(*b)) + len(b.path) + cap(b.bound.text) }
func (w *within) kept() int { return int(unsafe.Sizeof(*w)) }

func (e *equals) kept() int {
	return int(unsafe.Sizeof(*e)) + len(e.path) + 8*len(e.numbers) + len(e.texts.joined) + 4*len(e.texts.ends)
}
