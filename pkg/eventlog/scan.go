package eventlog

import (
	"context"
	"errors"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// ScanWithin visits the records of a partition from an offset to before another, including repeats, with their measurement, 0 if the key names none, and
// their time. It reads neither headers nor values, and skips unreadable batches. It ends when visit returns false, after the record with which the
// values exceed a limit in bytes, or with an error as that of Range. It returns the offset before which all records were visited, and the bytes of their
// values. fetched is called with the size of all that Kafka has sent: records come in batches, which are decompressed as a whole.
func (h *History) ScanWithin(
	ctx context.Context, topic string, number int, from, to, limit int64,
	visit func(measurement atlas.MeasurementID, at time.Time) bool, fetched func(records, bytes int64),
) (next, bytes int64, err error) {
	_, to, err = h.within(ctx, topic, number, from, to)
	if err != nil {
		return from, 0, err
	}
	scanner := scanner{recordReader: h.log.newRecordReader(h.log.partition(topic, number), from, "scan"), to: to, limit: limit, visit: visit, fetched: fetched}
	scanner.maxBytes = responseFor(to - from)
	defer scanner.close()
	err = scanner.run(ctx)
	return min(scanner.next, to), scanner.bytes, err
}

// responseFor limits a response that need not have more than that many records.
func responseFor(records int64) int64 {
	const bytesOfRecord = 1 << 10 // or less, as the broker holds them
	return max(firstResponse, min(records*bytesOfRecord, fetchBytes))
}

// scanner is the state of a ScanWithin.
type scanner struct {
	recordReader
	to      int64
	limit   int64 // bytes
	visit   func(measurement atlas.MeasurementID, at time.Time) bool
	fetched func(records, bytes int64)
	keys    keyReader
	bytes   int64
	ended   bool

	passedRecords, passedBytes int64 // of a response, before and after the wanted range
}

func (s *scanner) run(ctx context.Context) error {
	read := func() error { return s.readResponse(ctx) }
	for s.next < s.to && !s.ended {
		err := s.readWithRetry(ctx, read)
		if gone, ok := errors.AsType[*OffsetGoneError](err); ok && gone.Unreadable != nil {
			s.next, err = gone.First, nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readResponse fetches once, and reports the size of what it fetched.
func (s *scanner) readResponse(ctx context.Context) error {
	response, err := s.fetch(ctx)
	if err != nil {
		return s.takeResponse(ctx, nil, err, s.take)
	}
	s.passedRecords, s.passedBytes = 0, 0
	before := s.bytes
	err = s.takeResponse(ctx, response, nil, s.take)
	records, bytes := int64(s.counts.read)+s.passedRecords, s.bytes-before+s.passedBytes
	if unread, ok := response.Records.(*committedRecords); ok {
		restRecords, restBytes := unread.rest()
		records, bytes = records+restRecords, bytes+restBytes
	}
	s.fetched(records, bytes)
	return err
}

func (s *scanner) take(record *kafka.Record) error {
	if record.Offset < s.next || record.Offset >= s.to {
		s.passedRecords++
		s.passedBytes += valueSize(record)
	}
	if record.Offset < s.next {
		return nil
	}
	if record.Offset >= s.to {
		s.next = s.to
		return errStop
	}
	named, err := s.keys.measurement(record.Key)
	if err != nil {
		return err
	}
	s.counts.read++
	s.bytes += valueSize(record)
	s.next = record.Offset + 1
	if s.ended = !s.visit(named, record.Time.UTC()) || s.bytes >= s.limit; s.ended {
		return errStop
	}
	return nil
}
