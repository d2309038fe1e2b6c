// Package recheck ends live subscriptions that their clients may not have any more: as their measurement has changed, or as their client's cursors cost too
// much.
package recheck

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
)

// Access ends the subscriptions to a measurement that have lost their access, and tells their clients.
func Access(p *live.Partition, rules *access.Rules, measurement atlas.MeasurementID) {
	var ended []*delivery.Active
	p.Do(func(locked *live.Locked) {
		for target, reader := range locked.TargetsOf(measurement) {
			recheck(locked, target, reader, rules, measurement)
		}
		ended = locked.TakeEnded()
	})
	delivery.NotifyOwners(ended)
}

func recheck(locked *live.Locked, target *delivery.Target, reader live.Reader, rules *access.Rules, measurement atlas.MeasurementID) {
	for _, active := range subscriptionsTo(target, measurement) {
		allowed := rules.Of(active.Wanted, active.Recipient.Rights)
		switch {
		case allowed == access.Granted:
		case allowed == access.Stopped && reader != nil: // there is still something to come
			reader.Stop(active, locked.Lag.Next())
		default:
			locked.EndByItself(active, func() error { return active.SendAccessEnded(allowed) })
		}
	}
}

// subscriptionsTo gives the subscriptions that name a measurement.
func subscriptionsTo(target *delivery.Target, measurement atlas.MeasurementID) (all []*delivery.Active) {
	for _, active := range target.Actives {
		if active.Wanted.Measurement == measurement {
			all = append(all, active)
		}
	}
	return all
}

// CursorCosts charges a client for its own cursors as they are now, and ends subscriptions in the partition where these have become too long.
func CursorCosts(p *live.Partition, recipient *delivery.Recipient) {
	var ended []*delivery.Active
	p.Do(func(locked *live.Locked) {
		if target := locked.TargetOf(recipient); target != nil {
			locked.Overload().RecountCursors(target)
		}
		ended = locked.TakeEnded()
	})
	delivery.NotifyOwners(ended)
}
