package sessiontest

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/subscription"
)

// Topic is that of a Log.
const Topic = "log"

// Log is a log of some partitions, and its tail, which holds the last few records of each: session.Log.
type Log struct {
	Stream            *session.Stream // takes its records
	Partitions        []*LogPartition
	CursorError       *protocol.Error // of Resume; nil for none
	Resumed, Followed atomic.Int64    // calls of Resume and Follow
	OpenTails         atomic.Int64    // tails that have not been released

	stream     atlas.Stream
	tailLength int // records of a partition that the tail holds
}

// LogPartition is a partition of a Log.
type LogPartition struct {
	sync.Mutex // as the tail's
	Records    []atlas.Record
	Next       int64         // offset of the next record
	First      int64         // the log has lost what is before it
	Recreated  bool          // the next reader is told so
	advanced   chan struct{} // is closed when records are appended
}

// NewLog makes a log whose tail holds so many records of each partition.
func NewLog(partitions, tailLength int) *Log {
	l := &Log{tailLength: tailLength}
	for range partitions {
		l.Partitions = append(l.Partitions, &LogPartition{advanced: make(chan struct{})})
	}
	return l
}

// AddTo adds the log to a hub as a stream. What the hub sees may be a type that wraps the log.
func (l *Log) AddTo(hub *session.Hub, stream atlas.Stream, as session.Log) {
	l.stream = stream
	l.Stream = hub.AddStream(stream, func(*session.Stream) session.Tails { return as })
}

// PartitionOf gives the partition of a measurement.
func (l *Log) PartitionOf(measurement atlas.MeasurementID) (int, *LogPartition) {
	number := int(measurement) % len(l.Partitions)
	return number, l.Partitions[number]
}

// AppendRandom appends some records of now and before, with gaps between the offsets, as repeats leave.
func (l *Log) AppendRandom(random *rand.Rand, number int, measurements ...atlas.MeasurementID) {
	added := make([]atlas.Record, 1+random.IntN(20))
	for i := range added {
		added[i].Measurement = measurements[random.IntN(len(measurements))]
		added[i].Probe = atlas.ProbeID(1 + random.IntN(3))
		added[i].Time = time.Now().Add(-time.Duration(random.IntN(20)) * time.Millisecond)
		added[i].Position.Offset = int64(random.IntN(3) / 2) // is left out
	}
	l.Append(number, added...)
}

// Append appends records, of which the measurements, probes, times and perhaps IDs are given, and delivers them.
func (l *Log) Append(number int, added ...atlas.Record) {
	partition := l.Partitions[number]
	partition.Lock()
	for i := range added {
		offset := partition.Next + added[i].Position.Offset
		value := fmt.Sprintf(`{"msm_id":%d,"offset":%d}`, added[i].Measurement, offset)
		record := Record(l.stream, added[i].Measurement, added[i].Probe, value)
		record.ID, record.Time, record.Position = added[i].ID, added[i].Time, atlas.Position{Topic: Topic, Partition: number, Offset: offset}
		added[i], partition.Next = record, offset+1
	}
	partition.Records = append(partition.Records, added...)
	l.Stream.Deliver(number, added)
	close(partition.advanced)
	partition.advanced = make(chan struct{})
	partition.Unlock()
	l.Stream.Flush(number)
}

// Start is where a subscription to a Log began.
type Start struct {
	From  int64     // it resumes at this offset
	Next  int64     // what comes live begins at this offset
	Since time.Time // its backlog begins then
}

type startKey struct{}

// WithStart has the subscriptions of a context fill in where they begin.
func WithStart(ctx context.Context, start *Start) context.Context {
	return context.WithValue(ctx, startKey{}, start)
}

func startOf(ctx context.Context) *Start {
	if start, wanted := ctx.Value(startKey{}).(*Start); wanted {
		return start
	}
	return &Start{}
}

// Follow implements session.Tails.
func (l *Log) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(int, int64)) (func(), error) {
	number, partition := l.PartitionOf(measurement)
	partition.Lock()
	defer partition.Unlock()
	l.Followed.Add(1)
	startOf(ctx).Next = partition.Next
	attach(number, partition.Next)
	return func() {}, nil
}

// Topic implements session.Log.
func (l *Log) Topic() string { return Topic }

// Resume implements session.Log.
func (l *Log) Resume(ctx context.Context, wanted *subscription.Subscription, from cursor.Token) (session.Tail, int64, error) {
	l.Resumed.Add(1)
	if l.CursorError != nil {
		return nil, 0, l.CursorError
	}
	for _, saved := range from.Subscriptions {
		if saved.Measurement == wanted.Measurement {
			startOf(ctx).From = saved.Live.Offset + 1
			l.OpenTails.Add(1)
			return &logTail{l, wanted.Measurement, ctx}, saved.Live.Offset + 1, nil
		}
	}
	return nil, 0, protocol.Errorf("bad_cursor", "measurement %d is not in it", wanted.Measurement)
}

// logTail is the tail of a partition for a subscription that resumes.
type logTail struct {
	*Log
	measurement atlas.MeasurementID
	ctx         context.Context
}

// Attach implements session.Tail.
func (t *logTail) Attach(attach func(int, int64)) {
	number, partition := t.PartitionOf(t.measurement)
	partition.Lock()
	defer partition.Unlock()
	startOf(t.ctx).Next = partition.Next
	attach(number, partition.Next)
}

// Release implements session.Tail.
func (t *logTail) Release() { t.OpenTails.Add(-1) }

// Since implements session.Log.
func (l *Log) Since(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (int64, error) {
	_, partition := l.PartitionOf(measurement)
	partition.Lock()
	defer partition.Unlock()
	startOf(ctx).Since = at
	for i := range partition.Records {
		if partition.Records[i].Time.UnixMilli() >= at.UnixMilli() { // which is how exactly Kafka knows times
			return partition.Records[i].Position.Offset, nil
		}
	}
	return partition.Next, nil
}

// NamedSince implements session.Log. Nothing is too long ago but what the log has lost.
func (l *Log) NamedSince(ctx context.Context, measurement atlas.MeasurementID, at time.Time) (int64, error) {
	offset, err := l.Since(ctx, measurement, at)
	if _, partition := l.PartitionOf(measurement); offset < partition.First {
		return 0, protocol.Errorf(protocol.CodeBeforeLog, "since: the log has lost that")
	}
	return offset, err
}

// Rejoin implements session.Log.
func (l *Log) Rejoin(ctx context.Context, number int, offset int64, missed func([]atlas.Record)) (bool, error) {
	partition := l.Partitions[number]
	for {
		partition.Lock()
		if offset <= partition.Next {
			break
		}
		advanced := partition.advanced
		partition.Unlock()
		select {
		case <-advanced:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	defer partition.Unlock()
	kept := partition.Records[max(0, len(partition.Records)-l.tailLength):]
	if len(partition.Records) > l.tailLength && offset < kept[0].Position.Offset {
		return false, nil
	}
	missed(RecordsFrom(kept, offset))
	return true, nil
}

// Open implements session.Log.
func (l *Log) Open(
	_ context.Context, number int, measurements []atlas.MeasurementID, offset, to int64, _ func(context.Context, int64, int64) error,
) (catchup.LogReader, error) {
	partition := l.Partitions[number]
	partition.Lock()
	defer partition.Unlock()
	if offset < partition.First || partition.Recreated {
		partition.Recreated = false
		return nil, &catchup.LostError{From: offset, To: partition.First}
	}
	reader := &logReader{end: min(partition.Next, to)}
	for _, record := range RecordsFrom(partition.Records, offset) {
		if record.Position.Offset < reader.end && slices.Contains(measurements, record.Measurement) {
			reader.records = append(reader.records, record)
		}
	}
	return reader, nil
}

// logReader reads the records that were there when it was opened.
type logReader struct {
	records []atlas.Record
	end     int64
}

// Next implements catchup.LogReader.
func (r *logReader) Next(ctx context.Context) (record *atlas.Record, err error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(r.records) == 0 {
		return nil, io.EOF
	}
	record, r.records = &r.records[0], r.records[1:]
	return record, nil
}

// Position implements catchup.LogReader.
func (r *logReader) Position() int64 {
	if len(r.records) > 0 {
		return r.records[0].Position.Offset
	}
	return r.end
}

// Ready implements catchup.LogReader.
func (*logReader) Ready() bool { return true }

// Close implements catchup.LogReader.
func (*logReader) Close() {}
