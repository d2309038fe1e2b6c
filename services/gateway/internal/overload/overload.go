// Package overload bounds what the subscriptions to a partition cost for each record: it refuses one with which those of a network would cost too much, and
// ends some when records or cursors have become longer.
package overload

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscriptionlimit"
)

const (
	longerRecords = "the records of measurement %d have become longer: %s; this subscription ends"
	longerCursors = "the cursors of this client stand for more than before, and measurement %d costs too much for it: %s; this subscription ends"
)

// Metrics count what is refused and ended.
type Metrics struct{ refused, ended prometheus.Counter }

// NewMetrics registers the metrics.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	metrics := &Metrics{
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_overloads_refused_total",
			Help: "Subscriptions refused because those of their address would cost too much for each record of the measurement.",
		}),
		ended: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_overloads_ended_total",
			Help: "Subscriptions ended because those of their address cost too much for each record of the measurement, as records have become longer.",
		}),
	}
	registerer.MustRegister(metrics.refused, metrics.ended)
	return metrics
}

// Limit bounds what the subscriptions to one partition cost. It is guarded by the partition's lock.
type Limit struct {
	costs   *cost.Table
	metrics *Metrics
	end     func(ending *delivery.Active, last func() error) (ended bool)
}

// NewLimit makes a limit of so many steps that the clients of an address may cost for each record of a measurement; 0 for any number. It calls end to end a
// subscription with its last message, which is to Refund it.
func NewLimit(maxSteps int, metrics *Metrics, end func(ending *delivery.Active, last func() error) (ended bool)) *Limit {
	return &Limit{cost.NewTable(maxSteps), metrics, end}
}

// Charge charges for a subscription that is about to begin, or refuses it with subscriptionlimit.ErrTooMany.
func (l *Limit) Charge(joining *delivery.Active) error {
	charge, excess := l.costs.Charge(CostOf(joining, &joining.Subscription))
	if excess != "" {
		charge.Refund(CostOf(joining, nil))
		l.metrics.refused.Inc()
		return fmt.Errorf("%w to measurement %d: %s", subscriptionlimit.ErrTooMany, joining.Wanted.Measurement, excess)
	}
	joining.Charge = charge
	return nil
}

// Refund gives back what a subscription was charged that has ended, or could not begin.
func (l *Limit) Refund(leaving *delivery.Active) { leaving.Charge.Refund(CostOf(leaving, nil)) }

// CostOf is what a subscription costs, with its client's cursor as it is once another one has begun, unless that is nil.
func CostOf(active *delivery.Active, joining *notice.Subscription) *cost.Subscription {
	of := &cost.Subscription{Client: &active.Recipient.Payer, Wanted: active.Wanted}
	if checkpoints := active.Recipient.Checkpoints.GetFor(&active.Subscription); checkpoints != nil {
		of.HasOwnCursor, of.CursorSteps = true, checkpoints.Steps(joining)
	}
	return of
}

// hasOwnCursor tells whether records of a subscription come with a cursor that is its client's alone.
func hasOwnCursor(active *delivery.Active) bool {
	return active.Recipient.Checkpoints.GetFor(&active.Subscription) != nil
}

// NoteLength notes how long a record is. When those of its measurement have become longer, it ends subscriptions: of each network that costs more than it may
// now, the newest of those that cost more for it.
func (l *Limit) NoteLength(record *atlas.Record, targets map[*delivery.Recipient]*delivery.Target) {
	grown := l.costs.NoteLength(record)
	if grown == nil {
		return
	}
	excessive := make(map[*cost.Client]struct{})
	for _, client := range grown.ExcessiveClients() {
		excessive[client] = struct{}{}
	}
	if len(excessive) == 0 {
		return
	}
	var growing []*delivery.Active
	for recipient, target := range targets {
		if _, is := excessive[&recipient.Payer]; is {
			growing = append(growing, growingIn(target, grown)...)
		}
	}
	l.endNewest(growing, longerRecords)
}

// growingIn are a target's subscriptions to a measurement that cost more with longer records or cursors.
func growingIn(target *delivery.Target, measurement *cost.Measurement) (growing []*delivery.Active) {
	for _, active := range target.Actives {
		if active.Charge.IsOf(measurement) && (active.Wanted.Buffer || hasOwnCursor(active) || cost.ReadsRecords(active.Wanted)) {
			growing = append(growing, active)
		}
	}
	return growing
}

// endNewest ends some of the subscriptions, the newest first, until their clients' networks cost no more than they may.
func (l *Limit) endNewest(growing []*delivery.Active, words string) {
	slices.SortFunc(growing, func(a, b *delivery.Active) int { return b.Charge.Compare(a.Charge) })
	for _, active := range growing {
		charged := active.Charge.Measurement()
		if charged == nil {
			continue
		}
		if excess := charged.ExcessOf(&active.Recipient.Payer); excess != "" {
			why := protocol.Errorf(protocol.CodeTooManySubscriptions, words, active.Wanted.Measurement, excess)
			if l.end(active, func() error { return active.SendEnded(why) }) {
				l.metrics.ended.Inc()
			}
		}
	}
}

// RecountCursors charges a client for its own cursors as they are now: each stands for all its subscriptions, in whichever partition. Where they have become
// too long, it ends subscriptions.
func (l *Limit) RecountCursors(target *delivery.Target) {
	payer := &target.Recipient.Payer
	for _, active := range slices.Clone(target.Actives) {
		charged := active.Charge.Measurement()
		if charged == nil || !hasOwnCursor(active) {
			continue
		}
		if charged.RecountCursor(payer, CostOf(active, nil).CursorSteps) && charged.ExcessOf(payer) != "" {
			l.endNewest(growingIn(target, charged), longerCursors)
		}
	}
}

// Charged tells what networks are charged for the records of measurements.
func (l *Limit) Charged() map[atlas.MeasurementID]map[netip.Prefix]cost.Charged {
	return l.costs.Charged()
}
