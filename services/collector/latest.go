package collector

import (
	"context"
	"sort"
	"time"
)

// pastLog is what is asked of *eventlog.History.
type pastLog interface {
	Partitions(ctx context.Context, topic string) (int, error)
	Bounds(ctx context.Context, topic string, partition int) (first, next int64, err error)
	OffsetAt(ctx context.Context, topic string, partition int, at time.Time) (int64, error)
}

// latestEvent gives the time of the topic's latest event, to the second, or from if there is none after that; events after until do not count.
func latestEvent(ctx context.Context, log pastLog, topic string, from, until time.Time) (time.Time, error) {
	partitions, err := log.Partitions(ctx, topic)
	if err != nil {
		return time.Time{}, err
	}
	for partition := range partitions {
		if from, err = latestIn(ctx, log, topic, partition, from, until); err != nil {
			return time.Time{}, err
		}
	}
	return from, nil
}

// latestIn halves the time until it is known; Kafka finds the first record at or after a time by its index.
func latestIn(ctx context.Context, log pastLog, topic string, partition int, from, until time.Time) (time.Time, error) {
	_, next, err := log.Bounds(ctx, topic, partition)
	if err != nil {
		return time.Time{}, err
	}
	without := sort.Search(int(until.Sub(from)/time.Second)+1, func(seconds int) bool {
		if err != nil {
			return true
		}
		var offset int64
		offset, err = log.OffsetAt(ctx, topic, partition, from.Add(time.Duration(seconds)*time.Second))
		return offset >= next
	})
	return from.Add(time.Duration(max(without-1, 0)) * time.Second), err
}
