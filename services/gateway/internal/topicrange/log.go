package topicrange

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
)

// Log is where records are looked for. Its methods wait for Kafka as long as the context lasts.
type Log interface {
	// Archives lists the topics of imported archives.
	Archives(ctx context.Context) ([]string, error)
	// Partition gives the partition of a topic that has a measurement's records.
	Partition(ctx context.Context, topic string, measurement atlas.MeasurementID) (int, error)
	// Bounds gives the offset of a partition's first record, and the offset that its next record will have.
	Bounds(ctx context.Context, topic string, partition int) (first, next int64, err error)
	// OffsetAt gives the least offset whose record's time is at or after the given one, or the log's end where there is none.
	OffsetAt(ctx context.Context, topic string, partition int, at time.Time) (int64, error)
	// ScanWithin shows whose the records of a partition are, and of when, from an offset to before another, until see returns false or the bytes of their
	// values are as many as they may be. It gives the offset before which all was shown. Measurement 0 is unknown. Came is told of all that was read for that.
	ScanWithin(
		ctx context.Context, topic string, partition int, from, to, most int64,
		see func(measurement atlas.MeasurementID, at time.Time) bool, came func(records, bytes int64),
	) (next, bytes int64, err error)
}
