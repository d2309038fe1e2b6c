package fanout

import (
	"fmt"
	"net/netip"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/subscription"
)

// load is what the clients of a network cost for each record of a measurement. It is guarded by the partition's lock, as are demands.
type load struct {
	network     clientip.Network
	memberships int
	steps       subscription.Steps
	shared      map[shared]int // how many need each of what is done once for all of them
}

// shared is what is done once for each record, however many clients of a network need it.
type shared interface{ Steps() subscription.Steps }

// loadOf says whose load it is.
type loadOf struct {
	network     netip.Prefix
	measurement atlas.MeasurementID
}

// chargedMeasurement is that for whose records a subscription is asked: metadata of one measurement are looked for among those of all.
func chargedMeasurement(wanted *subscription.Subscription) atlas.MeasurementID {
	if wanted.Stream == atlas.StreamMetadata {
		return 0
	}
	return wanted.Measurement
}

// charge has the networks of a client pay for a membership that is about to begin, or refuses it with ErrTooMany.
func (p *partition) charge(joining *membership) error {
	if p.isPast || p.hub.settings.Limits.Steps == 0 { // a replay holds up nobody else
		return nil
	}
	measurement := chargedMeasurement(joining.wanted)
	p.learn(measurement)
	p.joined++
	joining.isCharged, joining.arrival = true, p.joined
	p.pay(joining, 1)
	for _, network := range joining.subscriber.networks {
		if at := (loadOf{network.Prefix, measurement}); p.isTooMuch(at) {
			refusal := p.tooMuch(at)
			p.refund(joining)
			p.hub.metrics.overloads.Inc()
			return fmt.Errorf("%w to measurement %d: %s", ErrTooMany, joining.wanted.Measurement, refusal)
		}
	}
	return nil
}

// isTooMuch tells whether a network costs more for a measurement than it may. A single membership is never too much.
func (p *partition) isTooMuch(at loadOf) bool {
	load := p.loads[at]
	return load != nil && load.memberships > 1 && load.steps.Of(p.lengths[at.measurement].charged) > p.most(load)
}

func (p *partition) most(load *load) int { return p.hub.settings.Limits.Steps * load.network.Factor }

// tooMuch says in words that isTooMuch.
func (p *partition) tooMuch(at loadOf) string {
	load, bytes := p.loads[at], p.lengths[at.measurement].charged
	return fmt.Sprintf("those from %s would take %d steps for each of its records, which have %d bytes, and no more than %d are allowed; "+
		"conditions, alternatives, different acceptedFields, arrays and cursors take the most", load.network.Describe(), load.steps.Of(bytes), bytes, p.most(load))
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
	payer := demandOf{of.subscriber, chargedMeasurement(of.wanted)}
	wanted := p.demands[payer]
	if wanted == nil {
		wanted = &demand{}
		p.demands[payer] = wanted
	}
	p.lengths[payer.measurement].memberships += once
	p.changeDemand(payer, wanted, func() { wanted.add(of, once) })
	for _, network := range payer.subscriber.networks {
		p.addMembership(loadOf{network.Prefix, payer.measurement}, of, once)
	}
	if wanted.memberships == 0 {
		delete(p.demands, payer)
	}
}

// changeDemand has the loads of a client's networks follow a change of what it wants.
func (p *partition) changeDemand(payer demandOf, wanted *demand, change func()) {
	before := wanted.shared(payer.subscriber)
	steps := wanted.total()
	change()
	for _, network := range payer.subscriber.networks {
		load := p.load(network, payer.measurement)
		load.steps = load.steps.Plus(wanted.total()).Plus(steps.Times(-1))
		load.share(wanted.shared(payer.subscriber), 1)
		load.share(before, -1)
	}
}

func (p *partition) load(network clientip.Network, measurement atlas.MeasurementID) *load {
	at := loadOf{network.Prefix, measurement}
	if p.loads[at] == nil {
		p.loads[at] = &load{network: network, shared: make(map[shared]int)}
	}
	return p.loads[at]
}

// addMembership adds what a membership costs by itself, or takes it away for -1.
func (p *partition) addMembership(at loadOf, of *membership, once int) {
	load := p.loads[at]
	load.memberships += once
	load.steps = load.steps.Plus(of.wanted.Steps().Times(once))
	for _, scan := range of.wanted.Scans() {
		load.share([]shared{scan}, once)
	}
	if load.memberships == 0 {
		delete(p.loads, at)
	}
}

// share adds those who need something that is done once, or takes them away for -1.
func (l *load) share(what []shared, once int) {
	for _, each := range what {
		before := l.shared[each]
		l.shared[each] = before + once
		switch {
		case before == 0 && once > 0:
			l.steps = l.steps.Plus(each.Steps())
		case before+once == 0:
			l.steps = l.steps.Plus(each.Steps().Times(-1))
			delete(l.shared, each)
		}
	}
}
