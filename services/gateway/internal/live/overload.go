package live

import (
	"net/netip"
	"slices"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
)

const (
	longerRecords = "the records of measurement %d have become longer: %s; this subscription ends"
	longerCursors = "the cursors of this client stand for more than before, and measurement %d costs too much for it: %s; this subscription ends"
)

// endExcessive ends subscriptions to a measurement whose records have become longer: of each network that costs more than it may now, the newest of those that
// cost more for it.
func (p *Partition) endExcessive(grown *cost.Measurement) {
	excessive := make(map[*cost.Client]struct{})
	for _, client := range grown.ExcessiveClients() {
		excessive[client] = struct{}{}
	}
	if len(excessive) == 0 {
		return
	}
	var growing []*delivery.Active
	for recipient, target := range p.targets {
		if _, is := excessive[&recipient.Payer]; is {
			growing = append(growing, growingIn(target, grown)...)
		}
	}
	p.endNewest(growing, longerRecords)
}

// growingIn are a target's subscriptions to a measurement that cost more with longer records or cursors.
func growingIn(target *delivery.Target, measurement *cost.Measurement) (growing []*delivery.Active) {
	for _, active := range target.Actives {
		if active.Charge.IsOf(measurement) && (active.Wanted.Buffer || active.HasOwnCursor() || cost.ReadsRecords(active.Wanted)) {
			growing = append(growing, active)
		}
	}
	return growing
}

// endNewest ends some of the subscriptions, the newest first, until their clients' networks cost no more than they may.
func (p *Partition) endNewest(growing []*delivery.Active, words string) {
	slices.SortFunc(growing, func(a, b *delivery.Active) int { return b.Charge.Compare(a.Charge) })
	for _, active := range growing {
		charged := active.Charge.Measurement()
		if charged == nil {
			continue
		}
		if excess := charged.ExcessOf(&active.Recipient.Payer); excess != "" {
			p.endForCost(active, protocol.Refuse(protocol.CodeTooManySubscriptions, words, active.Wanted.Measurement, excess))
		}
	}
}

// endForCost ends a subscription and tells its client why. takeEnded gives it to NotifyOwners.
func (p *Partition) endForCost(ending *delivery.Active, why *protocol.Error) {
	ended, _ := p.end(ending, func() error { return ending.SendEnded(why) }) // Flush deals with what did not fit
	if ended {
		p.settings.Metrics.overloadsEnded.Inc()
		p.ended = append(p.ended, ending)
	}
}

// RecountCursors implements delivery.Source. Each cursor of such a client stands for all its subscriptions, in whichever partition. Where they have become
// too long, subscriptions end.
func (p *Partition) RecountCursors(recipient *delivery.Recipient) {
	delivery.NotifyOwners(p.recountCursors(recipient))
}

func (p *Partition) recountCursors(recipient *delivery.Recipient) (ended []*delivery.Active) {
	p.mu.Lock()
	defer p.mu.Unlock()
	target := p.targets[recipient]
	if target == nil {
		return nil
	}
	for _, active := range slices.Clone(target.Actives) {
		charged := active.Charge.Measurement()
		if charged == nil || !active.HasOwnCursor() {
			continue
		}
		if charged.RecountCursor(&recipient.Payer, active.Cost().CursorSteps) && charged.ExcessOf(&recipient.Payer) != "" {
			p.endNewest(growingIn(target, charged), longerCursors)
		}
	}
	return p.takeEnded()
}

// Charged tells what networks are charged for the records of measurements.
func (p *Partition) Charged() map[atlas.MeasurementID]map[netip.Prefix]cost.Charged {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.costs.Charged()
}

// takeEnded gives the subscriptions that endForCost and endSpent have ended. It is called under the lock.
func (p *Partition) takeEnded() (ended []*delivery.Active) {
	ended, p.ended = p.ended, nil
	return ended
}
