package gateway

import (
	"context"
	"errors"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/lag"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/probeactivity"
	"atlasstream/services/gateway/internal/resume"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/subscription"
)

// topics are the live topics of the streams that have records.
var topics = map[atlas.Stream]string{atlas.StreamResult: eventlog.ResultsTopic, atlas.StreamProbeStatus: eventlog.ProbeStatusTopic}

// readAhead bounds what is read ahead for a client that is behind, in bytes of values: there may be many such clients.
const readAhead = 256 << 10

// newLiveTopic makes a live topic, whose cursors may be up to behindTime old.
func newLiveTopic(tails *eventlog.Tails, topic string, history *eventlog.History, behindTime time.Duration) *liveTopic {
	return &liveTopic{Tails: tails, topic: topic, history: history, live: resume.LiveTopic{Log: history, Topic: topic, BehindTime: behindTime}}
}

// liveTopic is a live topic as the hub knows it: what the tails bring, and what the log has of it.
type liveTopic struct {
	*eventlog.Tails
	topic   string
	history *eventlog.History
	live    resume.LiveTopic
}

// Follow implements session.Tails.
func (t *liveTopic) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (release func(), err error) {
	release, err = t.Tails.Follow(ctx, measurement, attach)
	return release, refuseChanged(err)
}

// Topic implements session.Log.
func (t *liveTopic) Topic() string { return t.topic }

// Resume implements session.Log. It waits until the tail has come as far as the cursor, which may be of a gateway that is ahead.
func (t *liveTopic) Resume(ctx context.Context, wanted *subscription.Subscription, from cursor.Token) (tail session.Tail, offset int64, err error) {
	position, err := t.live.Find(ctx, wanted.Measurement, from)
	if err != nil {
		return nil, 0, refuseChanged(err)
	}
	followed, err := t.Await(ctx, position)
	if err != nil {
		return nil, 0, err
	}
	return followed, position.Offset, nil
}

// Since implements session.Log.
func (t *liveTopic) Since(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (offset int64, err error) {
	number, err := t.history.Partition(ctx, t.topic, measurement)
	if err != nil {
		return 0, refuseChanged(err)
	}
	return t.history.OffsetAt(ctx, t.topic, number, at)
}

// NamedSince implements session.Log.
func (t *liveTopic) NamedSince(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (offset int64, err error) {
	offset, err = t.live.NamedSince(ctx, measurement, at)
	return offset, refuseChanged(err)
}

// Rejoin implements catchup.Log.
func (t *liveTopic) Rejoin(ctx context.Context, partition int, offset int64, take func(missed []atlas.Record)) (found bool, err error) {
	release, err := t.FollowFrom(ctx, atlas.Position{Topic: t.topic, Partition: partition, Offset: offset}, take)
	if errors.Is(err, eventlog.ErrNotInRing) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	release() // the clients of the partition follow it themselves
	return true, nil
}

// Open implements catchup.Log.
func (t *liveTopic) Open(
	ctx context.Context, partition int, measurements []atlas.MeasurementID, from, to int64,
	pay func(ctx context.Context, records, bytes int64) error,
) (catchup.LogReader, error) {
	reader, err := t.history.Measurements(ctx, t.topic, partition, measurements, from, to)
	if err != nil {
		return nil, lostInCatchUp(err)
	}
	reader.ReadAhead(readAhead)
	reader.BeforeFetch(pay)
	return catchupReader{reader}, nil
}

// catchupReader is what a client reads that is behind.
type catchupReader struct{ *eventlog.Reader }

// Next implements catchup.LogReader.
func (r catchupReader) Next(ctx context.Context) (*atlas.Record, error) {
	record, err := r.Reader.Next(ctx)
	return record, lostInCatchUp(err)
}

// connectionConsumer consumes connection events: the API's answers are up to date with them before any client gets them.
type connectionConsumer struct {
	*session.Stream
	catalog  *catalog.Catalog
	activity *probeactivity.Day
	outages  *outagewatch.Watch
}

// Deliver implements eventlog.Consumer.
func (c connectionConsumer) Deliver(partition int, records []atlas.Record) {
	c.catalog.ApplyConnections(records)
	c.activity.Add(records)
	c.outages.Deliver(records)
	c.Stream.Deliver(partition, records)
}

// newestConsumer notes the newest time of what it takes.
type newestConsumer struct {
	eventlog.Consumer
	lag.NewestTime
}

// Deliver implements eventlog.Consumer.
func (c *newestConsumer) Deliver(partition int, records []atlas.Record) {
	c.Note(records, time.Now())
	c.Consumer.Deliver(partition, records)
}
