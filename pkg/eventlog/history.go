package eventlog

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// History reads the log. While Kafka does not answer, it retries until the context ends.
type History struct{ log *Log }

// History returns a reader of the log's past.
func (l *Log) History() *History { return &History{log: l} }

// Partition returns the partition of a topic that has a measurement's records. A *PartitionsChangedError says that there is not one such partition.
func (h *History) Partition(ctx context.Context, topic string, measurement atlas.MeasurementID) (int, error) {
	partitions, err := h.log.checkedPartitionCount(ctx, topic)
	if err != nil {
		return 0, err
	}
	return PartitionOf(measurement, partitions), nil
}

// Partitions returns the number of a topic's partitions.
func (h *History) Partitions(ctx context.Context, topic string) (int, error) {
	return h.log.partitionCount(ctx, topic)
}

// Bounds returns the offset of a partition's first record, and the offset that its next record will have.
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

// BoundsSince returns the Bounds of a partition and OffsetAt a time, by one request.
func (h *History) BoundsSince(ctx context.Context, topic string, number int, at time.Time) (first, next, since int64, err error) {
	partition, err := h.log.existing(ctx, topic, number)
	if err != nil {
		return 0, 0, 0, err
	}
	err = retry(ctx, func() (err error) {
		first, next, since, err = partition.boundsSince(ctx, at)
		return err
	})
	return first, next, since, err
}

// OffsetAt returns the least offset whose record's time is at or after the given one, or the log's end if there is none. Later offsets may have an
// earlier time, as some results arrive late; every earlier offset has one.
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

// EventAt returns the ID of the event at an offset, be it a repeat or not, by one fetch. It is not found if the log has no readable event there.
func (h *History) EventAt(ctx context.Context, topic string, number int, offset int64) (id atlas.EventID, found bool, err error) {
	partition, err := h.log.existing(ctx, topic, number)
	if err != nil {
		return id, false, err
	}
	err = retry(ctx, func() (err error) {
		id, found, err = partition.eventAt(ctx, offset)
		if isUnreadable(err) {
			return nil
		}
		return err
	})
	return id, found, err
}

// Range reads a partition from an offset to before another, or to the log's end as it is when Range begins, without repeats. An error is the last thing
// that it yields; an *OffsetGoneError has the log's bounds if they do not include from, or do not include the next record any more.
func (h *History) Range(ctx context.Context, topic string, number int, from, to int64) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		reader, err := h.open(ctx, topic, number, nil, from, to, "history")
		if err != nil {
			yield(atlas.Record{}, err)
			return
		}
		defer reader.Close()
		for {
			more, err := reader.fill(ctx)
			if err != nil {
				yield(atlas.Record{}, err)
				return
			}
			if !more || !yield(*reader.pop(ctx), nil) {
				return
			}
		}
	}
}

// Measurement is Measurements for one of them, in whichever partition of the topic it is.
func (h *History) Measurement(ctx context.Context, topic string, measurement atlas.MeasurementID, from, to int64) (*Reader, error) {
	number, err := h.Partition(ctx, topic, measurement)
	if err != nil {
		return nil, err
	}
	return h.Measurements(ctx, topic, number, []atlas.MeasurementID{measurement}, from, to)
}

// Measurements reads the records of one measurement or more, all of one partition, from an offset to before another, or to the log's end as it is now. It finds
// the same repeats as Range. The Reader must be closed. An *OffsetGoneError has the log's bounds if they do not include from.
func (h *History) Measurements(
	ctx context.Context, topic string, number int, measurements []atlas.MeasurementID, from, to int64,
) (*Reader, error) {
	if len(measurements) == 0 {
		return nil, errors.New("measurements: got none, want at least one")
	}
	return h.open(ctx, topic, number, newMeasurementFilter(measurements), from, to, "measurement")
}

func (h *History) open(ctx context.Context, topic string, number int, filter *measurementFilter, from, to int64, kind string) (*Reader, error) {
	first, to, err := h.within(ctx, topic, number, from, to)
	if err != nil {
		return nil, err
	}
	return h.log.newReader(h.log.partition(topic, number), filter, first, from, to, kind), nil
}

// within returns the partition's first offset, and the end where the log has one before it.
func (h *History) within(ctx context.Context, topic string, number int, from, to int64) (first, end int64, err error) {
	first, next, err := h.Bounds(ctx, topic, number)
	if err == nil && (from < first || from > next) {
		err = &OffsetGoneError{Topic: topic, Partition: number, Offset: from, First: first, Next: next}
	}
	return first, min(to, next), err
}

// ArchiveDelay is how long after its creation a topic may be missing in the Archives of others: what a Log knows of topics is metadataTTL old, and as long on
// its way.
const ArchiveDelay = 2 * metadataTTL

// Archives lists the topics of imported archives by name. It asks a broker each time: foreign producers do not wait until all clients know a new topic, and a
// replay that has missed one does not look for it again.
func (h *History) Archives(ctx context.Context) (topics []string, err error) {
	err = retry(ctx, func() error {
		topics, err = h.log.archives(ctx)
		return err
	})
	return topics, err
}

func (l *Log) archives(ctx context.Context) (topics []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	known, err := l.freshTopics(ctx)
	if err != nil {
		return nil, err
	}
	for _, topic := range known {
		if IsArchiveTopic(topic.Name) && kafka.Error(topic.ErrorCode) != kafka.UnknownTopicOrPartition {
			topics = append(topics, topic.Name)
		}
	}
	slices.Sort(topics)
	return topics, nil
}
