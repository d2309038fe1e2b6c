package eventlog

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/segmentio/kafka-go"
)

const (
	// batchBytes keeps a batch below what brokers accept by default (message.max.bytes, 1,048,588), even where compression makes it longer.
	batchBytes = 1_000_000
	// MaxRecordBytes is the length of the longest value that fits into a batch with its key and header.
	MaxRecordBytes = batchBytes - 4096
	// batchRecords is small because kafka-go allocates room for that many records with each batch, however few it gets.
	batchRecords = 100
	// produceTimeout is twice what brokers are given to replicate a batch. They need 9 s to notice that one of them died (broker.session.timeout.ms);
	// a batch that is given up before that is sent again and is in the log twice.
	produceTimeout = 30 * time.Second
	// maxWritePause is the longest pause before a batch is sent again.
	maxWritePause = 500 * time.Millisecond
	// waitingOverhead is the memory of a waiting record besides its value, in bytes.
	waitingOverhead = 400
	// batchOverhead is the memory of a batch, in bytes, however few its records are.
	batchOverhead = batchRecords * int64(unsafe.Sizeof(kafka.Message{}))
	// chargedBatches is over how many batches, one a partition, the records of an Append are assumed to spread.
	chargedBatches = 64
)

// WriterConfig limits what a Writer holds.
type WriterConfig struct {
	WaitingBytes   int64         // how many bytes wait for Kafka at most, over all Appends; default 64 MiB
	MaxRecordBytes int           // the longest value; default and at most 995,904
	BatchTimeout   time.Duration // how long a batch waits for more records; default 5 ms
	Timeout        time.Duration // of an Append, whatever its context is; default 30 s
}

// Validate returns all faults of the configuration.
func (c WriterConfig) Validate() error {
	var faults []error
	if c.WaitingBytes < 0 {
		faults = append(faults, fmt.Errorf("waiting bytes: got %d, want at least 1, or 0 for the default", c.WaitingBytes))
	}
	if c.MaxRecordBytes < 0 || c.MaxRecordBytes > MaxRecordBytes {
		faults = append(faults, fmt.Errorf("max record bytes: got %d, want 1 to %d, or 0 for the default", c.MaxRecordBytes, MaxRecordBytes))
	}
	if c.BatchTimeout < 0 {
		faults = append(faults, fmt.Errorf("batch timeout: got %s, want more than 0, or 0 for the default", c.BatchTimeout))
	}
	if c.Timeout < 0 {
		faults = append(faults, fmt.Errorf("timeout: got %s, want more than 0, or 0 for the default", c.Timeout))
	}
	return errors.Join(faults...)
}

func (c WriterConfig) withDefaults() WriterConfig {
	if c.WaitingBytes == 0 {
		c.WaitingBytes = 64 << 20
	}
	if c.MaxRecordBytes == 0 {
		c.MaxRecordBytes = MaxRecordBytes
	}
	if c.BatchTimeout == 0 {
		c.BatchTimeout = 5 * time.Millisecond
	}
	if c.Timeout == 0 {
		c.Timeout = 30 * time.Second
	}
	return c
}
