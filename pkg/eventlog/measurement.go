package eventlog

import (
	"context"
	"errors"
	"io"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// MeasurementReader reads the records of one measurement, or of several, in one partition, in the order of offsets and without repeats. Records whose key names
// another measurement are passed over, their headers and values unread. It reads ahead no more than ReadAhead allows, and is used by one goroutine.
type MeasurementReader struct {
	reader
	measurements wantedMeasurements
	keys         keyReader
	to           int64
	event        atlas.Event // the one that is being read
	shelf        shelf
	answers      answers
	ahead        []*atlas.Record // what was read last
	given        int             // of it
	taken        int             // bytes of its values
	held         int             // bytes of those that have not been given yet
	mostAhead    int             // the bound of what is read ahead
	asked        time.Time
	pay          func(ctx context.Context, records, bytes int64) error // as BeforeFetch has it
	paid         int64                                                 // what stands before this offset is paid for
	unpaid       int64                                                 // bytes of values behind it, as far as they were gone through
}

// Measurement is Measurements for one of them, in whichever partition of the topic it is.
func (h *History) Measurement(ctx context.Context, topic string, measurement atlas.MeasurementID, from, to int64) (*MeasurementReader, error) {
	number, err := h.Partition(ctx, topic, measurement)
	if err != nil {
		return nil, err
	}
	return h.Measurements(ctx, topic, number, []atlas.MeasurementID{measurement}, from, to)
}

// Measurements reads the records of one measurement or more, all of one partition, from an offset to before another, or to the log's end as it is now. Which of
// them are repeats is found out as Range does it. Next reads, and Close must be called. An *OffsetGoneError tells what the log has where it does not have from.
func (h *History) Measurements(
	ctx context.Context, topic string, number int, measurements []atlas.MeasurementID, from, to int64,
) (*MeasurementReader, error) {
	if len(measurements) == 0 {
		return nil, errors.New("measurements: got none, want at least one")
	}
	first, to, err := h.within(ctx, topic, number, from, to)
	if err != nil {
		return nil, err
	}
	return h.log.newMeasurementReader(h.log.partition(topic, number), wantMeasurements(measurements), first, from, to), nil
}

// within gives the partition's first offset, and the end where the log has one before it.
func (h *History) within(ctx context.Context, topic string, number int, from, to int64) (first, end int64, err error) {
	first, next, err := h.Bounds(ctx, topic, number)
	if err == nil && (from < first || from > next) {
		err = &OffsetGoneError{Topic: topic, Partition: number, Offset: from, First: first, Next: next}
	}
	return first, min(to, next), err
}

func (l *Log) newMeasurementReader(p partition, measurements wantedMeasurements, first, from, to int64) *MeasurementReader {
	reader := l.newReader(p, first, from, "measurement")
	reader.most = leastAnswer
	return &MeasurementReader{
		reader:       *reader,
		measurements: measurements,
		to:           to,
		mostAhead:    defaultAhead,
	}
}

// Next gives the next record, or io.EOF behind the last one. While Kafka does not answer, it asks again until the context ends. An *OffsetGoneError says
// that the log does not have the next record any more.
func (m *MeasurementReader) Next(ctx context.Context) (*atlas.Record, error) {
	for m.given == len(m.ahead) {
		if m.atEnd() {
			return nil, io.EOF
		}
		if err := m.refill(ctx); err != nil {
			return nil, err
		}
	}
	record := m.ahead[m.given]
	m.ahead[m.given] = nil
	m.given++
	m.held -= len(record.Value)
	if m.hasRoom() && !m.atEnd() {
		m.answers.ask(ctx, m)
	}
	return record, nil
}

// Ready tells that Next will not ask Kafka.
func (m *MeasurementReader) Ready() bool { return m.given < len(m.ahead) || m.atEnd() }

func (m *MeasurementReader) atEnd() bool { return m.wanted >= m.to || m.next >= m.to }

// Close ends the use of the reader.
func (m *MeasurementReader) Close() {
	m.answers.close()
	m.close()
}

func (m *MeasurementReader) refill(ctx context.Context) error {
	if err := m.payForRead(ctx); err != nil {
		return err
	}
	return m.persistEach(ctx, func() error {
		response, err := m.answers.next(ctx, m)
		m.ahead, m.given, m.taken, m.held = m.ahead[:0], 0, 0, 0
		_, err = m.takeAnswer(ctx, response, err, m.take)
		return err
	})
}

// errEnough ends the reading of an answer.
var errEnough = errors.New("enough was read")

func (m *MeasurementReader) take(record *kafka.Record) error {
	if record.Offset < m.next { // brokers send whole batches
		return nil
	}
	if record.Offset >= m.to {
		m.next = m.to
		return errEnough
	}
	if m.taken >= m.mostAhead {
		return errEnough
	}
	size := sizeOf(record)
	others, err := m.isOthers(record)
	if err == nil && !others {
		err = m.takeOurs(record)
	}
	if err != nil {
		return err
	}
	m.counts.read++
	m.unpaid += size
	m.next = record.Offset + 1
	return nil
}

// isOthers tells that a record's key names another measurement.
func (m *MeasurementReader) isOthers(record *kafka.Record) (bool, error) {
	if m.measurements.beginsHeader(record.Headers) {
		return false, nil
	}
	named, err := m.keys.measurement(record.Key)
	return named != 0 && !m.measurements.has(named), err
}

// takeOurs takes a record of a wanted measurement, or one whose key does not tell.
func (m *MeasurementReader) takeOurs(record *kafka.Record) error {
	event := &m.event
	if err := m.decode(record, event); err != nil {
		return err
	}
	if event.ID == (atlas.EventID{}) {
		m.counts.undecodable++
		return nil
	}
	if !m.measurements.has(event.Measurement) || !m.isNew(record.Offset, event.ID) {
		return nil
	}
	ours, err := m.shelf.copy(record, event)
	if err != nil {
		return err
	}
	if event.Value == nil && !m.isSound(record.Offset, ours.Value) {
		return nil
	}
	ours.Position.Topic, ours.Position.Partition = m.topic, m.number
	m.taken += len(ours.Value)
	m.held += len(ours.Value)
	m.ahead = append(m.ahead, ours)
	return nil
}

// persistEach reads until it succeeds, the record is gone or the context ends.
func (r *reader) persistEach(ctx context.Context, read func() error) error {
	return retry(ctx, func() error {
		err := read()
		if err != nil {
			r.metrics.errors.Inc()
		}
		return err
	})
}
