package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// reader reads one partition in the order of offsets and drops repeats. It is used by one goroutine.
type reader struct {
	fetcher
	wanted  int64 // records before it are read for the horizon only
	dedup   *Dedup
	header  headerDecoder
	values  valueMemory
	records []atlas.Record
	counts  readCounts
	metrics readMetrics
	logger  *zap.Logger
}

// readCounts is what one read saw.
type readCounts struct{ read, repeats, undecodable int }

// newReader makes a reader that delivers from the wanted offset on; the partition's first offset is given.
func (l *Log) newReader(p partition, first, wanted int64, kind string) *reader {
	return &reader{
		//mutate:reader-without-horizon
		fetcher: fetcher{partition: p, next: max(first, wanted-int64(l.config.RepeatHorizon))},
		wanted:  wanted,
		dedup:   NewDedup(l.config.RepeatHorizon),
		metrics: l.metrics.reading(p.topic, kind),
		logger:  l.logger,
	}
}

// read fetches once. The records are those from the wanted offset on that are no repeats, often none; the slice is valid until the next read, what the
// records refer to for ever. An *OffsetGoneError says that the next record is not in the log.
func (r *reader) read(ctx context.Context) ([]atlas.Record, error) { return r.readEach(ctx, r.take) }

// readEach is read, with another way to take a record.
func (r *reader) readEach(ctx context.Context, take func(*kafka.Record) error) ([]atlas.Record, error) {
	response, err := r.fetch(ctx)
	return r.takeAnswer(ctx, response, err, take)
}

// takeAnswer takes what a fetch has brought.
func (r *reader) takeAnswer(ctx context.Context, response *kafka.FetchResponse, err error, take func(*kafka.Record) error) ([]atlas.Record, error) {
	if errors.Is(err, kafka.OffsetOutOfRange) {
		return nil, r.gone(ctx)
	}
	if err != nil {
		return nil, err
	}
	clear(r.records)
	r.records = r.records[:0]
	r.counts = readCounts{}
	before := r.next
	if err := r.takeEach(response.Records, take); err != nil && r.next == before { // what was read before an error counts; the next read meets it again
		if err := r.failed(err); err != nil {
			return nil, err
		}
	}
	r.metrics.observe(r.counts)
	return r.records, nil
}

// failed tells why what comes next was not read. A batch that cannot be read is passed over where nothing of it was to be delivered.
func (r *reader) failed(err error) error {
	gone, err := r.unread(err, r.metrics, r.logger)
	if err != nil {
		return err
	}
	if r.next < r.wanted {
		r.next = min(gone.First, r.wanted)
		return nil
	}
	return gone
}

// gone tells what the log has where it does not have what comes next. A broker that has just become the leader may say so wrongly.
func (r *reader) gone(ctx context.Context) error {
	first, next, err := r.bounds(ctx)
	if err != nil {
		return err
	}
	//mutate:horizon-taken
	if r.next < r.wanted { // retention takes from the horizon, of which nothing is delivered
		r.next = min(max(r.next, first), r.wanted)
	}
	if first <= r.next && r.next <= next {
		return fmt.Errorf("%s: offset %d: %w", r.partition, r.next, kafka.OffsetOutOfRange)
	}
	return &OffsetGoneError{Topic: r.topic, Partition: r.number, Offset: r.next, First: first, Next: next}
}

func (r *reader) take(record *kafka.Record) error {
	if record.Offset < r.next { // brokers send whole batches
		return nil
	}
	var event atlas.Event
	if err := r.decode(record, &event); err != nil {
		return err
	}
	unchecked := event.Value == nil
	if unchecked && record.Offset >= r.wanted {
		value, err := r.value(record)
		if err != nil {
			return err
		}
		event.Value = value
	}
	r.next = record.Offset + 1
	if !r.isWanted(record.Offset, event.ID) || unchecked && !r.isSound(record.Offset, event.Value) {
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
	return r.isNew(offset, id)
}

// isNew reports whether a record is to be delivered: it is no repeat, and not there for the horizon only.
func (r *reader) isNew(offset int64, id atlas.EventID) bool {
	repeat := r.dedup.Add(offset, id)
	if repeat && offset >= r.wanted {
		r.counts.repeats++
	}
	return !repeat && offset >= r.wanted
}

// decode reads an event from a record's header, or from its value if it is a foreign producer's and has no such header. The event has a value if that was read,
// and no ID if the record is no event. An error says that the record could not be read.
func (r *reader) decode(record *kafka.Record, event *atlas.Event) error {
	event.Value = nil
	if record.Value != nil && record.Value.Len() > 0 && r.header.decode(record.Headers, event) {
		return nil
	}
	value, err := r.value(record)
	if err != nil {
		return err
	}
	if *event, err = parseValue(r.topic, value); err != nil {
		r.skipped(record.Offset, err)
		*event = atlas.Event{}
	}
	return nil
}

// isSound tells whether a value can be delivered that a header like ours came with: whoever may write to the topic can copy one. A value that cannot counts
// for repeats nevertheless, as those who read the horizon only see its header.
func (r *reader) isSound(offset int64, value []byte) bool {
	err := atlas.CheckValue(value)
	if err != nil {
		r.counts.undecodable++
		r.skipped(offset, err)
	}
	return err == nil
}

func (r *reader) skipped(offset int64, why error) {
	r.logger.Warn("skipped a record that is no event", zap.Stringer("partition", r.partition), zap.Int64("offset", offset), zap.Error(why))
}

func (r *reader) value(record *kafka.Record) ([]byte, error) {
	if record.Value == nil {
		return nil, nil
	}
	value := r.values.take(record.Value.Len())
	_, err := io.ReadFull(record.Value, value)
	return value, err
}
