package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/cursorkey"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/resume"
	"atlasstream/services/gateway/internal/session"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/subscription"
)

// readAhead bounds what is read ahead for a client that is behind, in bytes of values: there may be many such clients.
const readAhead = 256 << 10

// newFeed makes the feed of a topic, whose cursors may be as old as most.
func newFeed(tails *eventlog.Tails, topic string, history *eventlog.History, most time.Duration) *feed {
	return &feed{Tails: tails, topic: topic, history: history, live: resume.LiveTopic{Log: history, Topic: topic, MaxAge: most}}
}

// feed is a live topic as the hub knows it: what the tails bring, and what the log has of it.
type feed struct {
	*eventlog.Tails
	topic   string
	history *eventlog.History
	live    resume.LiveTopic
}

// protocol.CodeUnavailable says that the log cannot be read.

// refuseChanged tells a client that to try again does not help where somebody has changed the partitions of a topic. Other errors stay as they are.
func refuseChanged(err error) error {
	if changed, ok := errors.AsType[*eventlog.PartitionsChangedError](err); ok {
		return protocol.Refuse(protocol.CodeUnavailable, "nothing of this can be subscribed to or replayed until the log is mended: %s", changed)
	}
	return err
}

// Follow implements session.Tails.
func (f *feed) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error) {
	release, err = f.Tails.Follow(ctx, measurement, attach)
	return release, refuseChanged(err)
}

// Topic implements session.Log.
func (f *feed) Topic() string { return f.topic }

// Resume implements session.Log. It waits until the tail has come as far as the cursor, which may be of a gateway that is ahead.
func (f *feed) Resume(ctx context.Context, wanted *subscription.Subscription, from cursor.Token) (tail session.Tail, offset int64, err error) {
	position, err := f.live.Find(ctx, wanted.Measurement, from)
	if err != nil {
		return nil, 0, refuseChanged(err)
	}
	followed, err := f.Await(ctx, position)
	if err != nil {
		return nil, 0, err
	}
	return followed, position.Offset, nil
}

// Since implements session.Log.
func (f *feed) Since(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (offset int64, err error) {
	number, err := f.history.Partition(ctx, f.topic, measurement)
	if err != nil {
		return 0, refuseChanged(err)
	}
	return f.history.OffsetAt(ctx, f.topic, number, at)
}

// Rejoin implements session.Log.
func (f *feed) Rejoin(ctx context.Context, partition int, offset int64, take func(missed []atlas.Record)) (found bool, err error) {
	release, err := f.FollowFrom(ctx, atlas.Position{Topic: f.topic, Partition: partition, Offset: offset}, take)
	if errors.Is(err, eventlog.ErrNotInRing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	release() // whoever is in the partition follows it by itself
	return true, nil
}

// Open implements session.Log.
func (f *feed) Open(
	ctx context.Context, partition int, measurements []atlas.MeasurementID, from, to int64,
	pay func(ctx context.Context, records, bytes int64) error,
) (catchup.LogReader, error) {
	reader, err := f.history.Measurements(ctx, f.topic, partition, measurements, from, to)
	if err != nil {
		return nil, lost(err)
	}
	reader.ReadAhead(readAhead)
	reader.BeforeFetch(pay)
	return missed{reader}, nil
}

// missed is what a client reads that is behind.
type missed struct{ *eventlog.Reader }

// Next implements catchup.LogReader.
func (m missed) Next(ctx context.Context) (*atlas.Record, error) {
	record, err := m.Reader.Next(ctx)
	return record, lost(err)
}

// lost words what the log does not have any more as the hub knows it.
func lost(err error) error {
	if err == nil {
		return nil
	}
	gone, ok := errors.AsType[*eventlog.OffsetGoneError](err)
	if !ok {
		return err
	}
	if gone.Next < gone.Offset {
		return &catchup.LostError{From: gone.Offset, To: gone.Next}
	}
	return &catchup.LostError{From: gone.Offset, To: gone.First}
}

// keyOfLog is the source of the key of cursors that the log has.
func keyOfLog(read func(context.Context) ([]byte, error)) cursorkey.Source {
	return func(ctx context.Context) ([][]byte, error) {
		key, err := read(ctx)
		switch {
		case errors.Is(err, eventlog.ErrNoTopic) || errors.Is(err, eventlog.ErrNoCursorKey):
			err = fmt.Errorf("a collector has to make it: %w", err)
		case errors.Is(err, eventlog.ErrCursorKeyUnreadable):
			err = &cursorkey.UnreadableError{Err: err}
		}
		return [][]byte{key}, err
	}
}
