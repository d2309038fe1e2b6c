package eventlog

import (
	"bytes"
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// registryReader reads a partition of a registry and holds the last version of each object until it is taken. It is used by one goroutine.
//
// On a compacted topic, kafka-go's Reader panics or reads the same batches forever (segmentio/kafka-go#874, #1393, #1416). A batch is read by the number
// of records in its header, which compaction corrects; its header also has the offset after its last record, if that is gone.
type registryReader struct {
	recordReader
	held  map[int64]*heldObject
	bytes int
	last  lastRecord
}

type heldObject struct {
	atlas.Object
	at time.Time
}

// lastRecord identifies a log by the last record that was read.
type lastRecord struct {
	offset int64
	key    []byte // nil before the first
	at     time.Time
}

// heldOverhead is the memory of a held object besides its value, in bytes.
const heldOverhead = 200

func (l *Log) newRegistryReader(p partition, first int64) *registryReader {
	reader := &registryReader{recordReader: l.newRecordReader(p, first, "registry"), held: map[int64]*heldObject{}}
	reader.wanted = math.MaxInt64 // skips unreadable batches, which would keep everything after them from all readers
	return reader
}

// read fetches once.
func (r *registryReader) read(ctx context.Context) error {
	response, err := r.fetch(ctx)
	if err != nil {
		return err
	}
	before := r.next
	if err := r.takeResponse(ctx, response, nil, r.take); err != nil {
		return err
	}
	if r.next == before {
		r.next = max(r.next, r.end) // compaction has deleted the rest
	}
	return nil
}

func (r *registryReader) take(record *kafka.Record) error {
	if record.Offset < r.next { // brokers send whole batches
		return nil
	}
	key, err := readBytes(r.last.key[:0], record.Key)
	if err != nil {
		return err
	}
	if id, ok := objectID(key); ok {
		err = r.hold(id, record)
	} else {
		r.counts.undecodable++
		r.logger.Warn("skipped a record whose key is no ID", zap.Stringer("partition", r.partition), zap.Int64("offset", record.Offset))
	}
	if err != nil {
		return err
	}
	r.passed(record)
	r.last = lastRecord{offset: record.Offset, key: key, at: record.Time}
	return nil
}

// hold replaces the held version of an object, in its memory, as nothing else refers to it yet.
func (r *registryReader) hold(id int64, record *kafka.Record) error {
	object := r.held[id]
	if object == nil {
		object = &heldObject{}
		r.held[id] = object
		r.bytes += heldOverhead
	}
	before := len(object.Value)
	value, err := readBytes(object.Value[:0], record.Value)
	if err != nil {
		return err
	}
	r.bytes += len(value) - before
	object.Object = atlas.Object{ID: id, Value: value, Position: atlas.Position{Topic: r.topic, Partition: r.number, Offset: record.Offset}}
	object.at = record.Time
	return nil
}

// takeHeld returns the held objects in the order of offsets.
func (r *registryReader) takeHeld() []*heldObject {
	objects := make([]*heldObject, 0, len(r.held))
	for _, object := range r.held {
		objects = append(objects, object)
	}
	slices.SortFunc(objects, func(a, b *heldObject) int { return cmp.Compare(a.Position.Offset, b.Position.Offset) })
	clear(r.held)
	r.bytes = 0
	return objects
}

// sameLog reports whether the log still has the record that was read last. If it does not, compaction may have deleted it, or the topic may be another
// one.
func (r *registryReader) sameLog(ctx context.Context) (bool, error) {
	if r.last.key == nil {
		return false, nil
	}
	same := false
	err := r.visitAt(ctx, r.last.offset, func(record *kafka.Record) error {
		key, err := readBytes(nil, record.Key)
		same = bytes.Equal(key, r.last.key) && record.Time.Equal(r.last.at)
		return err
	})
	if isUnreadable(err) {
		err = nil
	}
	return same, err
}
