package eventlog

import (
	"errors"
	"fmt"
)

var (
	// ErrClosed says that the log, its Writer or its Tails were closed.
	ErrClosed = errors.New("the event log is closed")
	// ErrNoTopic says that Kafka has no topic of that name.
	ErrNoTopic = errors.New("no such topic")
	// ErrBusy says that a Writer holds as many bytes as it may: nothing was sent, retry later.
	ErrBusy = errors.New("too many bytes wait for Kafka")
	// ErrAppendTooLarge says that an Append holds more bytes than the Writer ever may: nothing was sent.
	ErrAppendTooLarge = errors.New("too many bytes in one append")
	// ErrRecordTooLarge says that a record is longer than the Writer allows; it was not sent.
	ErrRecordTooLarge = errors.New("the record is too large")
	// ErrUnknownOutcome says that Kafka did not answer in time: it may have the record, now or soon, or not.
	ErrUnknownOutcome = errors.New("kafka did not answer in time")
	// ErrNotInRing says that a position is before the records that a tail holds in memory.
	ErrNotInRing = errors.New("the position is not in the tail's memory")
)

// OffsetGoneError says that the record at an offset cannot be read: retention has deleted it, the log was truncated or recreated, or its batch is
// unreadable.
type OffsetGoneError struct {
	Topic       string
	Partition   int
	Offset      int64 // the requested one
	First, Next int64 // the log has the offsets from First to before Next
	Recreated   bool  // the log has Offset, or will have it, but it is another log than that which was read
	Unreadable  error // why the log's records before First cannot be read, if it has them
}

func (e *OffsetGoneError) Error() string {
	if e.Unreadable != nil {
		return fmt.Sprintf("%s/%d: the offsets from %d to before %d cannot be read: %v", e.Topic, e.Partition, e.Offset, e.First, e.Unreadable)
	}
	if e.Recreated {
		return fmt.Sprintf("%s/%d: the records before offset %d are not in the log any more, which was recreated and has offsets from %d to before %d",
			e.Topic, e.Partition, e.Offset, e.First, e.Next)
	}
	return fmt.Sprintf("%s/%d: offset %d is not in the log, which has offsets from %d to before %d", e.Topic, e.Partition, e.Offset, e.First, e.Next)
}

// Resumption is the offset at which reading goes on. A log that was recreated is read from its start, one that was truncated from its end: what it has before
// that was read.
func (e *OffsetGoneError) Resumption() int64 {
	if e.Next < e.Offset && !e.Recreated {
		return e.Next
	}
	return e.First
}

func (e *OffsetGoneError) Unwrap() error { return e.Unreadable }
