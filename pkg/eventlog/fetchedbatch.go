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

// The offsets of some fields in a batch, and the length of its header (Kafka's documentation, "Record Batch").
const (
	batchLengthAt = 8
	formatAt      = 16
	checksumAt    = 17
	batchHeader   = 61
)

// batchFormat is the format of Kafka 0.11 and later, the only one that brokers keep.
const batchFormat = 2

var batchChecksums = crc32.MakeTable(crc32.Castagnoli)

// splitBatches returns the batches of a response, still compressed. The last one is usually cut off, and dropped; if it is the only one, the error is a
// *cutOffError. Complete batches are returned without an error, as an invalid one after them is the first of the next response.
func splitBatches(response []byte) (batches []*fetchedBatch, err error) {
	for len(response) >= batchHeader {
		length := int64(binary.BigEndian.Uint32(response[batchLengthAt:])) + batchLengthAt + 4
		if format := response[formatAt]; format != batchFormat || length < batchHeader {
			err = fmt.Errorf("a batch of %d bytes in format %d, want at least %d in format %d", length, format, batchHeader, batchFormat)
			break
		}
		if length > int64(len(response)) {
			break
		}
		batches = append(batches, newBatch(response[:length:length]))
		response = response[length:]
	}
	if len(batches) > 0 {
		return batches, nil
	}
	if err == nil && len(response) > 0 {
		err = newCutOffError(response)
	}
	return nil, err
}

// cutOffError says that a response has only the beginning of a batch. Brokers send at least one complete batch, however long it is (KIP-74); older ones
// may not.
type cutOffError struct {
	got    int
	length int64 // of the whole batch; 0 if that is unknown
}

func newCutOffError(response []byte) *cutOffError {
	cutOff := &cutOffError{got: len(response)}
	if len(response) >= formatAt {
		cutOff.length = int64(binary.BigEndian.Uint32(response[batchLengthAt:])) + batchLengthAt + 4
	}
	return cutOff
}

func (e *cutOffError) Error() string {
	return fmt.Sprintf("a response with the first %d of the %d bytes of a batch, want at least one whole batch", e.got, e.length)
}

// newBatch reads the header of a complete batch.
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

// fetchedBatch reads the records of a batch, which it decompresses for the first of them.
type fetchedBatch struct {
	base, time   int64 // which those of its records are relative to
	next         int64 // the offset after its last record, which compaction keeps even if it deletes the record
	minOffset    int64 // the least offset that the next record may have
	producer     int64
	attributes   protocol.Attributes
	checksum     uint32
	checksummed  []byte        // the bytes that the checksum covers
	remaining    int           // records that have not been read
	decompressed bool          // whether records is
	records      wireFields    // the remaining ones
	buffer       *bytes.Buffer // of the decompressed records, if they were compressed for this reader only
	record       fetchedRecord

	sharing *sharedPartition // whose readers may share the decompressed records; nil if none may
	events  []sharedEvent    // of all records, if they are shared
	value   sharedValue      // of the record, if it is shared
}

// ReadRecord returns the next record, which is valid until it is called again.
func (b *fetchedBatch) ReadRecord() (*kafka.Record, error) {
	if b.remaining == 0 && (b.decompressed || b.isIntact()) { // the checksum also covers the number of records
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
	if len(b.events) > 0 && b.record.Value != nil {
		b.value = sharedValue{&b.record.value, &b.events[len(b.events)-b.remaining]}
		b.record.Value = &b.value
	}
	b.minOffset = b.record.Offset + 1
	b.remaining--
	return nil
}

// unreadableError says that a batch in the log cannot be read, however often it is fetched.
type unreadableError struct {
	base, next int64 // the batch has the offsets from base to before next, if its header is intact
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

// isIntact reports whether the checksum matches, which covers all but the base offset, the length and the format.
func (b *fetchedBatch) isIntact() bool {
	return crc32.Checksum(b.checksummed, batchChecksums) == b.checksum
}

func (b *fetchedBatch) decompress() error {
	if shared := b.sharing.find(b); shared != nil {
		return shared.load(b)
	}
	return b.decompressAlone()
}

func (b *fetchedBatch) decompressAlone() error {
	if b.decompressed {
		return nil
	}
	if !b.isIntact() {
		return errors.New("its checksum does not match")
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

// maxPooledBuffer limits the buffers that are kept for later batches.
const maxPooledBuffer = 4 << 20

// decompressionBuffers has a buffer for each batch that is being read.
var decompressionBuffers = bufferpool.Pool{MaxBytes: maxPooledBuffer}

// release lets go of the records, which have been read.
func (b *fetchedBatch) release() {
	b.record, b.records.rest, b.checksummed, b.events, b.value = fetchedRecord{}, nil, nil, nil, sharedValue{}
	b.returnBuffer()
}

func (b *fetchedBatch) returnBuffer() {
	if b.buffer != nil {
		decompressionBuffers.Put(b.buffer)
	}
	b.buffer = nil
}
