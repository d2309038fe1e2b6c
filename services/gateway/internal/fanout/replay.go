package fanout

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// replay plays the past of one measurement to one subscriber. Its partition has no other members, and comes to an end with the last membership or with the
// playback. It is a Sink.
type replay struct {
	subscriber  *Subscriber
	measurement atlas.MeasurementID
	past        subscription.Past
	partition   *partition
	delivered   prometheus.Counter
	cancel      context.CancelFunc
	ended       chan struct{} // is closed when its goroutine is done
}

func newReplay(first *membership) *replay {
	hub, wanted := first.subscriber.hub, first.wanted
	partition := newPartition(hub)
	partition.isPast = true
	partition.frames.subject = subscription.NewSubject(hub.settings.Replays.Enricher)
	return &replay{
		subscriber: first.subscriber, measurement: wanted.Measurement, past: *wanted.Past, partition: partition,
		delivered: hub.metrics.delivered.WithLabelValues(string(wanted.Source())), ended: make(chan struct{}),
	}
}

// join begins a membership: what the replay comes to from then on is delivered for it. errOver says that the replay has come to its end.
func (r *replay) join(joining *membership) error {
	joining.partition = r.partition
	if err := r.partition.add(joining); err != nil {
		return err
	}
	joining.hold(r.leave)
	return nil
}

// leave is called when a membership has ended. The last one ends the replay.
func (r *replay) leave() {
	if r.partition.closeIfEmpty() {
		r.cancel()
	}
}

// play runs the playback and tells the client when it is at its end.
func (r *replay) play(ctx context.Context, playback Playback) {
	defer close(r.ended)
	defer r.subscriber.hub.replays.leave(r)
	defer r.cancel()
	defer playback.Close()
	err := playback.Run(ctx, r)
	if ctx.Err() != nil { // who has ended it has told the client
		return
	}
	release(r.partition.conclude(func(ending *membership) []*outbox.Message { return ending.replayed(err) }))
}

// Room implements Sink.
func (r *replay) Room(ctx context.Context) (waited time.Duration, err error) {
	room, err := r.subscriber.client.Room()
	if room == nil || err != nil {
		return 0, err
	}
	r.Flush()
	began := time.Now()
	select {
	case <-room:
		return time.Since(began), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Deliver implements Sink. Nobody wants cursors yet.
func (r *replay) Deliver(record *atlas.Record, _ func() string) {
	r.delivered.Add(float64(r.partition.deliverAlone(record)))
}

// Flush implements Sink.
func (r *replay) Flush() { r.partition.flush() }

// replayed is what the client is told when a replay is at its end, which an error may have brought about.
func (m *membership) replayed(err error) (last []*outbox.Message) {
	encoding := m.subscriber.encoding
	if refusal, ok := errors.AsType[*subscription.Error](err); ok {
		last = append(last, ErrorMessage(encoding, refusal))
	}
	if replays, ok := encoding.(ReplayEncoding); ok && err == nil {
		last = append(last, m.event(replays.ReplayFinished()))
	}
	return append(last, m.event(eventUnsubscribed))
}
