package api

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// Log is what the API reads. Its methods wait for Kafka until the context ends. A *protocol.Error is for the client.
type Log interface {
	// Archives lists the topics of imported archives.
	Archives(ctx context.Context) ([]string, error)
	// Partitions gives the number of a topic's partitions.
	Partitions(ctx context.Context, topic string) (int, error)
	// Bounds gives the offset of a partition's first record, and the offset that its next record will have.
	Bounds(ctx context.Context, topic string, partition int) (first, next int64, err error)
	// OffsetAt gives the offset of the first record that is not older than a time, or what the next one will have.
	OffsetAt(ctx context.Context, topic string, partition int, at time.Time) (int64, error)
	// Measurement reads the object of a measurement at the catalog's position of it; nil if it is gone.
	Measurement(ctx context.Context, position atlas.Position) ([]byte, error)
}

// lookUpsAtOnce is how many offsets one answer looks up in parallel.
const lookUpsAtOnce = 8

// partitionBounds are a partition's first offset and the offset of its next record.
type partitionBounds struct {
	topic       string
	partition   int
	first, next int64
}

// bounds looks up the bounds of each partition of the topics, in order.
func (a *API) bounds(ctx context.Context, account *readlimit.Account, topics []string) ([]partitionBounds, error) {
	var all []partitionBounds
	for _, topic := range topics {
		partitions, err := a.settings.Log.Partitions(ctx, topic)
		if err != nil {
			return nil, err
		}
		for number := range partitions {
			all = append(all, partitionBounds{topic: topic, partition: number})
		}
	}
	if err := account.PayLookUps(ctx, len(all)); err != nil {
		return nil, err
	}
	lookUps, ctx := errgroup.WithContext(ctx)
	lookUps.SetLimit(lookUpsAtOnce)
	for i := range all {
		one := &all[i]
		lookUps.Go(func() (err error) {
			one.first, one.next, err = a.settings.Log.Bounds(ctx, one.topic, one.partition)
			return err
		})
	}
	return all, lookUps.Wait()
}

// startOfLast returns the offset at which the last records begin.
func (s *partitionBounds) startOfLast(records int64) int64 { return max(s.first, s.next-records) }

// rateOf estimates how many records per second a partition takes whose last records have these times, in the log's order. It ignores the first quarter, which
// has late records.
func rateOf(times []time.Time, now time.Time) float64 {
	quarter := len(times) / 4
	return float64(len(times)-quarter) / max(1, now.Sub(times[quarter]).Seconds())
}
