package eventlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// Reader reads the events of a partition between two offsets, of all measurements or of some, in the order of offsets and without repeats. A filtered reader
// skips records whose key names another measurement without reading their headers and values. It reads ahead as far as ReadAhead allows, and is used by one
// goroutine.
type Reader struct {
	eventReader
	to        int64
	slab      recordSlab
	prefetch  prefetch
	ahead     []*atlas.Record // of the last response
	given     int             // of these
	taken     int             // bytes of their values
	held      int             // bytes of the values that have not been given yet
	readAhead int             // the limit, in bytes of values
	pay       func(ctx context.Context, records, bytes int64) error
	paid      int64 // the records before this offset are paid for
	unpaid    int64 // bytes of the values that have been read since
	sharing   *sharedPartition
}

func (l *Log) newReader(p partition, filter *measurementFilter, first, from, to int64, kind string) *Reader {
	reader := &Reader{eventReader: l.newEventReader(p, filter, first, from, kind), to: to, readAhead: defaultReadAhead}
	reader.maxBytes = minResponse
	reader.sharing = l.shared.join(p, l.metrics.reusedBatches.WithLabelValues(p.topic))
	return reader
}

// ReadAhead limits the values that are read ahead, in bytes; one record more is read in any case. It is called before Next.
func (r *Reader) ReadAhead(bytes int) { r.readAhead = bytes }

// BeforeFetch has pay called before each fetch, with how many records of the partition were read since the last one, wanted or not, and with the bytes of their
// values. Next fails with its error. It is called before Next.
func (r *Reader) BeforeFetch(pay func(ctx context.Context, records, bytes int64) error) {
	r.pay, r.paid = pay, r.next
}

// Next returns the next record, or io.EOF after the last one. While Kafka does not answer, it retries until the context ends. An *OffsetGoneError says
// that the log does not have the next record any more. Other readers may be given the same record: it must not be changed.
func (r *Reader) Next(ctx context.Context) (*atlas.Record, error) {
	more, err := r.fill(ctx)
	switch {
	case errors.Is(err, io.EOF): // which is not the end of the log
		return nil, fmt.Errorf("%w: kafka closed the connection", cmp.Or(ctx.Err(), io.ErrUnexpectedEOF))
	case err != nil:
		return nil, err
	case !more:
		return nil, io.EOF
	}
	return r.pop(ctx), nil
}

// fill reports whether there is another record, and fetches until it is in memory.
func (r *Reader) fill(ctx context.Context) (bool, error) {
	for r.given == len(r.ahead) {
		if r.atEnd() {
			return false, nil
		}
		if err := r.refill(ctx); err != nil {
			return false, err
		}
	}
	return true, nil
}

func (r *Reader) pop(ctx context.Context) *atlas.Record {
	record := r.ahead[r.given]
	r.ahead[r.given] = nil
	r.given++
	r.held -= len(record.Value)
	if r.hasRoom() && !r.atEnd() {
		r.prefetch.start(ctx, r)
	}
	return record
}

// Ready reports whether Next returns without a fetch.
func (r *Reader) Ready() bool { return r.given < len(r.ahead) || r.atEnd() }

func (r *Reader) atEnd() bool { return r.wanted >= r.to || r.next >= r.to }

// Position returns the offset at which Next resumes: the records before it have been given, or skipped as those of other measurements, repeats or no events.
func (r *Reader) Position() int64 {
	//mutate:reader-skips-read-ahead
	if r.given < len(r.ahead) {
		return r.ahead[r.given].Position.Offset
	}
	if r.atEnd() {
		return max(r.wanted, r.to)
	}
	return max(r.wanted, r.next)
}

// Close releases the reader.
func (r *Reader) Close() {
	r.prefetch.close()
	r.close()
	r.sharing.leave()
	r.sharing = nil // readers may be closed twice
}

func (r *Reader) refill(ctx context.Context) error {
	if err := r.payForRead(ctx); err != nil {
		return err
	}
	return r.readWithRetry(ctx, func() error {
		response, err := r.prefetch.wait(ctx, r)
		r.sharing.offer(response)
		r.ahead, r.given, r.taken, r.held = r.ahead[:0], 0, 0, 0
		return r.takeResponse(ctx, response, err, r.take)
	})
}

func (r *Reader) payForRead(ctx context.Context) error {
	read := r.next - r.paid
	if r.pay == nil || read <= 0 {
		return nil
	}
	bytes := r.unpaid
	r.paid, r.unpaid = r.next, 0
	return r.pay(ctx, read, bytes)
}

// errStop ends the reading of a response.
var errStop = errors.New("enough was read")

func (r *Reader) take(record *kafka.Record) error {
	if record.Offset < r.next { // brokers send whole batches
		return nil
	}
	if record.Offset >= r.to {
		r.next = r.to
		return errStop
	}
	if r.taken >= r.readAhead {
		return errStop
	}
	size := valueSize(record)
	wanted, err := r.accept(record)
	if wanted {
		err = r.keep(record)
	}
	if err != nil {
		return err
	}
	r.unpaid += size
	r.passed(record)
	return nil
}

// keep keeps the accepted event.
func (r *Reader) keep(fetched *kafka.Record) error {
	record, err := r.lasting(fetched)
	if record == nil || err != nil {
		return err
	}
	r.taken += len(record.Value)
	r.held += len(record.Value)
	r.ahead = append(r.ahead, record)
	return nil
}

// lasting returns the accepted event in memory that lasts, be it that another reader has checked it. It is nil if its value cannot be delivered.
func (r *Reader) lasting(fetched *kafka.Record) (*atlas.Record, error) {
	shared, is := fetched.Value.(*sharedValue)
	if !is {
		return r.copy(fetched)
	}
	if known := shared.event.Load(); known != nil {
		return known, nil
	}
	record, err := r.copy(fetched)
	if record != nil && err == nil {
		shared.event.Store(record)
	}
	return record, err
}

// copy copies the accepted event, unless its value cannot be delivered.
func (r *Reader) copy(fetched *kafka.Record) (*atlas.Record, error) {
	record, err := r.slab.copy(fetched, &r.event)
	if err != nil || r.event.Value == nil && !r.isValid(fetched.Offset, record.Value) {
		return nil, err
	}
	record.Position.Topic, record.Position.Partition = r.topic, r.number
	return record, nil
}
