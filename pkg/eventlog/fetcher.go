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
	// fetchWait is how long a broker holds a fetch for which it has nothing; what comes in meanwhile is answered at once.
	fetchWait = time.Second
	// fetchTimeout is when a broker that does not answer at all is given up at the earliest, and twice that at the latest.
	fetchTimeout = fetchWait + 5*time.Second
	// fetchBytes bounds an answer as the broker holds it, compressed; one whole batch comes in any case.
	fetchBytes = 1 << 20
)

// fetcher fetches a partition's batches in the order of offsets. It is used by one goroutine.
type fetcher struct {
	partition
	next     int64 // the offset that is read next
	end      int64 // the log's end as the last fetch saw it, below which everything is committed or aborted
	held     int64 // how many offsets stand behind that, which a transaction keeps from being read until it ends
	limit    fetchLimit
	maxBytes int64 // bytes of an answer; 0 for fetchBytes
	minBytes int64 // of them, where the last answer was too short for a batch
}

// fetch asks for what stands at next and behind it. The error kafka.OffsetOutOfRange says that the log does not have that offset.
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

// close ends the use of the fetcher.
func (f *fetcher) close() { f.limit.end() }

// takeEach hands on the records of an answer, and passes what stands behind the last one that was read: batches that were left out, and records that compaction
// took.
func (f *fetcher) takeEach(records kafka.RecordReader, take func(*kafka.Record) error) error {
	before := f.next
	if err := eachRecord(records, take); err != nil {
		return err
	}
	behind := nextAfter(records)
	if behind > 0 && behind <= before {
		return fmt.Errorf("the broker sends nothing but what stands before offset %d", behind)
	}
	f.next = max(f.next, behind)
	return nil
}

// nextAfterUnreadable gives the offset at which to go on behind a batch that cannot be read: no further than the log goes, as its header may be what is damaged.
func (f *fetcher) nextAfterUnreadable(batch *unreadableError) int64 {
	return max(f.next+1, min(batch.next, f.end))
}

// goneAt tells what the log has where it does not have what comes next in such a way that it can be read.
func (f *fetcher) goneAt(batch *unreadableError) *OffsetGoneError {
	behind := f.nextAfterUnreadable(batch)
	return &OffsetGoneError{Topic: f.topic, Partition: f.number, Offset: f.next, First: behind, Next: max(behind, f.end), Unreadable: batch}
}

// reportUnreadable tells why what comes next was not read: as it stands in a batch that cannot be read, which is counted and logged, or for the error that it gives.
func (f *fetcher) reportUnreadable(err error, metrics readMetrics, logger *zap.Logger) (*OffsetGoneError, error) {
	batch, is := errors.AsType[*unreadableError](err)
	if !is {
		return nil, fmt.Errorf("%s: offset %d: %w", f.partition, f.next, err)
	}
	gone := f.goneAt(batch)
	metrics.unreadable.Inc()
	logger.Error("a batch in the log cannot be read, and is left out", zap.Error(gone))
	return gone, nil
}

// eachRecord hands on the records of an answer, which are valid during the call only.
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

// valueSize is the length of a record's value, which is decompressed by then, read or not.
func valueSize(record *kafka.Record) int64 {
	if record.Value == nil {
		return 0
	}
	return int64(record.Value.Len())
}

// fetchLimit gives fetches a deadline. Several share one context, as making one for each costs a busy tail more than decoding its records does.
type fetchLimit struct {
	ctx      context.Context
	cancel   context.CancelFunc
	deadline time.Time
}

// on gives a context that ends no sooner than fetchTimeout from now, nor later than twice that.
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
