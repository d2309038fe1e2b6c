package eventlog

import (
	"context"
	"io"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/repeats"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// eventReader reads the events of a partition, of all measurements or of those that pass a filter, without repeats.
type eventReader struct {
	recordReader
	filter  *measurementFilter // nil for all measurements
	repeats *repeats.Finder
	header  headerDecoder
	event   atlas.Event // of the record that is being read
	values  byteArena

	last     lastEvent // wanted or not
	doubted  bool      // the log may be another one than that of the last event
	knownEnd int64     // of the log when it was last known to be the same
	checked  time.Time // when that was
}

// newEventReader returns a reader of the events from an offset on. It also reads those before it that may be repeated.
func (l *Log) newEventReader(p partition, filter *measurementFilter, first, wanted int64, kind string) eventReader {
	horizon := l.config.RepeatHorizon
	reader := eventReader{recordReader: l.newRecordReader(p, wanted, kind), filter: filter, repeats: repeats.New(horizon)}
	//mutate:reader-without-horizon
	reader.next = max(first, wanted-int64(horizon))
	return reader
}

// takeResponse does what that of a recordReader does, once the log is known to be the same as before.
func (r *eventReader) takeResponse(ctx context.Context, response *kafka.FetchResponse, err error, take func(*kafka.Record) error) error {
	if err := r.checkLog(ctx, err != nil); err != nil {
		return err
	}
	return r.recordReader.takeResponse(ctx, response, err, take)
}

// accept decodes a record into event and reports whether the event is wanted: it passes the filter, is no repeat and not before the first wanted offset.
func (r *eventReader) accept(record *kafka.Record) (bool, error) {
	excluded, err := r.filter.excludes(record.Key)
	if excluded || err != nil {
		return false, err
	}
	if err := r.decode(record, &r.event); err != nil {
		return false, err
	}
	if r.event.ID == (atlas.EventID{}) {
		r.counts.undecodable++
		return false, nil
	}
	r.last = lastEvent{record.Offset, r.event.ID.Identity()}
	return r.filter.has(r.event.Measurement) && r.isNew(record.Offset), nil
}

// decode decodes an event from a record's header or, if a foreign producer has written none, from its value. The event has a value if that was read, and no ID
// if the record is no event. An error says that the record could not be read.
func (r *eventReader) decode(record *kafka.Record, event *atlas.Event) error {
	event.Value = nil
	if record.Value != nil && record.Value.Len() > 0 && r.header.decode(record.Headers, event) {
		return nil
	}
	value, err := r.value(record)
	if err != nil {
		return err
	}
	if *event, err = parseForeignValue(r.topic, value); err != nil {
		r.skipped(record.Offset, err)
		*event = atlas.Event{}
	}
	return nil
}

func (r *eventReader) value(record *kafka.Record) ([]byte, error) {
	if record.Value == nil {
		return nil, nil
	}
	value := r.values.allocate(record.Value.Len())
	_, err := io.ReadFull(record.Value, value)
	return value, err
}

func (r *eventReader) isNew(offset int64) bool {
	repeat := r.repeats.Add(offset, r.event.ID)
	if repeat && offset >= r.wanted {
		r.counts.repeats++
	}
	return !repeat && offset >= r.wanted
}

// isValid reports whether a value can be delivered whose record has a valid header, which any producer may have copied. A record with an invalid value counts
// for repeats nevertheless, as readers see no more than its header before the first wanted offset.
func (r *eventReader) isValid(offset int64, value []byte) bool {
	err := atlas.CheckValue(value)
	if err != nil {
		r.counts.undecodable++
		r.skipped(offset, err)
	}
	return err == nil
}

func (r *eventReader) skipped(offset int64, why error) {
	r.logger.Warn("skipped a record that is no event", zap.Stringer("partition", r.partition), zap.Int64("offset", offset), zap.Error(why))
}
