package cost

import "atlasstream/services/gateway/internal/subscription"

// Steps is work for each record of a measurement, in steps of about 0.1 µs of processor time: some for a record of any length, and some for each KiB of it.
// BenchmarkSteps measures steps.
type Steps struct{ Each, PerKiB int }

// Of is the work for a record of a length in bytes.
func (s Steps) Of(length int) int { return s.Each + s.PerKiB*length>>10 }

// Plus is the sum of two.
func (s Steps) Plus(other Steps) Steps { return Steps{s.Each + other.Each, s.PerKiB + other.PerKiB} }

// Times is a multiple.
func (s Steps) Times(count int) Steps { return Steps{count * s.Each, count * s.PerKiB} }

// What it takes to match a record.
const (
	stepsOfCondition = 4  // that is evaluated, with few alternatives
	stepsOfDoubling  = 2  // of the number of alternatives: a further step of a binary search
	stepsOfReading   = 45 // for each KiB
	stepsOfValues    = 24 // for each KiB, of one member: they are compared by several conditions, and sorted
)

// What a client costs for each record of a measurement, beside its conditions and what is found out once for all.
var (
	stepsOfClient  = Steps{Each: 2}              // it is looked at, and something is enqueued
	stepsOfProbe   = Steps{Each: 1}              // its subscriptions to the record's probe are looked for
	stepsOfSet     = Steps{Each: 4}              // what a subscription's acceptedFields keep is united with what others keep
	stepsOfPayload = Steps{Each: 10, PerKiB: 57} // a record is pruned and encoded, and the memory of that collected
	stepsOfEnding  = Steps{Each: 2}              // a subscription's limit is looked at, and counted
	stepsOfArray   = Steps{Each: 25, PerKiB: 8}  // it is added to an array, which is encoded
	stepsOfMessage = Steps{Each: 40, PerKiB: 5}  // it is encoded for a client alone, with a cursor
	stepsOfWrite   = Steps{Each: 60, PerKiB: 3}  // it is written to its socket
)

// StepsOf is what was done with records, in steps.
func StepsOf(done subscription.Stats) int {
	const bytesReadInStep, partsInStep = 24, 3
	return done.Bytes/bytesReadInStep + done.Parts/partsInStep +
		stepsOfCondition*done.Conditions + stepsOfSet.Each*done.Sets + stepsOfPayload.Each*done.Payloads
}
