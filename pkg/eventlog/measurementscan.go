package eventlog

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// Scan shows whose the records of a partition are, and of when, from an offset to before another, repeats included. It reads neither headers nor values, and
// gives measurement 0 for a record whose key names none. It ends when see returns false, or with the error of Range, and tells how many bytes the values of
// the records had that it has gone through.
func (h *History) Scan(
	ctx context.Context, topic string, number int, from, to int64, see func(measurement atlas.MeasurementID, at time.Time) bool,
) (bytes int64, err error) {
	_, to, err = h.within(ctx, topic, number, from, to)
	if err != nil {
		return 0, err
	}
	reader := reader{
		fetcher: fetcher{partition: h.log.partition(topic, number), next: from}, wanted: from,
		metrics: h.log.metrics.reading(topic, "scan"), logger: h.log.logger,
	}
	defer reader.close()
	return reader.scan(ctx, to, see)
}

func (r *reader) scan(ctx context.Context, to int64, see func(atlas.MeasurementID, time.Time) bool) (bytes int64, err error) {
	var keys keyReader
	take := func(record *kafka.Record) error {
		if record.Offset < r.next {
			return nil
		}
		named, err := keys.measurement(record.Key)
		if err != nil {
			return err
		}
		bytes += sizeOf(record)
		if record.Offset >= to || !see(named, record.Time.UTC()) {
			r.next = to
			return errEnough
		}
		r.counts.read++
		r.next = record.Offset + 1
		return nil
	}
	read := func() error {
		_, err := r.readEach(ctx, take)
		return err
	}
	for r.next < to {
		if err := r.persistEach(ctx, read); err != nil {
			return bytes, err
		}
	}
	return bytes, nil
}
