package eventlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

const (
	// fetchWait is how long a broker holds a fetch without new records; it answers at once when some arrive.
	fetchWait = time.Second
	// fetchTimeout is the least time after which a fetch that a broker does not answer is cancelled; the most is twice that.
	fetchTimeout = fetchWait + 5*time.Second
	// fetchBytes limits a response, as the broker holds it, compressed; it has one complete batch in any case.
	fetchBytes = 1 << 20
)

// fetcher fetches a partition's batches in the order of offsets. It is used by one goroutine.
type fetcher struct {
	partition
	next     int64 // the offset of the next record
	end      int64 // the log's end at the last fetch, which is the last stable offset
	held     int64 // how many offsets after it are not readable before a transaction ends
	limit    fetchLimit
	maxBytes int64 // of a response; 0 for fetchBytes
	minBytes int64 // of the next response, if the last one was too short for a batch
}

// fetch fetches the records from next on. The error kafka.OffsetOutOfRange says that the log does not have that offset.
func (f *fetcher) fetch(ctx context.Context) (*kafka.FetchResponse, error) {
	response, err := f.broker.Fetch(f.limit.on(ctx), &kafka.FetchRequest{
		Topic:     f.topic,
		Partition: f.number,
		Offset:    f.next,
		MinBytes:  1,
		MaxBytes:  max(cmp.Or(f.maxBytes, fetchBytes), f.minBytes),
		MaxWait:   fetchWait,
	})
	f.minBytes = 0
	if cutOff, ok := errors.AsType[*cutOffError](err); ok {
		f.minBytes = min(cutOff.length, maxResponseSize)
	}
	if err != nil {
		f.limit.end()
		return nil, fmt.Errorf("%s: %w", f.partition, err)
	}
	if response.Error == nil && response.LogStartOffset > f.next {
		response.Error = kafka.OffsetOutOfRange
	}
	if response.Error != nil {
		return nil, fmt.Errorf("%s: offset %d: %w", f.partition, f.next, response.Error)
	}
	f.end, f.held = response.LastStableOffset, response.HighWatermark-response.LastStableOffset
	return response, nil
}

func isOutOfRange(err error) bool { return errors.Is(err, kafka.OffsetOutOfRange) }

// close releases the fetcher.
func (f *fetcher) close() { f.limit.end() }

// takeEach calls take for each record of a response, and then moves next past batches that were dropped and records that compaction has deleted.
func (f *fetcher) takeEach(records kafka.RecordReader, take func(*kafka.Record) error) error {
	before := f.next
	if err := eachRecord(records, take); err != nil {
		return err
	}
	next := nextAfter(records)
	if next > 0 && next <= before {
		return fmt.Errorf("the broker sends only records before offset %d", next)
	}
	f.next = max(f.next, next)
	return nil
}

// nextAfterUnreadable returns the offset after an unreadable batch, at most the log's end: its header may be damaged as well.
func (f *fetcher) nextAfterUnreadable(batch *unreadableError) int64 {
	return max(f.next+1, min(batch.next, f.end))
}

// goneAt returns the error for an unreadable batch.
func (f *fetcher) goneAt(batch *unreadableError) *OffsetGoneError {
	next := f.nextAfterUnreadable(batch)
	return &OffsetGoneError{Topic: f.topic, Partition: f.number, Offset: f.next, First: next, Next: max(next, f.end), Unreadable: batch}
}

// reportUnreadable counts and logs an unreadable batch, and returns where the log is readable again. It fails if err has another reason.
func (f *fetcher) reportUnreadable(err error, metrics readMetrics, logger *zap.Logger) (*OffsetGoneError, error) {
	batch, is := errors.AsType[*unreadableError](err)
	if !is {
		return nil, fmt.Errorf("%s: offset %d: %w", f.partition, f.next, err)
	}
	gone := f.goneAt(batch)
	metrics.unreadable.Inc()
	logger.Error("a batch in the log cannot be read, and is skipped", zap.Error(gone))
	return gone, nil
}

// eachRecord calls take for each record of a response, which is valid during the call only.
func eachRecord(records kafka.RecordReader, take func(*kafka.Record) error) error {
	for {
		record, err := records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(record); err != nil {
			return err
		}
	}
}

// visitAt calls visit with the record at an offset, if the log has it, by one fetch. An *OffsetGoneError says that its batch is unreadable.
func (p partition) visitAt(ctx context.Context, offset int64, visit func(*kafka.Record) error) error {
	fetcher := fetcher{partition: p, next: offset, maxBytes: firstResponse}
	defer fetcher.close()
	response, err := fetcher.fetch(ctx)
	if isOutOfRange(err) {
		return nil
	}
	if err != nil {
		return err
	}
	err = eachRecord(response.Records, func(record *kafka.Record) (err error) {
		if record.Offset < offset { // brokers send whole batches
			return nil
		}
		if record.Offset == offset {
			err = visit(record)
		}
		return cmp.Or(err, errStop)
	})
	if errors.Is(err, errStop) {
		return nil
	}
	if batch, ok := errors.AsType[*unreadableError](err); ok {
		return fetcher.goneAt(batch)
	}
	return err
}

// valueSize is the length of a record's value, which is decompressed by then, whether it is read or not.
func valueSize(record *kafka.Record) int64 {
	if record.Value == nil {
		return 0
	}
	return int64(record.Value.Len())
}

// fetchLimit sets deadlines for fetches. Several share a context, as creating one for each costs a busy tail more than decoding its records.
type fetchLimit struct {
	ctx      context.Context
	cancel   context.CancelFunc
	deadline time.Time
}

// on returns a context that ends no sooner than fetchTimeout from now, nor later than twice that.
func (l *fetchLimit) on(parent context.Context) context.Context {
	if time.Until(l.deadline) < fetchTimeout {
		l.end()
		l.deadline = time.Now().Add(2 * fetchTimeout)
		l.ctx, l.cancel = context.WithDeadline(parent, l.deadline)
	}
	return l.ctx
}

// end releases the context; the next fetch gets a new one.
func (l *fetchLimit) end() {
	if l.cancel != nil {
		l.cancel()
	}
	*l = fetchLimit{}
}
