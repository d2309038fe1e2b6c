package subscription

import (
	"math/bits"
	"strings"
	"unsafe"
)

// Steps is what something costs for each record of a measurement, in steps of about a tenth of a microsecond: so many whatever the record's length, and so
// many for each KiB of it. BenchmarkSteps of package fanout tells how long steps take.
type Steps struct{ Each, PerKiB int }

// Of is what it costs for a record of so many bytes.
func (s Steps) Of(length int) int { return s.Each + s.PerKiB*length>>10 }

// Plus is what both cost.
func (s Steps) Plus(other Steps) Steps { return Steps{s.Each + other.Each, s.PerKiB + other.PerKiB} }

// Times is what it costs so often.
func (s Steps) Times(count int) Steps { return Steps{count * s.Each, count * s.PerKiB} }

// Steps is what it takes to ask the subscription's conditions, beside what is found out once for all (Scans). It is nothing where only measurement and probe
// are asked about.
func (s *Subscription) Steps() (steps Steps) {
	for _, condition := range s.conditions {
		steps = steps.Plus(Steps{Each: stepsOfCondition}).Plus(condition.steps())
	}
	return steps
}

const (
	stepsOfCondition = 4
	stepsOfDoubling  = 2 // of alternatives, each of which halves what is left to be looked through
	// valuesInKiB is how many values of one member records have for each KiB, as traceroutes do; what has no more alternatives than are in four is looked for by
	// its alternatives, and what has more by the record's values.
	valuesInKiB     = 16
	fewAlternatives = 4 * valuesInKiB
)

func (ofType) steps() Steps      { return Steps{} }
func (since) steps() Steps       { return Steps{} }
func (*inequality) steps() Steps { return Steps{} }
func (*inPrefix) steps() Steps   { return Steps{} }

// steps is what it takes to find one of the record's values among several alternatives, or one of these among the values.
func (e *equals) steps() Steps {
	count := e.count()
	steps := Steps{Each: stepsOfDoubling * bits.Len(uint(count-1))}
	switch {
	case count == 1 || isTop(e.path):
	case count <= fewAlternatives:
		steps.Each += count
	default:
		steps.PerKiB = valuesInKiB
	}
	return steps
}

// isTop tells of a member that stands in no other: it has one value.
func isTop(path string) bool { return !strings.Contains(path, ".") }

// Scan is what is found out about each record once, however many subscriptions need it.
type Scan struct {
	enriched bool
	of       string // a member's path, or what the addresses of a role are; else one of the following
}

// The scans of a whole record have names that no path has.
const (
	ofMembers = ""     // for conditions
	ofParts   = "\x00" // for acceptedFields
)

// Steps is what the scan takes.
func (s Scan) Steps() Steps {
	switch s.of {
	case ofMembers, ofParts:
		return Steps{PerKiB: stepsOfReading}
	default:
		return Steps{PerKiB: stepsOfValues}
	}
}

const (
	stepsOfReading = 45
	stepsOfValues  = 24 // of one member, where several conditions look through them and they are sorted
)

// Scans are those that the subscription needs; some may come twice.
func (s *Subscription) Scans() (scans []Scan) {
	for _, condition := range s.conditions {
		if path, asks := condition.looksAt(); asks {
			scans = append(scans, Scan{s.Enrich, ofMembers})
			if !isTop(path) {
				scans = append(scans, Scan{s.Enrich, path})
			}
		}
	}
	if !s.Fields.KeepsAll() {
		scans = append(scans, Scan{s.Enrich, ofParts})
	}
	return scans
}

func (ofType) looksAt() (path string, asks bool)        { return "", false }
func (since) looksAt() (path string, asks bool)         { return "", false }
func (i *inequality) looksAt() (path string, asks bool) { return i.path, true }
func (e *equals) looksAt() (path string, asks bool)     { return e.path, true }
func (i *inPrefix) looksAt() (path string, asks bool)   { return "addresses." + i.role.String(), true }

// Kept is how many bytes a subscription takes in memory.
func (s *Subscription) Kept() int {
	kept := int(unsafe.Sizeof(*s)) + len(s.Cursor.After) + s.Fields.Size()
	if s.Past != nil {
		kept += int(unsafe.Sizeof(*s.Past))
	}
	for _, condition := range s.conditions {
		kept += int(unsafe.Sizeof(condition)) + condition.kept()
	}
	return kept
}

func (t ofType) kept() int      { return int(unsafe.Sizeof(t)) }
func (s since) kept() int       { return int(unsafe.Sizeof(s)) }
func (i *inequality) kept() int { return int(unsafe.Sizeof(*i)) + len(i.path) + len(i.bound.text) }
func (i *inPrefix) kept() int   { return int(unsafe.Sizeof(*i)) }

func (e *equals) kept() int {
	kept := int(unsafe.Sizeof(*e)) + len(e.path) + 8*len(e.numbers)
	for _, text := range e.texts {
		kept += int(unsafe.Sizeof(text)) + len(text)
	}
	return kept
}
