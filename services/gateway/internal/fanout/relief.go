package fanout

import (
	"cmp"
	"errors"
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// CodeTooManySubscriptions is that of what ErrTooMany refuses.
const CodeTooManySubscriptions subscription.Code = "too_many_subscriptions"

// relieve ends memberships to a measurement whose records, or whose clients' cursors, have become longer: of each network that costs more than it may now, the
// newest of those that cost more for it. They are to be released then.
func (p *partition) relieve(measurement atlas.MeasurementID) {
	if !p.isOverloaded(measurement) {
		return
	}
	for _, of := range p.dear(measurement) {
		for _, network := range of.subscriber.networks {
			if at := (loadOf{network.Prefix, measurement}); of.isCharged && p.isTooMuch(at) {
				p.end(of, subscription.Refuse(CodeTooManySubscriptions, "the records of measurement %d, or cursors, have become longer: %s; this subscription ends",
					of.wanted.Measurement, p.tooMuch(at)))
			}
		}
	}
}

// isOverloaded tells whether any network costs more for a measurement than it may.
func (p *partition) isOverloaded(measurement atlas.MeasurementID) bool {
	for at := range p.loads {
		if at.measurement == measurement && p.isTooMuch(at) {
			return true
		}
	}
	return false
}

// dear are the memberships to a measurement that cost more with longer records or cursors, the newest first.
func (p *partition) dear(measurement atlas.MeasurementID) (dear []*membership) {
	for payer := range p.demands {
		if payer.measurement != measurement || p.members[payer.subscriber] == nil {
			continue
		}
		for _, of := range p.members[payer.subscriber].memberships {
			if chargedMeasurement(of.wanted) == measurement && of.isDear() {
				dear = append(dear, of)
			}
		}
	}
	slices.SortFunc(dear, func(a, b *membership) int { return cmp.Compare(b.arrival, a.arrival) })
	return dear
}

// isDear tells whether it costs more with longer records or cursors.
func (m *membership) isDear() bool {
	return m.wanted.Buffer || m.ledger() != nil || len(m.wanted.Scans()) > 0
}

// end ends a membership and tells its client why.
func (p *partition) end(ending *membership, why *subscription.Error) {
	ended := p.dismissSaying(ending, func() error { return errors.Join(ending.subscriber.complain(why), ending.say(eventUnsubscribed)) })
	if ended {
		p.hub.metrics.overloadsEnded.Inc()
		p.ended = append(p.ended, ending)
	}
}

// takeEnded gives those whom relieve has ended. It is called under the lock.
func (p *partition) takeEnded() (ended []*membership) {
	ended, p.ended = p.ended, nil
	return ended
}

// recountCursors has the client's networks pay for its cursors as they are now: each stands for all its subscriptions, in whichever partition.
func (s *Subscriber) recountCursors() {
	if s.ledger.Load() == nil {
		return
	}
	seen := make(map[*partition]struct{})
	for _, membership := range s.roll.all() {
		if _, again := seen[membership.partition]; !again {
			seen[membership.partition] = struct{}{}
			release(membership.partition.recountCursors(s))
		}
	}
}

// recountCursors gives the memberships that have ended, as they cost too much, and are to be released and flushed.
func (p *partition) recountCursors(of *Subscriber) (ended []*membership) {
	p.mu.Lock()
	defer p.mu.Unlock()
	member := p.members[of]
	if member == nil {
		return nil
	}
	for _, membership := range slices.Clone(member.memberships) {
		payer := demandOf{of, chargedMeasurement(membership.wanted)}
		wanted, ledger := p.demands[payer], membership.ledger()
		if wanted == nil || ledger == nil {
			continue
		}
		if steps := ledger.steps(nil); steps != wanted.cursor {
			p.changeDemand(payer, wanted, func() { wanted.cursor = steps })
			p.relieve(payer.measurement)
		}
	}
	return p.takeEnded()
}
