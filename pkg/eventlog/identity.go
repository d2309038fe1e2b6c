package eventlog

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// lastEvent identifies a log by the last event that was read of it.
type lastEvent struct {
	offset   int64
	identity uint64 // 0 before the first
}

// checkLog compares the last event that was read with what the log has at its offset, if the log may be another one: after a fetch that failed, and if its end
// has fallen. An *OffsetGoneError says that it is another one.
func (r *eventReader) checkLog(ctx context.Context, hasFailed bool) error {
	//mutate:another-log-unseen
	if hasFailed || r.end < r.knownEnd {
		r.doubted = true
	}
	if hasFailed {
		return nil
	}
	if r.doubted && r.last.identity != 0 {
		if err := r.compareLast(ctx); err != nil {
			return err
		}
	}
	r.doubted, r.knownEnd, r.checked = false, r.end, time.Now()
	return nil
}

func (r *eventReader) compareLast(ctx context.Context) error {
	id, found, err := r.eventAt(ctx, r.last.offset)
	switch {
	case isUnreadable(err): // it was readable before, so its log is damaged, and not another one
		return nil
	case err != nil:
		return err
	case found && id.Identity() == r.last.identity:
		return nil
	}
	first, next, err := r.bounds(ctx)
	if err != nil {
		return err
	}
	if r.last.offset < first { // retention has deleted it
		return nil
	}
	return &OffsetGoneError{Topic: r.topic, Partition: r.number, Offset: r.next, First: first, Next: next, Recreated: r.last.offset < next}
}

// forgetLog has what is read next be of another log.
func (r *eventReader) forgetLog() {
	r.repeats.Reset() // which needs rising offsets
	r.last, r.doubted, r.knownEnd = lastEvent{}, false, 0
}

// eventAt returns the ID of the event at an offset.
func (p partition) eventAt(ctx context.Context, offset int64) (id atlas.EventID, found bool, err error) {
	err = p.visitAt(ctx, offset, func(record *kafka.Record) (err error) {
		id, found, err = p.eventID(record)
		return err
	})
	return id, found, err
}

// eventID reads the ID from the header or, for records of foreign producers, makes it of the value.
func (p partition) eventID(record *kafka.Record) (id atlas.EventID, is bool, err error) {
	var header headerDecoder
	var event atlas.Event
	if record.Value != nil && record.Value.Len() > 0 && header.decode(record.Headers, &event) {
		return event.ID, true, nil
	}
	value, err := readBytes(nil, record.Value)
	if err != nil {
		return id, false, err
	}
	event, err = parseForeignValue(p.topic, value)
	return event.ID, err == nil, nil
}
