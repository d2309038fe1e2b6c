package embedded

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A record batch begins with the offset of its first record(8), its length from here on(4), the leader's epoch(4), magic(1), the CRC-32C(4) of all that
// follows, attributes(2) and the last record's offset as counted from the first's(4), big-endian (https://kafka.apache.org/documentation/#recordbatch).
const (
	lengthAt    = 8
	lengthEnd   = 12
	sumAt       = 17
	sumEnd      = 21
	lastDeltaAt = 23
	batchHead   = 61
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// batch is the extent of a record batch: the offsets of its first and last record, and its size.
type batch struct{ first, last, bytes int64 }

// batchError says why there is no complete batch.
type batchError struct {
	reason string
	cutOff bool // the file ends too early
}

func (e *batchError) Error() string { return e.reason }

var errCutOff = &batchError{reason: "the file ends within a batch", cutOff: true}

// readBatch reads a batch and checks its checksum. At the end it returns io.EOF, and a *batchError if the batch is incomplete or damaged.
func readBatch(batches *bufio.Reader) (batch, error) {
	head, err := batches.Peek(batchHead)
	if errors.Is(err, io.EOF) && len(head) > 0 {
		return batch{}, errCutOff
	}
	if err != nil {
		return batch{}, err
	}
	first := int64(binary.BigEndian.Uint64(head))
	found := batch{
		first: first,
		last:  first + int64(binary.BigEndian.Uint32(head[lastDeltaAt:])),
		bytes: lengthEnd + int64(binary.BigEndian.Uint32(head[lengthAt:])),
	}
	if found.bytes < batchHead {
		return batch{}, &batchError{reason: fmt.Sprintf("a batch of %d bytes, where the least is %d", found.bytes, batchHead)}
	}
	return found, checkSum(batches, found.bytes, binary.BigEndian.Uint32(head[sumAt:]))
}

func checkSum(batches *bufio.Reader, length int64, sum uint32) error {
	if _, err := batches.Discard(sumEnd); err != nil {
		return err
	}
	hash := crc32.New(castagnoli)
	_, err := io.CopyN(hash, batches, length-sumEnd)
	if errors.Is(err, io.EOF) {
		return errCutOff
	}
	if err != nil {
		return err
	}
	if hash.Sum32() != sum {
		return &batchError{reason: "a batch fails its checksum"}
	}
	return nil
}
