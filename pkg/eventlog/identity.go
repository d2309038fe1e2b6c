package eventlog

import (
	"cmp"
	"context"
	"errors"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// EventAt returns the ID of the event at an offset, be it a repeat or not, by one fetch. It is not found if the log has no readable event there.
func (h *History) EventAt(ctx context.Context, topic string, number int, offset int64) (id atlas.EventID, found bool, err error) {
	partition, err := h.log.existing(ctx, topic, number)
	if err != nil {
		return id, false, err
	}
	err = retry(ctx, func() (err error) {
		id, found, err = partition.eventAt(ctx, offset)
		return err
	})
	return id, found, err
}

// eventAt returns the ID of the event at an offset.
func (p partition) eventAt(ctx context.Context, offset int64) (id atlas.EventID, found bool, err error) {
	fetcher := fetcher{partition: p, next: offset, maxBytes: firstResponse}
	defer fetcher.close()
	response, err := fetcher.fetch(ctx)
	if isOutOfRange(err) {
		return id, false, nil
	}
	if err != nil {
		return id, false, err
	}
	err = eachRecord(response.Records, func(record *kafka.Record) (err error) {
		if record.Offset < offset { // brokers send whole batches
			return nil
		}
		if record.Offset == offset {
			id, found, err = p.eventID(record)
		}
		return cmp.Or(err, errStop)
	})
	if isUnreadable(err) || errors.Is(err, errStop) {
		err = nil
	}
	return id, found, err
}

// eventID reads the ID from the header or, for records of foreign producers, makes it of the value.
func (p partition) eventID(record *kafka.Record) (id atlas.EventID, is bool, err error) {
	var header headerDecoder
	var event atlas.Event
	if record.Value != nil && record.Value.Len() > 0 && header.decode(record.Headers, &event) {
		return event.ID, true, nil
	}
	value, err := readBytes(nil, record.Value)
	if err != nil {
		return id, false, err
	}
	event, err = parseForeignValue(p.topic, value)
	return event.ID, err == nil, nil
}
