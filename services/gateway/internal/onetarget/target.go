// Package onetarget delivers what is read of the log for one target alone: by a replay, and for a client that catches up.
package onetarget

import (
	"context"
	"errors"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/subscription"
)

// ErrStalled says that a client has taken nothing for as long as it may.
var ErrStalled = errors.New("the client takes nothing")

// Target is a delivery.Target for which records are read. Its own methods are called under the target's lock, but for AwaitWritable.
type Target struct {
	*delivery.Target
	index   subscription.Index[*delivery.Target]
	matched map[*delivery.Active]*subscription.Subscription // what the index has of subscriptions
	recent  map[*delivery.Active]*subscription.Subscription // what it is to have of those that get only records since a time
}

// Of makes the Target for which nothing is matched yet.
func Of(target *delivery.Target) *Target {
	return &Target{Target: target, matched: make(map[*delivery.Active]*subscription.Subscription)}
}

// Match has records matched for subscriptions.
func (t *Target) Match(actives ...*delivery.Active) {
	for _, active := range actives {
		t.matched[active] = active.Wanted
		if recent := t.recent[active]; recent != nil {
			t.matched[active] = recent
		}
		t.index.Add(t.Target, t.matched[active])
	}
}

// Pause is the opposite of Match.
func (t *Target) Pause(actives ...*delivery.Active) {
	paused := make([]*subscription.Subscription, 0, len(actives))
	for _, active := range actives {
		if matched := t.matched[active]; matched != nil {
			paused = append(paused, matched)
			delete(t.matched, active)
		}
	}
	t.index.Remove(t.Target, paused...)
}

// Matching gives the subscriptions for which records are matched.
func (t *Target) Matching() (matching []*delivery.Active) {
	for _, active := range t.Actives {
		if t.matched[active] != nil {
			matching = append(matching, active)
		}
	}
	return matching
}

// MatchSince has only records matched for a subscription that are no older than a time, until MatchAll. It is not matched meanwhile.
func (t *Target) MatchSince(active *delivery.Active, since time.Time) {
	if t.recent == nil {
		t.recent = make(map[*delivery.Active]*subscription.Subscription)
	}
	t.recent[active] = active.Wanted.Since(since)
}

// MatchAll ends MatchSince.
func (t *Target) MatchAll(active *delivery.Active) { delete(t.recent, active) }

// Remove removes a subscription that has ended. It is called under the lock of the source, too.
func (t *Target) Remove(leaving *delivery.Active) {
	t.Pause(leaving)
	t.MatchAll(leaving)
	t.Target.Remove(leaving)
}

// Measurements are those of the subscriptions, each once.
func (t *Target) Measurements() (all []atlas.MeasurementID) {
	seen := make(map[atlas.MeasurementID]struct{}, len(t.Actives))
	for _, active := range t.Actives {
		if _, again := seen[active.Wanted.Measurement]; !again {
			seen[active.Wanted.Measurement] = struct{}{}
			all = append(all, active.Wanted.Measurement)
		}
	}
	return all
}

// Deliver enqueues a record for the subscriptions that are matched, and tells how often it was taken. When the client cannot take all of it, full is true:
// call Deliver again with the same record once the client is writable, which completes it.
func (t *Target) Deliver(deliverer *delivery.Deliverer, record *atlas.Record) (taken int, full bool) {
	taken, blocked := deliverer.Deliver(&t.index, record)
	deliverer.Clear()
	t.Unblock()
	if len(blocked) > 0 {
		return taken, true
	}
	t.Partial.Forget(record)
	return taken, false
}

// AwaitWritable returns when the client can take more, and for how long it had to wait: ErrStalled after most, unless that is 0. Before it waits, it writes
// what was enqueued.
func (t *Target) AwaitWritable(ctx context.Context, most time.Duration) (waited time.Duration, err error) {
	writable, err := t.Recipient.Client.Writable()
	if writable == nil || err != nil {
		return 0, err
	}
	t.Recipient.Flush()
	var expired <-chan time.Time
	if most > 0 {
		timer := time.NewTimer(most)
		defer timer.Stop()
		expired = timer.C
	}
	began := time.Now()
	select {
	case <-writable:
		return time.Since(began), nil
	case <-expired:
		return 0, ErrStalled
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}
