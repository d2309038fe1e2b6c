package eventlog

import (
	"context"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// Object reads an object of a registry again, at the position where ReadRegistry has read it. It may be gone if there is a later version. An
// *OffsetGoneError says that the batch is unreadable.
func (h *History) Object(ctx context.Context, position atlas.Position) (object atlas.Object, found bool, err error) {
	partition, err := h.log.existing(ctx, position.Topic, position.Partition)
	if err != nil {
		return atlas.Object{}, false, err
	}
	err = retry(ctx, func() (err error) {
		object, found, err = partition.object(ctx, position.Offset)
		return err
	})
	return object, found, err
}

func (p partition) object(ctx context.Context, offset int64) (object atlas.Object, found bool, err error) {
	err = p.visitAt(ctx, offset, func(record *kafka.Record) (err error) {
		object, found, err = p.readObject(record)
		return err
	})
	return object, found, err
}

func (p partition) readObject(record *kafka.Record) (object atlas.Object, is bool, err error) {
	key, err := readBytes(nil, record.Key)
	if err != nil {
		return atlas.Object{}, false, err
	}
	object.ID, is = objectID(key)
	object.Position = atlas.Position{Topic: p.topic, Partition: p.number, Offset: record.Offset}
	object.Value, err = readBytes(nil, record.Value)
	return object, is, err
}
