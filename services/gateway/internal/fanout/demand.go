package fanout

import (
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// What a client costs for each record of a measurement, beside its conditions and what is found out once for all.
var (
	stepsOfClient  = subscription.Steps{Each: 2}              // it is looked at, and something is enqueued
	stepsOfProbe   = subscription.Steps{Each: 1}              // its subscriptions to the record's probe are looked for
	stepsOfSet     = subscription.Steps{Each: 4}              // what a subscription's acceptedFields keep is united with what others keep
	stepsOfPayload = subscription.Steps{Each: 10, PerKiB: 32} // a record is pruned, and encoded
	stepsOfArray   = subscription.Steps{Each: 25, PerKiB: 8}  // it is added to an array, which is encoded
	stepsOfMessage = subscription.Steps{Each: 40, PerKiB: 5}  // it is encoded for a client alone, with a cursor
)

const (
	// mostProbes is from how many probes on it takes no longer to look for one.
	mostProbes = 12
	// bytesOfStep is how many bytes of a cursor for all of a client's subscriptions are made in a step.
	bytesOfStep = 12
)

// demand is what a client wants of a measurement.
type demand struct {
	memberships int
	probes      int // memberships that name one
	withFields  int // memberships with acceptedFields
	arrays      int // memberships that buffer
	cursors     int // memberships whose cursors are the client's own
	cursor      int // steps that such a cursor takes, which stands for what the client has elsewhere, too
	sets        []setDemand
}

// setDemand is how many memberships of a demand have one set of acceptedFields.
type setDemand struct {
	payload     payload
	memberships int
}

// demandOf says whose demand it is.
type demandOf struct {
	subscriber  *Subscriber
	measurement atlas.MeasurementID
}

// payload says what clients must have in common to get the same bytes.
type payload struct {
	fields           subscription.Fields
	enriched, cursor bool
	stream           atlas.Stream
	encoding         Encoding
	only             *Subscriber // who shares it with nobody; nil else
}

// Steps implements shared.
func (payload) Steps() subscription.Steps { return stepsOfPayload }

// total is what the client costs beside what is shared.
func (d *demand) total() (steps subscription.Steps) {
	if d.memberships == 0 {
		return steps
	}
	steps = stepsOfClient.Plus(stepsOfProbe.Times(min(d.probes, mostProbes)))
	if d.withFields > 1 {
		steps = steps.Plus(stepsOfSet.Times(d.withFields))
	}
	if d.arrays > 0 {
		steps = steps.Plus(stepsOfArray)
	}
	if d.cursors > 0 {
		steps = steps.Plus(stepsOfMessage).Plus(subscription.Steps{Each: d.cursor})
	}
	return steps
}

// shared is the payload that the client gets, if it is not what everybody does. Where several sets are united, nobody else may unite the same.
func (d *demand) shared(client *Subscriber) []shared {
	switch len(d.sets) {
	case 0:
		return nil
	case 1:
		return []shared{d.sets[0].payload}
	default:
		return []shared{payload{only: client}}
	}
}

// add adds a membership, or takes it away for -1.
func (d *demand) add(of *membership, once int) {
	wanted := of.wanted
	d.memberships += once
	if wanted.Probe != 0 {
		d.probes += once
	}
	if wanted.Buffer {
		d.arrays += once
	}
	if ledger := of.ledger(); ledger != nil {
		d.cursors += once
		d.cursor = ledger.steps(of)
	}
	if wanted.Fields.Count() > 0 {
		d.withFields += once
		d.addSet(payload{
			fields: wanted.Fields, enriched: wanted.Enrich, cursor: wanted.Cursor.Wanted, stream: wanted.Stream, encoding: of.subscriber.encoding,
		}, once)
	}
}

func (d *demand) addSet(wanted payload, once int) {
	at := slices.IndexFunc(d.sets, func(s setDemand) bool { return s.payload == wanted })
	if at < 0 {
		d.sets = append(d.sets, setDemand{wanted, once})
		return
	}
	if d.sets[at].memberships += once; d.sets[at].memberships == 0 {
		d.sets = slices.Delete(d.sets, at, at+1)
	}
}

// stepsOf is what was done with records, in steps.
func stepsOf(done subscription.Work) int {
	const bytesReadInStep, partsInStep = 24, 3
	return done.Bytes/bytesReadInStep + done.Parts/partsInStep +
		stepsOfCondition*done.Conditions + stepsOfSet.Each*done.Sets + stepsOfPayload.Each*done.Payloads
}

// stepsOfCondition is what it takes to ask a condition with few alternatives.
const stepsOfCondition = 4
