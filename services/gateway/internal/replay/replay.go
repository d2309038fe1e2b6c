// Package replay plays the past of a measurement to one client.
package replay

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/subscription"
)

// ErrOver refuses a subscription to a replay that has come to its end.
var ErrOver = errors.New("the replay is over")

// Playback plays an interval of the past of one measurement. Close must be called, after Run if that was called.
type Playback interface {
	// Run delivers every record when it is due, and returns behind the last one, with the error that ended it, or when the context ends. A
	// *protocol.Error is for the client.
	Run(ctx context.Context, sink delivery.Sink) error
	Close()
}

// Settings are what replays go by.
type Settings struct {
	Shared   *delivery.Shared
	Access   *delivery.AccessRules
	Enricher subscription.Enricher // of records of the past
	OnWork   func(subscription.Stats)
}

// Replay plays the past of one measurement to one client. It ends with its last subscription or with the playback. It is a delivery.Sink.
type Replay struct {
	Measurement atlas.MeasurementID
	Past        subscription.ReplayRequest
	From        *cursor.Replay // the position from which it resumed; nil for its start
	Recipient   *delivery.Recipient
	settings    *Settings
	target      *delivery.Target
	encoder     *delivery.Encoder
	delivered   prometheus.Counter
	cancel      context.CancelFunc
	done        chan struct{} // is closed when its goroutine is done
	over        bool          // nothing can begin any more; guarded by the target's lock
}

// New makes a replay for its first subscription, which Begin begins. Delivered counts the records that it delivers.
func New(recipient *delivery.Recipient, wanted *subscription.Subscription, settings *Settings, delivered prometheus.Counter) *Replay {
	r := &Replay{
		Measurement: wanted.Measurement, Past: *wanted.Replay,
		Recipient: recipient, settings: settings, target: delivery.NewTarget(recipient, true),
		encoder:   delivery.NewEncoder(settings.Shared, settings.Enricher, settings.OnWork),
		delivered: delivered, done: make(chan struct{}),
	}
	r.encoder.SetSource(r, nil)
	return r
}

// Prepare gives the context of Play, which ends with the last subscription or with Cancel.
func (r *Replay) Prepare(ctx context.Context) context.Context {
	ctx, r.cancel = context.WithCancel(ctx)
	return ctx
}

// Cancel ends Play.
func (r *Replay) Cancel() { r.cancel() }

// Done is closed when Play has returned.
func (r *Replay) Done() <-chan struct{} { return r.done }

// IsOver tells whether nothing can begin any more.
func (r *Replay) IsOver() bool {
	r.target.Lock()
	defer r.target.Unlock()
	return r.over
}

// PlaceBefore implements delivery.Source.
func (r *Replay) PlaceBefore(joining *delivery.Active, _ int64) delivery.Place {
	wanted := joining.Wanted
	return delivery.Place{Source: r, Stream: wanted.Stream, Checkpoint: cursor.Checkpoint{Measurement: wanted.Measurement, Replay: joining.ReplayFrom()}}
}

// Delivered implements delivery.Source.
func (r *Replay) Delivered() cursor.Live { return cursor.Live{Offset: -1} }

// IsReplay implements delivery.Source.
func (r *Replay) IsReplay() bool { return true }

// RecountCursors implements delivery.Source: a replay holds up nobody else, and costs nothing.
func (r *Replay) RecountCursors(*delivery.Recipient) {}

// Begin begins a subscription: what the replay comes to from then on is delivered for it. Errors: ErrOver; a *protocol.Error for a measurement that the
// client may not have; those of Client.EnqueueControl.
func (r *Replay) Begin(joining *delivery.Active) error {
	r.target.Lock()
	defer r.target.Unlock()
	if r.over {
		return ErrOver
	}
	joining.Source = r
	if r.access(joining) == delivery.AccessUnknown {
		return delivery.UnknownMeasurement(joining.Wanted.Measurement)
	}
	if err := r.target.Begin(joining, 0); err != nil {
		return err
	}
	r.target.Add(joining)
	r.target.Match(joining)
	return nil
}

func (r *Replay) access(of *delivery.Active) delivery.Access {
	return r.settings.Access.Of(of.Wanted, of.Recipient.Rights)
}

// Confirm implements delivery.Source.
func (r *Replay) Confirm(present *delivery.Active, parameters []byte) (stays bool, err error) {
	r.target.Lock()
	defer r.target.Unlock()
	return present.ConfirmAgain(parameters)
}

// End implements delivery.Source.
func (r *Replay) End(leaving *delivery.Active, last func() error) (ended bool, err error) {
	r.target.Lock()
	defer r.target.Unlock()
	return r.end(leaving, last)
}

func (r *Replay) end(leaving *delivery.Active, last func() error) (ended bool, err error) {
	if !leaving.TryEnd() {
		return false, nil
	}
	r.target.Remove(leaving)
	if last == nil {
		return true, nil
	}
	r.target.FlushBatches(leaving.Wanted.Stream)
	return true, last()
}

// CloseIfEmpty ends the replay if it has no subscriptions. It is called without a lock when one has ended.
func (r *Replay) CloseIfEmpty() {
	r.target.Lock()
	r.over = r.over || len(r.target.Actives) == 0
	over := r.over
	r.target.Unlock()
	if over {
		r.cancel()
	}
}

// RecheckAccess ends the subscriptions if they have lost their access to a measurement: the past of one that has stopped can still be replayed.
func (r *Replay) RecheckAccess(measurement atlas.MeasurementID) {
	if r.Measurement == measurement {
		delivery.Release(r.endWhere(
			func(active *delivery.Active) bool { return r.access(active) == delivery.AccessUnknown },
			func(active *delivery.Active) error { return active.SendAccessEnded(delivery.AccessUnknown) }))
	}
}

// endWhere ends subscriptions with the last message of each.
func (r *Replay) endWhere(is func(*delivery.Active) bool, last func(*delivery.Active) error) (over []*delivery.Active) {
	r.target.Lock()
	defer r.target.Unlock()
	for _, active := range slices.Clone(r.target.Actives) {
		if !is(active) {
			continue
		}
		if ended, _ := r.end(active, func() error { return last(active) }); ended { // Flush deals with what did not fit
			over = append(over, active)
		}
	}
	return over
}

// FlushBatches sends what waits in batches.
func (r *Replay) FlushBatches() {
	r.target.Lock()
	flushed := r.target.FlushBatches("")
	r.target.Unlock()
	if flushed {
		r.Recipient.Flush()
	}
}

// Play runs the playback and tells the client when it has come to its end. It closes the playback, and calls ended before Done.
func (r *Replay) Play(ctx context.Context, playback Playback, ended func()) {
	defer close(r.done)
	defer ended()
	defer r.cancel()
	defer playback.Close()
	err := playback.Run(ctx, r)
	if ctx.Err() != nil { // whatever has ended it has told the client
		return
	}
	r.target.Lock()
	r.over = true
	r.target.Unlock()
	all := func(*delivery.Active) bool { return true }
	delivery.Release(r.endWhere(all, func(active *delivery.Active) error { return active.SendReplayed(err) }))
}

// Room implements delivery.Sink.
func (r *Replay) Room(ctx context.Context) (waited time.Duration, err error) {
	return r.Recipient.AwaitWritable(ctx, 0)
}

// Deliver implements delivery.Sink.
func (r *Replay) Deliver(ctx context.Context, record *atlas.Record, position func() *cursor.Replay) error {
	for {
		taken, full := r.deliver(record, position)
		r.delivered.Add(float64(taken))
		r.endSpent(r.encoder.TakeSpent())
		if !full {
			return nil
		}
		if _, err := r.Room(ctx); err != nil {
			return err
		}
	}
}

func (r *Replay) deliver(record *atlas.Record, position func() *cursor.Replay) (taken int, full bool) {
	r.target.Lock()
	defer r.target.Unlock()
	r.encoder.SetReplay(position)
	return r.target.Deliver(r.encoder, record)
}

// endSpent ends subscriptions that have brought all records that they may.
func (r *Replay) endSpent(spent []delivery.Spent) {
	if len(spent) > 0 {
		delivery.Release(r.endWhere(func(active *delivery.Active) bool { return active.Wanted.Quota.IsSpent() }, (*delivery.Active).SendOver))
	}
}

// Flush implements delivery.Sink.
func (r *Replay) Flush() { r.Recipient.Flush() }
