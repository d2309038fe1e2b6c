package subscription

import (
	"math/bits"
	"strings"
	"unsafe"
)

// Cost is the work for each record of a measurement, in steps of about 0.1 µs of processor time: some for a record of any length, and some for each KiB of it.
// BenchmarkSteps of package cost measures steps.
type Cost struct{ Each, PerKiB int }

// Of is the cost for a record of a length in bytes.
func (c Cost) Of(length int) int { return c.Each + c.PerKiB*length>>10 }

// Plus is the sum of two costs.
func (c Cost) Plus(other Cost) Cost { return Cost{c.Each + other.Each, c.PerKiB + other.PerKiB} }

// Times is a multiple of the cost.
func (c Cost) Times(count int) Cost { return Cost{count * c.Each, count * c.PerKiB} }

// StepsOfCondition is what it takes to evaluate a condition with few alternatives.
const StepsOfCondition = 4

const (
	stepsOfDoubling = 2 // of the number of alternatives: a further step of a binary search
	// valuesInKiB is how many values of one member records have for each KiB, as traceroutes do. Up to four times as many alternatives are searched for one by
	// one among the record's values; of more, the record's values are searched for among the alternatives.
	valuesInKiB     = 16
	fewAlternatives = 4 * valuesInKiB
	stepsOfReading  = 45 // for each KiB
	stepsOfValues   = 24 // for each KiB, of one member: they are compared by several conditions, and sorted
)

// Cost is the cost of evaluating the subscription's conditions, without its Scans. It is zero if there are none.
func (s *Subscription) Cost() (cost Cost) {
	for _, condition := range s.conditions {
		cost.Each += StepsOfCondition
		if equals, ok := condition.(*equals); ok {
			cost = cost.Plus(equals.cost())
		}
	}
	return cost
}

func (e *equals) cost() Cost {
	count := e.count()
	cost := Cost{Each: stepsOfDoubling * bits.Len(uint(count-1))}
	switch {
	case count == 1 || isTop(e.path):
	case count <= fewAlternatives:
		cost.Each += count
	default:
		cost.PerKiB = valuesInKiB
	}
	return cost
}

// isTop tells whether a path leads to a member of the record itself, which has one value.
func isTop(path string) bool { return !strings.Contains(path, ".") }

// Scan is something that is found once in each record for all subscriptions that need it.
type Scan struct {
	enriched bool
	of       string // a member's path or a role's name; else one of the following, which no path is
}

const (
	ofConditions = ""     // where all members are
	ofFields     = "\x00" // which members acceptedFields keep
)

// Cost is the cost of the scan.
func (s Scan) Cost() Cost {
	if s.of == ofConditions || s.of == ofFields {
		return Cost{PerKiB: stepsOfReading}
	}
	return Cost{PerKiB: stepsOfValues}
}

// Scans are those that the subscription needs, some of them more than once.
func (s *Subscription) Scans() (scans []Scan) {
	for _, condition := range s.conditions {
		if member := condition.member(); member != "" {
			scans = append(scans, Scan{s.Enrich, ofConditions})
			if !isTop(member) {
				scans = append(scans, Scan{s.Enrich, member})
			}
		}
	}
	if !s.Fields.KeepsAll() {
		scans = append(scans, Scan{s.Enrich, ofFields})
	}
	return scans
}

func (ofType) member() string        { return "" }
func (since) member() string         { return "" }
func (e *equals) member() string     { return e.path }
func (i *inequality) member() string { return i.path }
func (i *inPrefix) member() string   { return "addresses." + i.role.String() }

// Size is the memory that the subscription takes, in bytes.
func (s *Subscription) Size() int {
	size := int(unsafe.Sizeof(*s)) + len(s.Cursor.After) + s.Fields.Size()
	if s.Lists != nil {
		size += int(unsafe.Sizeof(*s.Lists)) + 8*(len(s.Lists.Measurements)+len(s.Lists.Probes))
	}
	if s.Quota != nil {
		size += int(unsafe.Sizeof(*s.Quota))
	}
	if s.Replay != nil {
		size += int(unsafe.Sizeof(*s.Replay))
	}
	for _, condition := range s.conditions {
		size += int(unsafe.Sizeof(condition)) + condition.size()
	}
	return size
}

func (t ofType) size() int      { return int(unsafe.Sizeof(t)) }
func (s since) size() int       { return int(unsafe.Sizeof(s)) }
func (i *inequality) size() int { return int(unsafe.Sizeof(*i)) + len(i.path) + len(i.bound.text) }
func (i *inPrefix) size() int   { return int(unsafe.Sizeof(*i)) }

func (e *equals) size() int {
	size := int(unsafe.Sizeof(*e)) + len(e.path) + 8*len(e.numbers)
	for _, text := range e.texts {
		size += int(unsafe.Sizeof(text)) + len(text)
	}
	return size
}
