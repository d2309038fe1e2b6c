package gateway

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/keyring"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/replay"
)

// historyLog is the log as replays find and read records in it.
type historyLog struct{ *eventlog.History }

// Partition implements topicrange.Log.
func (l historyLog) Partition(ctx context.Context, topic string, measurement atlas.MeasurementID) (int, error) {
	number, err := l.History.Partition(ctx, topic, measurement)
	return number, refuseChanged(err)
}

// Open implements replay.Log.
func (l historyLog) Open(
	ctx context.Context, topic string, measurement atlas.MeasurementID, from, to int64, account *readlimit.Account,
) (replay.LogReader, error) {
	reading, err := account.Begin(ctx, eventlog.DefaultRepeatHorizon)
	if err != nil {
		return nil, err
	}
	reader, err := l.Measurement(ctx, topic, measurement, from, to)
	if err != nil {
		return nil, lostInReplay(err)
	}
	reader.BeforeFetch(reading.Pay)
	return replayReader{reader}, nil
}

// replayReader is what a replay reads.
type replayReader struct{ *eventlog.Reader }

// Next implements replay.LogReader.
func (r replayReader) Next(ctx context.Context) (*atlas.Record, error) {
	record, err := r.Reader.Next(ctx)
	if err != nil {
		return nil, lostInReplay(err)
	}
	return record, nil
}

// connectionTopic is the topic of connection events as outagewatch and catalogsync read it.
type connectionTopic struct{ *gateway }

func (c connectionTopic) partition(ctx context.Context) (*eventlog.History, int, error) {
	history := c.log.History()
	number, err := history.Partition(ctx, eventlog.ProbeStatusTopic, atlas.ConnectionMeasurement)
	return history, number, refuseChanged(err)
}

// Bounds implements outagewatch.Log.
func (c connectionTopic) Bounds(ctx context.Context) (first, next int64, err error) {
	history, number, err := c.partition(ctx)
	if err != nil {
		return 0, 0, err
	}
	return history.Bounds(ctx, eventlog.ProbeStatusTopic, number)
}

// OffsetAt implements outagewatch.Log.
func (c connectionTopic) OffsetAt(ctx context.Context, at time.Time) (int64, error) {
	history, number, err := c.partition(ctx)
	if err != nil {
		return 0, err
	}
	return history.OffsetAt(ctx, eventlog.ProbeStatusTopic, number, at)
}

// Events implements outagewatch.Log. What cannot be read is left out.
func (c connectionTopic) Events(ctx context.Context, from, to int64) iter.Seq2[atlas.Record, error] {
	return c.ReadableEvents(ctx, from, to, func(why error) {
		c.cfg.Logger.Error("outages are looked for without some connection events", zap.Error(why))
	})
}

// ReadableEvents implements catalogsync.Log.
func (c connectionTopic) ReadableEvents(ctx context.Context, from, to int64, leftOut func(why error)) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		history, number, err := c.partition(ctx)
		if err != nil {
			yield(atlas.Record{}, err)
			return
		}
		read := func(from int64) iter.Seq2[atlas.Record, error] {
			return history.Range(ctx, eventlog.ProbeStatusTopic, number, from, to)
		}
		readable(from, to, read, func(gone *eventlog.OffsetGoneError) { leftOut(gone) })(yield)
	}
}

// Follow implements outagewatch.Log.
func (c connectionTopic) Follow(ctx context.Context, offset int64, attach func(missed []atlas.Record)) (release func(), found bool, err error) {
	_, number, err := c.partition(ctx)
	if err != nil {
		return nil, false, err
	}
	release, err = c.connections.FollowFrom(ctx, atlas.Position{Topic: eventlog.ProbeStatusTopic, Partition: number, Offset: offset}, attach)
	if errors.Is(err, eventlog.ErrNotInRing) {
		return nil, false, nil
	}
	return release, err == nil, err
}

// FollowConnections implements catalogsync.Log.
func (c connectionTopic) FollowConnections(ctx context.Context) (release func(), err error) {
	return c.connections.Follow(ctx, atlas.ConnectionMeasurement, func(int, int64) {})
}

// catalogTopics are the topics of which the catalog is made.
type catalogTopics struct{ connectionTopic }

// Measurements implements catalogsync.Log.
func (c catalogTopics) Measurements(ctx context.Context, apply func([]atlas.Object), caughtUp func()) error {
	return c.log.ReadRegistry(ctx, eventlog.MeasurementsTopic, apply, caughtUp)
}

// Probes implements catalogsync.Log.
func (c catalogTopics) Probes(ctx context.Context, apply func([]atlas.Object), caughtUp func()) error {
	return c.log.ReadRegistry(ctx, eventlog.ProbesTopic, apply, caughtUp)
}

// readable gives the records from an offset to before another that can be read, and tells of those between them that cannot be. Read reads from an offset on.
func readable(
	from, to int64, read func(from int64) iter.Seq2[atlas.Record, error], leftOut func(*eventlog.OffsetGoneError),
) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		for more := true; more && from < to; {
			from, more = showReadable(read(from), leftOut, yield)
		}
	}
}

// showReadable shows records up to where the log cannot be read, and gives the offset behind that, if there is more.
func showReadable(
	records iter.Seq2[atlas.Record, error], leftOut func(*eventlog.OffsetGoneError), yield func(atlas.Record, error) bool,
) (next int64, more bool) {
	for record, err := range records {
		if gone, is := errors.AsType[*eventlog.OffsetGoneError](err); is && gone.Unreadable != nil {
			leftOut(gone)
			return gone.First, true
		}
		if !yield(record, err) {
			break
		}
	}
	return 0, false
}

// apiLog is the log as answers read it.
type apiLog struct{ *eventlog.History }

// Measurement implements api.Log.
func (a apiLog) Measurement(ctx context.Context, position atlas.Position) ([]byte, error) {
	position.Topic = eventlog.MeasurementsTopic
	object, _, err := a.Object(ctx, position)
	return object.Value, err
}

// keyOfLog is the source of the key of cursors that the log has.
func keyOfLog(read func(context.Context) ([]byte, error)) keyring.Source {
	return func(ctx context.Context) ([][]byte, error) {
		key, err := read(ctx)
		switch {
		case errors.Is(err, eventlog.ErrNoTopic) || errors.Is(err, eventlog.ErrNoCursorKey):
			err = fmt.Errorf("a collector has to make it: %w", err)
		case errors.Is(err, eventlog.ErrCursorKeyUnreadable):
			err = &keyring.UnreadableError{Err: err}
		}
		return [][]byte{key}, err
	}
}
