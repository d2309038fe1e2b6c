package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"atlasstream/pkg/atlas"
	eventv1 "atlasstream/proto/event/v1"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"go.uber.org/zap"
)

const (
	// fetchWait is how long a broker holds a fetch for which it has nothing; what comes in meanwhile is answered at once.
	fetchWait = time.Second
	// fetchTimeout is when a broker that does not answer at all is given up at the earliest, and twice that at the latest.
	fetchTimeout = fetchWait + 5*time.Second
	// fetchBytes bounds an answer as the broker holds it, compressed; one whole batch comes in any case.
	fetchBytes = 1 << 20
)

// reader reads one partition in the order of offsets and drops repeats. It is used by one goroutine.
type reader struct {
	partition
	wanted  int64 // records before it are read for the horizon only
	next    int64 // the offset that is read next
	end     int64 // the log's end as the last fetch saw it
	repeats *Repeats
	header  eventv1.Header
	values  valueMemory
	records []atlas.Record
	counts  readCounts
	metrics readMetrics
	logger  *zap.Logger
	limit   fetchLimit
}

// readCounts is what one read saw.
type readCounts struct{ read, repeats, undecodable int }

// newReader makes a reader that delivers from the wanted offset on; the partition's first offset is given.
func (l *Log) newReader(p partition, first, wanted int64, kind string) *reader {
	return &reader{
		partition: p,
		wanted:    wanted,
		next:      max(first, wanted-int64(l.config.RepeatHorizon)),
		repeats:   NewRepeats(l.config.RepeatHorizon),
		metrics:   l.metrics.reading(p.topic, kind),
		logger:    l.logger,
	}
}

// read fetches once. The records are those from the wanted offset on that are no repeats, often none; the slice is valid until the next read, what the
// records refer to for ever. An *OffsetGoneError says that the next record is not in the log.
func (r *reader) read(ctx context.Context) ([]atlas.Record, error) {
	response, err := r.fetch(ctx)
	if err != nil {
		return nil, err
	}
	r.end = response.HighWatermark
	clear(r.records)
	r.records = r.records[:0]
	r.counts = readCounts{}
	before := r.next
	if err := r.takeAll(response.Records); err != nil && r.next == before { // what was read before an error counts; the next read meets it again
		return nil, fmt.Errorf("%s: offset %d: %w", r.partition, r.next, err)
	}
	if r.next == before && hasBatches(response.Records) {
		r.next++ // a transaction's marker, or a hole that compaction left: the broker sends it again and again
	}
	r.metrics.observe(r.counts)
	return r.records, nil
}

func (r *reader) fetch(ctx context.Context) (*kafka.FetchResponse, error) {
	response, err := r.broker.Fetch(r.limit.on(ctx), &kafka.FetchRequest{
		Topic:     r.topic,
		Partition: r.number,
		Offset:    r.next,
		MinBytes:  1,
		MaxBytes:  fetchBytes,
		MaxWait:   fetchWait,
	})
	if err != nil {
		r.limit.end()
		return nil, fmt.Errorf("%s: %w", r.partition, err)
	}
	if errors.Is(response.Error, kafka.OffsetOutOfRange) || response.LogStartOffset > r.next {
		return nil, r.gone(ctx)
	}
	if response.Error != nil {
		return nil, fmt.Errorf("%s: %w", r.partition, response.Error)
	}
	return response, nil
}

// close ends the use of the reader.
func (r *reader) close() { r.limit.end() }

// gone tells what the log has where it does not have what comes next. A broker that has just become the leader may say so wrongly.
func (r *reader) gone(ctx context.Context) error {
	first, next, err := r.bounds(ctx)
	if err != nil {
		return err
	}
	if r.next < r.wanted { // retention takes from the horizon, of which nothing is delivered
		r.next = min(max(r.next, first), r.wanted)
	}
	if first <= r.next && r.next <= next {
		return fmt.Errorf("%s: offset %d: %w", r.partition, r.next, kafka.OffsetOutOfRange)
	}
	return &OffsetGoneError{Topic: r.topic, Partition: r.number, Offset: r.next, First: first, Next: next}
}

// hasBatches tells an answer without a record of ours from one without anything.
func hasBatches(records kafka.RecordReader) bool {
	stream, ok := records.(*protocol.RecordStream)
	return ok && len(stream.Records) > 0
}

func (r *reader) takeAll(records kafka.RecordReader) error {
	for {
		record, err := records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		err = r.take(record)
		closePayload(record)
		if err != nil {
			return err
		}
	}
}

func (r *reader) take(record *kafka.Record) error {
	if record.Offset < r.next { // brokers send whole batches
		return nil
	}
	event, err := r.decode(record)
	if err != nil {
		return err
	}
	if event.Value == nil && record.Offset >= r.wanted {
		if event.Value, err = r.value(record); err != nil {
			return err
		}
	}
	r.next = record.Offset + 1
	if !r.isWanted(record.Offset, event.ID) {
		return nil
	}
	event.Time = record.Time.UTC()
	r.records = append(r.records, atlas.Record{Event: event, Position: atlas.Position{Topic: r.topic, Partition: r.number, Offset: record.Offset}})
	return nil
}

// isWanted counts a record and sorts out what is no event, a repeat, or there for the horizon only.
func (r *reader) isWanted(offset int64, id atlas.EventID) bool {
	r.counts.read++
	if id == (atlas.EventID{}) {
		r.counts.undecodable++
		return false
	}
	repeat := r.repeats.Add(offset, id)
	if repeat && offset >= r.wanted {
		r.counts.repeats++
	}
	return !repeat && offset >= r.wanted
}

// decode tells what a record says, by its header if it is ours. Foreign producers write none: their value is read as the collector would have read it.
// An event without an ID is none. The error is that of reading the record.
func (r *reader) decode(record *kafka.Record) (atlas.Event, error) {
	if event, ok := decodeHeaders(&r.header, record.Headers); ok && record.Value != nil && record.Value.Len() > 0 {
		return event, nil
	}
	value, err := r.value(record)
	if err != nil {
		return atlas.Event{}, err
	}
	event, err := parseValue(r.topic, value)
	if err != nil {
		r.logger.Warn("skipped a record that is no event", zap.Stringer("partition", r.partition), zap.Int64("offset", record.Offset), zap.Error(err))
		return atlas.Event{}, nil
	}
	return event, nil
}

func (r *reader) value(record *kafka.Record) ([]byte, error) {
	if record.Value == nil {
		return nil, nil
	}
	value := r.values.take(record.Value.Len())
	_, err := io.ReadFull(record.Value, value)
	return value, err
}

// closePayload gives kafka-go's memory back to its pool.
func closePayload(record *kafka.Record) {
	if record.Key != nil {
		_ = record.Key.Close()
	}
	if record.Value != nil {
		_ = record.Value.Close()
	}
}
