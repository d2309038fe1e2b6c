package eventlog

import (
	"errors"
	"fmt"
	"time"

	"atlasstream/pkg/atlas"
)

// Consumer receives the records that Tails read.
type Consumer interface {
	// Deliver receives new records of a partition in the order of offsets, without repeats. It is called under the tail's lock, so it must not
	// block, write to a network or follow anything; it may release. The slice is valid during the call, the values stay valid.
	Deliver(partition int, records []atlas.Record)
	// Flush is called after each Deliver, without the lock: the time to write.
	Flush(partition int)
}

// Gap says that a tail could not deliver the records from one offset to before another, as the log does not have them any more. To below From says that
// the log was truncated or recreated, and that the tail continues at To: at its end or, if it has grown beyond From again, at its start.
type Gap struct {
	Topic     string
	Partition int
	From, To  int64
}

// PartitionsChange says that the number of a topic's partitions was changed: records written after Since, which belong at From or after it, may be in other
// partitions than the one that is followed.
type PartitionsChange struct {
	Partition int
	From      int64
	Since     time.Time
	Err       *PartitionsChangedError
}

// TailConfig limits what Tails hold and how long they run.
type TailConfig struct {
	Linger      time.Duration // how long a tail runs after its last release; default 30 s
	RingRecords int           // how many records of a partition stay in memory at most; default 4,096
	RingBytes   int           // how many bytes of them at most; default 2 MiB
	RingsBytes  int           // how many bytes of the records of all partitions at most; default 32 MiB
	Gap         func(Gap)     // is called for each gap, under the tail's lock and followed by Flush, as Deliver; may be nil
	// Begin is called before a tail is followed, with the event before the first that it delivers, if the log has one there; may be nil.
	Begin func(last atlas.Position, id atlas.EventID)
	// PartitionsChange is called once for each partition that is followed when Log.Watch detects the change, in the same way as Gap; may be nil.
	PartitionsChange func(PartitionsChange)
	// Flushed is called after each Flush that follows a Deliver, with when Kafka's response had come that had the records; may be nil.
	Flushed func(partition int, responded time.Time)
}

// Validate returns all faults of the configuration.
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
	if c.RingsBytes < 0 {
		faults = append(faults, fmt.Errorf("rings bytes: got %d, want at least 1, or 0 for the default", c.RingsBytes))
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
	if c.RingsBytes == 0 {
		c.RingsBytes = 32 << 20
	}
	if c.Gap == nil {
		c.Gap = func(Gap) {}
	}
	if c.Begin == nil {
		c.Begin = func(atlas.Position, atlas.EventID) {}
	}
	if c.PartitionsChange == nil {
		c.PartitionsChange = func(PartitionsChange) {}
	}
	if c.Flushed == nil {
		c.Flushed = func(int, time.Time) {}
	}
	return c
}
