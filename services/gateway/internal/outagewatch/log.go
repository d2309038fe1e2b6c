package outagewatch

import (
	"context"
	"iter"
	"time"

	"atlasstream/pkg/atlas"
)

// Log is the topic of connection events. Its methods wait for Kafka as long as the context lasts.
type Log interface {
	// Bounds gives the offset of the first event, and the offset that the next one will have.
	Bounds(ctx context.Context) (first, next int64, err error)
	// OffsetAt gives the offset of the first event that is not older than a time, or what the next one will have.
	OffsetAt(ctx context.Context, at time.Time) (int64, error)
	// Events are those from an offset to before another, without repeats.
	Events(ctx context.Context, from, to int64) iter.Seq2[atlas.Record, error]
	// Follow has the events from an offset on delivered to Watch.Deliver, once it has called attach, under the lock of deliveries, with those that were
	// delivered before. It is not found where those are not in memory any more; else it is to be released once.
	Follow(ctx context.Context, offset int64, attach func(missed []atlas.Record)) (release func(), found bool, err error)
}
