package eventlog

import (
	"errors"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
)

// fetchedRecord is a record in the memory of its batch, from which key and value are read. Of the headers it has ours only.
type fetchedRecord struct {
	kafka.Record
	key, value payload
	ours       [1]kafka.Header
}

var errDamaged = errors.New("a record does not fit its length")

// read reads the next record of a batch with the given base offset and time (Kafka's documentation, "Record").
func (r *fetchedRecord) read(batch *wireFields, offset, milliseconds int64) error {
	record := wireFields{rest: batch.bytes(batch.varint())}
	record.bytes(1) // attributes, which are unused
	r.Time = time.UnixMilli(milliseconds + record.varint())
	r.Offset = offset + record.varint()
	r.Key = r.key.read(&record)
	r.Value = r.value.read(&record)
	r.readHeaders(&record)
	if batch.broken || record.broken || len(record.rest) > 0 {
		return errDamaged
	}
	return nil
}

func (r *fetchedRecord) readHeaders(record *wireFields) {
	r.Headers = nil
	for left := record.varint(); left > 0 && !record.broken; left-- {
		name := record.bytes(record.varint())
		value := record.nullable()
		if r.Headers == nil && string(name) == headerKey {
			r.ours[0] = kafka.Header{Key: headerKey, Value: value}
			r.Headers = r.ours[:]
		}
	}
}

// payload is the unread rest of a key or value.
type payload []byte

// read returns nil for a null.
func (p *payload) read(record *wireFields) kafka.Bytes {
	if *p = record.nullable(); *p == nil {
		return nil
	}
	return p
}

// Read implements kafka.Bytes.
func (p *payload) Read(into []byte) (int, error) {
	if len(*p) == 0 && len(into) > 0 {
		return 0, io.EOF
	}
	n := copy(into, *p)
	*p = (*p)[n:]
	return n, nil
}

// Len implements kafka.Bytes.
func (p *payload) Len() int { return len(*p) }

// Close implements kafka.Bytes.
func (*payload) Close() error { return nil }
