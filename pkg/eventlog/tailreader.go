package eventlog

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// tailReader is the eventReader of a tail, which takes all events of a response at once.
type tailReader struct {
	eventReader
	records   []atlas.Record
	responded time.Time // when the last response had come
}

// maxUnwatched is how long a tail may be without a fetch before it compares its last event: only a fetch in flight fails when the topic is deleted.
const maxUnwatched = time.Second

func (l *Log) newTailReader(p partition, first, wanted int64) *tailReader {
	return &tailReader{eventReader: l.newEventReader(p, nil, first, wanted, "tail")}
}

// read fetches once and returns the wanted records, often none. The slice is valid until the next call, the values stay valid.
func (r *tailReader) read(ctx context.Context) ([]atlas.Record, error) {
	clear(r.records)
	r.records = r.records[:0]
	r.doubted = r.doubted || !r.checked.IsZero() && time.Since(r.checked) > maxUnwatched
	response, err := r.fetch(ctx)
	r.responded = time.Now()
	err = r.takeResponse(ctx, response, err, r.take)
	return r.records, err
}

func (r *tailReader) take(record *kafka.Record) error {
	if record.Offset < r.next { // brokers send whole batches
		return nil
	}
	wanted, err := r.accept(record)
	if wanted {
		err = r.keep(record)
	}
	if err != nil {
		return err
	}
	r.passed(record)
	return nil
}

// keep appends the accepted event.
func (r *tailReader) keep(record *kafka.Record) error {
	event := r.event
	event.Time = record.Time.UTC()
	if event.Value == nil {
		value, err := r.value(record)
		if err != nil {
			return err
		}
		if !r.isValid(record.Offset, value) {
			return nil
		}
		event.Value = value
	}
	r.records = append(r.records, atlas.Record{Event: event, Position: atlas.Position{Topic: r.topic, Partition: r.number, Offset: record.Offset}})
	return nil
}
