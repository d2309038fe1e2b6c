package eventlog

import (
	"errors"
	"fmt"
	"time"

	"atlasstream/pkg/atlas"
)

// Consumer takes what Tails read.
type Consumer interface {
	// Deliver takes new records of a partition in the order of offsets, without repeats. It is called under the partition's lock, so it must neither
	// block nor write to a network, nor follow anything; it may release. The slice is valid during the call, what the records refer to for ever.
	Deliver(partition int, records []atlas.Record)
	// Flush follows each Deliver, without the lock: the time to write.
	Flush(partition int)
}

// Gap says that a tail could not deliver the records from one offset to before another, as the log has them no more. To below From says that the log
// was cut or made anew, and that the tail goes on at its end, To.
type Gap struct {
	Topic     string
	Partition int
	From, To  int64
}

// PartitionsChange says that the number of a topic's partitions was changed: what Kafka took into the topic since a time, and what stands from an offset on,
// may be in other partitions than the one that is followed. The tail goes on with what its own partition gets.
type PartitionsChange struct {
	Partition int
	From      int64
	Since     time.Time
	Err       *PartitionsChangedError
}

// TailConfig bounds what Tails hold and keep running.
type TailConfig struct {
	Linger      time.Duration // how long a partition is still followed after its last release; 30 s unless given
	RingRecords int           // how many records of a partition stay in memory at most; 4,096 unless given
	RingBytes   int           // how many bytes of them at most; 2 MiB unless given
	Gap         func(Gap)     // is told of each gap, under the partition's lock as Deliver is, and followed by Flush; may be nil
	// PartitionsChange is told once for each partition that is followed when Log.Watch sees it, in the same way as Gap; may be nil.
	PartitionsChange func(PartitionsChange)
}

// Validate joins every fault of the configuration.
func (c TailConfig) Validate() error {
	var faults []error
	if c.Linger < 0 {
		faults = append(faults, fmt.Errorf("linger: got %s, want no less than 0", c.Linger))
	}
	if c.RingRecords < 0 {
		faults = append(faults, fmt.Errorf("ring records: got %d, want at least 1, or 0 for the default", c.RingRecords))
	}
	if c.RingBytes < 0 {
		faults = append(faults, fmt.Errorf("ring bytes: got %d, want at least 1, or 0 for the default", c.RingBytes))
	}
	return errors.Join(faults...)
}

func (c TailConfig) withDefaults() TailConfig {
	if c.Linger == 0 {
		c.Linger = 30 * time.Second
	}
	if c.RingRecords == 0 {
		c.RingRecords = 4096
	}
	if c.RingBytes == 0 {
		c.RingBytes = 2 << 20
	}
	if c.Gap == nil {
		c.Gap = func(Gap) {}
	}
	if c.PartitionsChange == nil {
		c.PartitionsChange = func(PartitionsChange) {}
	}
	return c
}
