package eventlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/compress"
	"github.com/segmentio/kafka-go/protocol"

	"atlasstream/pkg/bufferpool"
)

// Where some fields of a batch stand, and how long its header is (Kafka's documentation, "Record Batch").
const (
	batchLengthAt = 8
	formatAt      = 16
	checksumAt    = 17
	batchHeader   = 61
)

// batchFormat is that of Kafka 0.11 and later, the only one that brokers keep.
const batchFormat = 2

var batchChecksums = crc32.MakeTable(crc32.Castagnoli)

// splitBatches gives the batches of an answer, none of which is unpacked yet. The last one is mostly cut off, and left out; where it is the only one, the error is
// a *cutOffError. An error comes with no batch: what is wrong behind others stands first in the next answer.
func splitBatches(answer []byte) (batches []*fetchedBatch, err error) {
	for len(answer) >= batchHeader {
		length := int64(binary.BigEndian.Uint32(answer[batchLengthAt:])) + batchLengthAt + 4
		if format := answer[formatAt]; format != batchFormat || length < batchHeader {
			err = fmt.Errorf("a batch of %d bytes in format %d, want at least %d in format %d", length, format, batchHeader, batchFormat)
			break
		}
		if length > int64(len(answer)) {
			break
		}
		batches = append(batches, newBatch(answer[:length:length]))
		answer = answer[length:]
	}
	if len(batches) > 0 {
		return batches, nil
	}
	if err == nil && len(answer) > 0 {
		err = newCutOffError(answer)
	}
	return nil, err
}

// cutOffError says that an answer has only the beginning of a batch. Brokers send at least one whole one, however long it is (KIP-74); older ones may not.
type cutOffError struct {
	got    int
	length int64 // of the whole batch; 0 if not even that has come
}

func newCutOffError(answer []byte) *cutOffError {
	cutOff := &cutOffError{got: len(answer)}
	if len(answer) >= formatAt {
		cutOff.length = int64(binary.BigEndian.Uint32(answer[batchLengthAt:])) + batchLengthAt + 4
	}
	return cutOff
}

func (e *cutOffError) Error() string {
	return fmt.Sprintf("an answer with the first %d of the %d bytes of a batch, want at least one whole batch", e.got, e.length)
}

// newBatch reads the header of a whole batch.
func newBatch(raw []byte) *fetchedBatch {
	fields := wireFields{rest: raw}
	batch := &fetchedBatch{base: fields.int64()}
	batch.minOffset = batch.base
	fields.bytes(checksumAt - 8)
	batch.checksum = uint32(fields.int32())
	batch.checksummed = fields.rest
	batch.attributes = protocol.Attributes(fields.int16())
	batch.next = batch.base + int64(max(0, fields.int32())) + 1
	batch.time = fields.int64()
	fields.int64() // the latest time
	batch.producer = fields.int64()
	fields.bytes(2 + 4) // the producer's epoch, and its batches
	batch.remaining = int(fields.int32())
	batch.records = fields
	return batch
}

// fetchedBatch reads the records of a batch, which it unpacks for the first of them.
type fetchedBatch struct {
	base, time   int64 // to which those of the records are relative
	next         int64 // the offset after its last record, which compaction keeps even if it deletes the record
	minOffset    int64 // the offset of the next record, or below it where compaction took some
	producer     int64
	attributes   protocol.Attributes
	checksum     uint32
	checksummed  []byte        // what it is of
	remaining    int           // records that have not been read
	decompressed bool          // those that are left have been
	records      wireFields    // those
	buffer       *bytes.Buffer // that they are unpacked into, if they were compressed
	record       fetchedRecord
}

// ReadRecord gives the next record, which is valid until it is called again.
func (b *fetchedBatch) ReadRecord() (*kafka.Record, error) {
	if b.remaining == 0 && (b.decompressed || b.isIntact()) { // its number of records is checked with the others' bytes, be it 0
		b.release()
		return nil, io.EOF
	}
	if err := b.readNext(); err != nil {
		return nil, &unreadableError{base: b.base, next: b.next, why: err}
	}
	return &b.record.Record, nil
}

func (b *fetchedBatch) readNext() error {
	if !b.decompressed {
		if err := b.decompress(); err != nil {
			return err
		}
	}
	if err := b.record.read(&b.records, b.base, b.time); err != nil {
		return err
	}
	if offset := b.record.Offset; offset < b.minOffset || offset >= b.next {
		return fmt.Errorf("a record has offset %d, want %d to %d", offset, b.minOffset, b.next-1)
	}
	b.minOffset = b.record.Offset + 1
	b.remaining--
	return nil
}

// unreadableError says that a batch is in the log and cannot be read, however often it is fetched.
type unreadableError struct {
	base, next int64 // it has the offsets from base to before behind, if that is what is not damaged
	why        error
}

func (e *unreadableError) Error() string {
	return fmt.Sprintf("the batch at offset %d: %v", e.base, e.why)
}

func (e *unreadableError) Unwrap() error { return e.why }

func isUnreadable(err error) bool {
	_, is := errors.AsType[*unreadableError](err)
	return is
}

// isIntact tells whether the batch is as it was when it was made, all but its base offset, length and format.
func (b *fetchedBatch) isIntact() bool {
	return crc32.Checksum(b.checksummed, batchChecksums) == b.checksum
}

func (b *fetchedBatch) decompress() error {
	if !b.isIntact() {
		return errors.New("its checksum is another one")
	}
	if b.attributes.Compression() == compress.None {
		b.decompressed = true
		return nil
	}
	b.buffer = decompressionBuffers.Get()
	if err := decompress(b.buffer, b.attributes.Compression(), b.records.rest); err != nil {
		return err
	}
	b.decompressed, b.records.rest = true, b.buffer.Bytes()
	return nil
}

// maxPooledBuffer bounds the memory that is kept for batches to come.
const maxPooledBuffer = 4 << 20

// decompressionBuffers has a *bytes.Buffer for each batch that is being read.
var decompressionBuffers = bufferpool.Pool{MaxBytes: maxPooledBuffer}

// release gives the memory of the batch to the next one.
func (b *fetchedBatch) release() {
	b.record, b.records.rest, b.checksummed = fetchedRecord{}, nil, nil
	if b.buffer != nil {
		decompressionBuffers.Put(b.buffer)
	}
	b.buffer = nil
}
