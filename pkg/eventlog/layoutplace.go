package eventlog

import (
	"context"
	"fmt"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// firstAnswer bounds what is fetched to see a partition's first record, in bytes as the broker holds it; one whole batch comes in any case.
const firstAnswer = 16 << 10

// verifyPlace looks whether the partition's first record is one that a producer who knows of so many partitions puts there. Foreign producers may write
// records whose key names no measurement; they may stand anywhere, and the first one whose key does counts, if it is among the first few.
func (p partition) verifyPlace(ctx context.Context, partitions int) error {
	first, next, err := p.bounds(ctx)
	if err != nil || first == next {
		return err
	}
	fetcher := fetcher{partition: p, next: first, most: firstAnswer}
	defer fetcher.close()
	answer, err := fetcher.fetch(ctx)
	if err != nil {
		return err
	}
	measurement, offset, err := firstNamed(answer.Records)
	if measurement == 0 && isUnreadable(err) { // those who read it tell
		return nil
	}
	if measurement == 0 {
		return err
	}
	if belongs := PartitionOf(measurement, partitions); belongs != p.number {
		return &PartitionsChangedError{Topic: p.topic, Words: fmt.Sprintf(
			"has %d partitions, and the record with key %s at offset %d of partition %d is not where it belongs then, which is partition %d",
			partitions, measurement.Key(), offset, p.number, belongs)}
	}
	return nil
}

// firstNamed gives the measurement, and the offset, of the first record whose key names one; 0 if there is none.
func firstNamed(records kafka.RecordReader) (measurement atlas.MeasurementID, offset int64, err error) {
	var keys keyReader
	err = eachRecord(records, func(record *kafka.Record) (err error) {
		if measurement != 0 {
			return errEnough
		}
		offset = record.Offset
		measurement, err = keys.measurement(record.Key)
		return err
	})
	return measurement, offset, err
}
