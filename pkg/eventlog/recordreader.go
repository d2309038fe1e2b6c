package eventlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// recordReader reads the records of a partition in the order of offsets. It is used by one goroutine.
type recordReader struct {
	fetcher
	wanted  int64 // an unreadable batch before it is skipped
	counts  readCounts
	metrics readMetrics
	logger  *zap.Logger
}

// readCounts counts the records of a response.
type readCounts struct{ read, repeats, undecodable int }

func (l *Log) newRecordReader(p partition, from int64, kind string) recordReader {
	return recordReader{fetcher: fetcher{partition: p, next: from}, wanted: from, metrics: l.metrics.reading(p.topic, kind), logger: l.logger}
}

// read fetches once and calls take for each record; take moves next. An *OffsetGoneError says that the log does not have the next record.
func (r *recordReader) read(ctx context.Context, take func(*kafka.Record) error) error {
	response, err := r.fetch(ctx)
	return r.takeResponse(ctx, response, err, take)
}

// takeResponse does what read does, with the result of a fetch.
func (r *recordReader) takeResponse(ctx context.Context, response *kafka.FetchResponse, err error, take func(*kafka.Record) error) error {
	if errors.Is(err, kafka.OffsetOutOfRange) {
		return r.gone(ctx)
	}
	if err != nil {
		return err
	}
	r.counts = readCounts{}
	before := r.next
	if err := r.takeEach(response.Records, take); err != nil && r.next == before { // after progress, the next read meets the error again
		if err := r.failed(err); err != nil {
			return err
		}
	}
	r.metrics.observe(r.counts)
	return nil
}

// failed returns why the next record was not read. It skips an unreadable batch if none of its records is wanted.
func (r *recordReader) failed(err error) error {
	gone, err := r.reportUnreadable(err, r.metrics, r.logger)
	if err != nil {
		return err
	}
	if r.next < r.wanted {
		r.next = min(gone.First, r.wanted)
		return nil
	}
	return gone
}

// gone returns an error with the offsets that the log has, if it does not have the next one. A broker that has just become the leader may say so wrongly.
func (r *recordReader) gone(ctx context.Context) error {
	first, next, err := r.bounds(ctx)
	if err != nil {
		return err
	}
	//mutate:retention-in-horizon-is-gap
	if r.next < r.wanted { // retention has deleted records that are not wanted
		r.next = min(max(r.next, first), r.wanted)
	}
	if first <= r.next && r.next <= next {
		return fmt.Errorf("%s: offset %d: %w", r.partition, r.next, kafka.OffsetOutOfRange)
	}
	return &OffsetGoneError{Topic: r.topic, Partition: r.number, Offset: r.next, First: first, Next: next}
}

// readWithRetry calls read until it succeeds, the next record is gone or the context ends.
func (r *recordReader) readWithRetry(ctx context.Context, read func() error) error {
	return retry(ctx, func() error {
		err := read()
		if err != nil {
			r.metrics.errors.Inc()
		}
		return err
	})
}

// passed counts a record that was read.
func (r *recordReader) passed(record *kafka.Record) {
	r.counts.read++
	r.next = record.Offset + 1
}
