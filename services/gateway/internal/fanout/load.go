package fanout

import (
	"fmt"
	"net/netip"
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// What a client costs for each record of a measurement, beside its conditions, in steps of about a tenth of a microsecond.
const (
	stepsOfClient  = 2  // it is looked at, and something is enqueued
	stepsOfSet     = 1  // it is looked up what a subscription's acceptedFields keep
	stepsOfPayload = 50 // a record of four kilobytes is pruned, or has a cursor of its own, and is encoded
	stepsOfArray   = 10 // it is added to an array
)

// bytesOfStep is how many bytes of a record are read in a step.
const bytesOfStep = 64

// stepsOf is what was done with records, in steps.
func stepsOf(done subscription.Work) int {
	return done.Bytes/bytesOfStep + done.Conditions + done.Sets*stepsOfSet + done.Payloads*stepsOfPayload
}

// load is what the clients of a network cost for each record of a measurement. It is guarded by the partition's lock, as are demands.
type load struct {
	steps    int
	payloads map[payload]int // how many clients want each of those that not everybody has
}

// loadOf says whose load it is.
type loadOf struct {
	network     netip.Prefix
	measurement atlas.MeasurementID
}

// payload says what clients must have in common to get the same bytes.
type payload struct {
	fields   subscription.Fields
	enriched bool
	encoding Encoding
	only     *Subscriber // who shares it with nobody; nil else
}

// demand is what a client wants of a measurement.
type demand struct {
	memberships int
	steps       int // beside those of a client, an array and the payload
	arrays      int // memberships that buffer
	cursors     int // memberships whose cursors are the client's own
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

// charge has the networks of a client pay for a membership that is about to begin, or refuses it with ErrTooMany.
func (p *partition) charge(joining *membership) error {
	limit := p.hub.settings.Limits.Steps
	if p.isPast || limit == 0 { // a replay holds up nobody else
		return nil
	}
	joining.isCharged = true
	p.pay(joining, 1)
	for _, network := range joining.subscriber.networks {
		steps := p.loads[loadOf{network.Prefix, joining.wanted.Measurement}].steps
		if most := limit * network.Factor; steps > most {
			p.refund(joining)
			p.hub.metrics.overloads.Inc()
			return fmt.Errorf("%w to measurement %d: those from %s would take %d steps for each of its records, and no more than %d are allowed; "+
				"conditions, alternatives, different acceptedFields and cursors take the most", ErrTooMany, joining.wanted.Measurement,
				network.Describe(), steps, most)
		}
	}
	return nil
}

// refund takes back what charge has done.
func (p *partition) refund(leaving *membership) {
	if leaving.isCharged {
		leaving.isCharged = false
		p.pay(leaving, -1)
	}
}

// pay adds a membership to what its client's networks pay for, or takes it away for -1.
func (p *partition) pay(of *membership, once int) {
	payer := demandOf{of.subscriber, of.wanted.Measurement}
	wanted := p.demands[payer]
	if wanted == nil {
		wanted = &demand{}
		p.demands[payer] = wanted
	}
	p.addLoad(payer, wanted, -1)
	wanted.add(of, once)
	p.addLoad(payer, wanted, 1)
	if wanted.memberships == 0 {
		delete(p.demands, payer)
	}
}

// addLoad adds what a client wants to the loads of its networks, or takes it away for -1.
func (p *partition) addLoad(payer demandOf, wanted *demand, once int) {
	if wanted.memberships == 0 {
		return
	}
	for _, network := range payer.subscriber.networks {
		at := loadOf{network.Prefix, payer.measurement}
		if p.loads[at] == nil {
			p.loads[at] = newLoad()
		}
		if p.loads[at].add(payer.subscriber, wanted, once); p.loads[at].steps == 0 {
			delete(p.loads, at)
		}
	}
}

func newLoad() *load { return &load{payloads: make(map[payload]int)} }

// add adds what a client wants, or takes it away for -1.
func (l *load) add(client *Subscriber, wanted *demand, once int) {
	l.steps += once * (wanted.steps + stepsOfClient)
	if wanted.arrays > 0 {
		l.steps += once * stepsOfArray
	}
	if payload, pays := wanted.payload(client); pays {
		l.addPayload(payload, once)
	}
}

func (l *load) addPayload(wanted payload, once int) {
	before := l.payloads[wanted]
	l.payloads[wanted] = before + once
	switch {
	case before == 0:
		l.steps += stepsOfPayload
	case before+once == 0:
		l.steps -= stepsOfPayload
		delete(l.payloads, wanted)
	}
}

// payload is what the client gets if it is not what everybody does. Where several sets are united, nobody else may unite the same.
func (d *demand) payload(client *Subscriber) (wanted payload, pays bool) {
	switch {
	case d.cursors > 0 || len(d.sets) > 1:
		return payload{only: client}, true
	case len(d.sets) == 1:
		return d.sets[0].payload, true
	}
	return payload{}, false
}

// add adds a membership, or takes it away for -1.
func (d *demand) add(of *membership, once int) {
	d.memberships += once
	d.steps += once * of.wanted.Steps()
	if of.wanted.Buffer {
		d.arrays += once
	}
	if of.ledger() != nil {
		d.cursors += once
	}
	if of.wanted.Fields.Count() > 0 {
		d.steps += once * stepsOfSet
		d.addSet(payload{fields: of.wanted.Fields, enriched: of.wanted.Enrich, encoding: of.subscriber.encoding}, once)
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
