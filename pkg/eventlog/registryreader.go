package eventlog

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"slices"
	"strconv"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// registryReader reads a partition of a registry and keeps the last version of each object until they are taken. It is used by one goroutine.
//
// On a compacted topic, kafka-go's Reader panics or reads the same batches for ever (segmentio/kafka-go#874, #1393, #1416). Batches are read by the number of
// records that they say they have, which compaction corrects; where one ends whose last records are gone, its header still tells.
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

// lastRecord is a record by which a log is known again.
type lastRecord struct {
	offset int64
	key    []byte // nil: none yet
	at     time.Time
}

// heldOverhead is what an object takes beside its value while it is held, in bytes.
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

// hold replaces what is held of an object, in its memory, as nobody has it yet.
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

// takeHeld gives what is held, in the order of offsets, and holds it no more.
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

// sameLog tells whether the log still has the record that was read last. If it does not, that may be compaction's doing, or the topic is another one.
func (r *registryReader) sameLog(ctx context.Context) (bool, error) {
	if r.last.key == nil {
		return false, nil
	}
	probe := fetcher{partition: r.partition, next: r.last.offset}
	defer probe.close()
	response, err := probe.fetch(ctx)
	if isOutOfRange(err) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	same := false
	err = eachRecord(response.Records, func(record *kafka.Record) error {
		if record.Offset < r.last.offset {
			return nil
		}
		key, err := readBytes(nil, record.Key)
		same = record.Offset == r.last.offset && bytes.Equal(key, r.last.key) && record.Time.Equal(r.last.at)
		return cmp.Or(err, errStop)
	})
	if isUnreadable(err) || errors.Is(err, errStop) {
		err = nil
	}
	return same, err
}

// readBytes appends what is left of a key or value, which may be nil.
func readBytes(into []byte, from kafka.Bytes) ([]byte, error) {
	if from == nil {
		return into, nil
	}
	start := len(into)
	into = slices.Grow(into, from.Len())[:start+from.Len()]
	_, err := io.ReadFull(from, into[start:])
	return into, err
}

func objectID(key []byte) (int64, bool) {
	id, err := strconv.ParseInt(string(key), 10, 64)
	return id, err == nil && id >= 1 && id <= atlas.MaxID && key[0] != '+' && key[0] != '0'
}
