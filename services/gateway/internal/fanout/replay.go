package fanout

import (
	"context"
	"errors"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// replay plays the past of one measurement to one subscriber. Its partition has no other members, and comes to an end with the last membership or with the
// playback. It is a Sink.
type replay struct {
	subscriber  *Subscriber
	measurement atlas.MeasurementID
	past        subscription.ReplayRequest
	from        *cursor.Replay // the position from which it has gone on; nil for its start
	partition   *partition
	delivered   prometheus.Counter
	cancel      context.CancelFunc
	ended       chan struct{} // is closed when its goroutine is done
}

func newReplay(first *membership) *replay {
	hub, wanted := first.subscriber.hub, first.wanted
	partition := newPartition(hub)
	partition.isPast, partition.patient = true, true
	partition.frames.subject = subscription.NewRecordView(hub.settings.Replays.Enricher)
	return &replay{
		subscriber: first.subscriber, measurement: wanted.Measurement, past: *wanted.Replay, partition: partition,
		delivered: hub.metrics.delivered.WithLabelValues(string(wanted.Source())), ended: make(chan struct{}),
	}
}

// admit is join for a subscription that comes later: one that goes on behind a cursor must find the replay there.
func (r *replay) admit(joining *membership) error {
	if joining.wanted.Backlog && !joining.resumes() {
		return protocol.Refuse(protocol.CodeAlreadyPlaying, "sendBacklog: measurement %d is being replayed, which has no last minutes; end that first", r.measurement)
	}
	if isThere := r.subscriber.holding && joining.replayFrom().Equal(r.from); joining.resumes() && !isThere {
		return protocol.Refuse(protocol.CodeAlreadyPlaying, "cursor: measurement %d is being replayed already, and not from there; end that first", r.measurement)
	}
	return r.join(joining)
}

// replayFrom is the position in a replay from which the membership resumes, as far as its token has been opened; nil for the start.
func (m *membership) replayFrom() *cursor.Replay {
	if m.from == nil {
		return nil
	}
	checkpoint, _ := m.from.Find(m.wanted.Measurement, true)
	return checkpoint.Replay
}

// join begins a membership: what the replay comes to from then on is delivered for it. errOver says that the replay has come to its end.
func (r *replay) join(joining *membership) error {
	joining.partition = r.partition
	if err := r.partition.add(joining, 0); err != nil {
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
	release(r.partition.conclude(func(ending *membership) error { return ending.replayed(err) }))
}

// Room implements Sink.
func (r *replay) Room(ctx context.Context) (waited time.Duration, err error) {
	return r.subscriber.awaitRoom(ctx, 0)
}

// Deliver implements Sink.
func (r *replay) Deliver(ctx context.Context, record *atlas.Record, position func() *cursor.Replay) error {
	var given []atlas.Stream
	for {
		taken, missed := r.partition.deliverAlone(record, position, given)
		r.delivered.Add(float64(taken))
		if missed == nil {
			return nil
		}
		//mutate:partly-replayed-forgotten
		given = missed.given
		if _, err := r.Room(ctx); err != nil {
			return err
		}
	}
}

// Flush implements Sink.
func (r *replay) Flush() { r.partition.flush() }

// replayed tells the client that a replay is at its end, which an error may have brought about.
func (m *membership) replayed(err error) error {
	if err == nil {
		var told error
		if replays, known := m.subscriber.encoding.(ReplayEncoding); known {
			told = m.say(replays.ReplayFinished())
		}
		return errors.Join(told, m.sayOver())
	}
	var told error
	if refusal, ok := errors.AsType[*protocol.Error](err); ok {
		told = m.subscriber.complain(refusal)
	}
	return errors.Join(told, m.say(protocol.EventUnsubscribed))
}
