package eventlog

import (
	"context"
	"fmt"
	"iter"
	"time"

	"atlasstream/pkg/atlas"
)

// History reads what the log has. While Kafka does not answer, it asks again until the context ends.
type History struct{ log *Log }

// History gives the log's past.
func (l *Log) History() *History { return &History{log: l} }

// Partition gives the partition of a topic that has a measurement's records. A *PartitionsChangedError says that there is not one such partition.
func (h *History) Partition(ctx context.Context, topic string, measurement atlas.MeasurementID) (int, error) {
	partitions, err := h.log.rightCount(ctx, topic)
	if err != nil {
		return 0, err
	}
	return PartitionOf(measurement, partitions), nil
}

// Partitions gives the number of a topic's partitions.
func (h *History) Partitions(ctx context.Context, topic string) (int, error) {
	return h.log.partitionCount(ctx, topic)
}

// Bounds gives the offset of a partition's first record, and the offset that its next record will have.
func (h *History) Bounds(ctx context.Context, topic string, number int) (first, next int64, err error) {
	partition, err := h.log.existing(ctx, topic, number)
	if err != nil {
		return 0, 0, err
	}
	err = retry(ctx, func() (err error) {
		first, next, err = partition.bounds(ctx)
		return err
	})
	return first, next, err
}

// OffsetAt gives the least offset whose record's time is at or after the given one, or the log's end where there is none. Records after it may have an
// earlier time, as results come late; every record before it has.
func (h *History) OffsetAt(ctx context.Context, topic string, number int, at time.Time) (offset int64, err error) {
	partition, err := h.log.existing(ctx, topic, number)
	if err != nil {
		return 0, err
	}
	err = retry(ctx, func() (err error) {
		offset, err = partition.offsetAt(ctx, at)
		return err
	})
	return offset, err
}

// Range reads a partition from an offset to before another, or to the log's end as it is when Range begins, without repeats. An error is the last thing
// that it yields; an *OffsetGoneError tells what the log has where it does not have from, or has no more what comes next.
func (h *History) Range(ctx context.Context, topic string, number int, from, to int64) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		reader, to, err := h.open(ctx, topic, number, from, to)
		if err != nil {
			yield(atlas.Record{}, err)
			return
		}
		defer reader.close()
		reader.readTo(ctx, to, yield)
	}
}

func (r *reader) readTo(ctx context.Context, to int64, yield func(atlas.Record, error) bool) {
	for r.wanted < to && r.next < to {
		records, err := r.persist(ctx)
		if err != nil {
			yield(atlas.Record{}, err)
			return
		}
		for _, record := range records {
			if record.Position.Offset >= to || !yield(record, nil) {
				return
			}
		}
	}
}

func (h *History) open(ctx context.Context, topic string, number int, from, to int64) (*reader, int64, error) {
	first, next, err := h.Bounds(ctx, topic, number)
	if err != nil {
		return nil, 0, err
	}
	if from < first || from > next {
		return nil, 0, &OffsetGoneError{Topic: topic, Partition: number, Offset: from, First: first, Next: next}
	}
	return h.log.newReader(h.log.partition(topic, number), first, from, "history"), min(to, next), nil
}

// persist reads until it succeeds, the record is gone or the context ends.
func (r *reader) persist(ctx context.Context) (records []atlas.Record, err error) {
	err = retry(ctx, func() error {
		records, err = r.read(ctx)
		if err != nil {
			r.metrics.errors.Inc()
		}
		return err
	})
	return records, err
}

// existing refuses a partition that the topic does not have; a broker would have one ask for it for ever.
func (l *Log) existing(ctx context.Context, topic string, number int) (partition, error) {
	partitions, err := l.partitionCount(ctx, topic)
	if err == nil && (number < 0 || number >= partitions) {
		err = fmt.Errorf("%s: partition: got %d, want 0 to %d", topic, number, partitions-1)
	}
	return l.partition(topic, number), err
}
