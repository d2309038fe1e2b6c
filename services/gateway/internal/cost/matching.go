package cost

import (
	"math/bits"
	"strings"

	"atlasstream/services/gateway/internal/condition"
	"atlasstream/services/gateway/internal/subscription"
)

const (
	// valuesInKiB is how many values of one member records have for each KiB, as traceroutes do. Up to four times as many alternatives are searched for one by
	// one among the record's values; of more, the record's values are searched for among the alternatives.
	valuesInKiB     = 16
	fewAlternatives = 4 * valuesInKiB
)

// OfConditions is the cost of evaluating a subscription's conditions, without what is found once in each record for all of them. It is zero if there are none.
func OfConditions(wanted *subscription.Subscription) (steps Steps) {
	for _, condition := range wanted.Conditions {
		steps = steps.Plus(ofCondition(condition))
	}
	return steps
}

func ofCondition(condition condition.Condition) Steps {
	count := condition.Alternatives()
	steps := Steps{Each: stepsOfCondition + stepsOfDoubling*bits.Len(uint(count-1))}
	switch {
	case count == 1 || isTop(condition.Member()):
	case count <= fewAlternatives:
		steps.Each += count
	default:
		steps.PerKiB = valuesInKiB
	}
	return steps
}

// isTop tells whether a path leads to a member of the record itself, which has one value.
func isTop(path string) bool { return !strings.Contains(path, ".") }

// scan is something that is found once in each record for all subscriptions that need it.
type scan struct {
	enriched bool
	of       string // a member; else one of the following, which no member is
}

const (
	ofMembers = ""     // where all members are
	ofFields  = "\x00" // which members acceptedFields keep
)

// steps implements shared.
func (s scan) steps() Steps {
	if s.of == ofMembers || s.of == ofFields {
		return Steps{PerKiB: stepsOfReading}
	}
	return Steps{PerKiB: stepsOfValues}
}

// scansOf are those that a subscription needs, some of them more than once.
func scansOf(wanted *subscription.Subscription) (scans []scan) {
	for _, condition := range wanted.Conditions {
		if member := condition.Member(); member != "" {
			scans = append(scans, scan{wanted.Enrich, ofMembers})
			if !isTop(member) {
				scans = append(scans, scan{wanted.Enrich, member})
			}
		}
	}
	if !wanted.Fields.KeepsAll() {
		scans = append(scans, scan{wanted.Enrich, ofFields})
	}
	return scans
}

// ReadsRecords tells whether records are read for a subscription, which costs more the longer they are.
func ReadsRecords(wanted *subscription.Subscription) bool { return len(scansOf(wanted)) > 0 }
