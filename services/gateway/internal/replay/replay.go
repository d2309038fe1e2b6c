package replay

import (
	"context"
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/onetarget"
	"atlasstream/services/gateway/internal/subscription"
)

// ErrOver refuses a subscription to a replay that has come to its end.
var ErrOver = errors.New("the replay is over")

// Settings are what replays go by.
type Settings struct {
	Shared   *delivery.Shared
	Access   *access.Rules
	Enricher subscription.Enricher // of records of the past
	OnWork   func(subscription.Stats)
	Logger   *zap.Logger
}

// Replay delivers the past of one measurement to one client. It ends with its last subscription or when all is delivered. It is the Sink of
// a Pacer.
type Replay struct {
	Measurement atlas.MeasurementID
	Past        subscription.ReplayRequest
	From        *cursor.Replay // the position from which it resumed; nil for its start
	Recipient   *delivery.Recipient
	settings    *Settings
	target      *onetarget.Target
	deliverer   *delivery.Deliverer
	delivered   prometheus.Counter
	cancel      context.CancelFunc
	done        chan struct{} // is closed when its goroutine is done
	over        bool          // nothing can begin any more; guarded by the target's lock
}

// New makes a replay for its first subscription, which Begin begins. Delivered counts the records that it delivers.
func New(recipient *delivery.Recipient, wanted *subscription.Subscription, settings *Settings, delivered prometheus.Counter) *Replay {
	r := &Replay{
		Measurement: wanted.Measurement, Past: *wanted.Replay,
		Recipient: recipient, settings: settings, target: onetarget.Of(delivery.NewTarget(recipient, true)),
		deliverer: delivery.NewDeliverer(settings.Shared, settings.Enricher, settings.OnWork),
		delivered: delivered, done: make(chan struct{}),
	}
	r.deliverer.Source = r
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
func (r *Replay) PlaceBefore(joining *delivery.Active, _ int64) cursor.Place {
	wanted := joining.Wanted
	from := cursor.Checkpoint{Measurement: wanted.Measurement, Replay: joining.From.ReplayOf(wanted.Measurement)}
	return cursor.Place{Source: r, Stream: wanted.Stream, Checkpoint: from}
}

// Delivered implements delivery.Source.
func (r *Replay) Delivered() cursor.Live { return cursor.Live{Offset: -1} }

// IsReplay implements delivery.Source.
func (r *Replay) IsReplay() bool { return true }

// Begin begins a subscription: what the replay comes to from then on is delivered for it. Errors: ErrOver; a *protocol.Error for a measurement that the
// client may not have; those of Client.EnqueueControl.
func (r *Replay) Begin(joining *delivery.Active) error {
	r.target.Lock()
	defer r.target.Unlock()
	if r.over {
		return ErrOver
	}
	joining.Source = r
	if r.access(joining) == access.Unknown {
		return access.UnknownMeasurement(joining.Wanted.Measurement)
	}
	if err := r.target.Begin(joining, 0); err != nil {
		return err
	}
	r.target.Add(joining)
	r.target.Match(joining)
	return nil
}

func (r *Replay) access(of *delivery.Active) access.Decision {
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
		delivery.NotifyOwners(r.endWhere(
			func(active *delivery.Active) bool { return r.access(active) == access.Unknown },
			func(active *delivery.Active) error { return active.SendAccessEnded(access.Unknown) }))
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
