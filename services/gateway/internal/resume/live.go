package resume

import (
	"context"
	"fmt"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
)

// LiveTopic is where live subscriptions resume.
type LiveTopic struct {
	Log        Offsets
	Topic      string
	BehindTime time.Duration // how long ago a cursor was issued at most, and the record behind it came in
}

// Offsets are those of a log.
type Offsets interface {
	// Partition gives the partition of a topic that has a measurement's records.
	Partition(ctx context.Context, topic string, measurement atlas.MeasurementID) (int, error)
	// BoundsSince gives the offset of a partition's first record, the offset that its next record will have, and the least offset whose record's time is at or
	// after the given one, or next where there is none.
	BoundsSince(ctx context.Context, topic string, partition int, at time.Time) (first, next, since int64, err error)
	// EventAt gives the ID of the record at an offset, if there is one.
	EventAt(ctx context.Context, topic string, partition int, offset int64) (id atlas.EventID, found bool, err error)
}

// Find gives the position behind the message that a cursor came with. A *protocol.Error says what is wrong with the cursor, and what is available.
func (t *LiveTopic) Find(ctx context.Context, measurement atlas.MeasurementID, token cursor.Token) (next atlas.Position, err error) {
	from, err := token.Find(measurement, false)
	if err != nil {
		return next, protocol.Errorf(protocol.CodeBadCursor, "cursor: %s", err)
	}
	if err := t.checkIssue(from, token.Issued); err != nil {
		return next, err
	}
	//mutate:live-cursor-repeats-record
	next = atlas.Position{Topic: t.Topic, Partition: from.Live.Partition, Offset: from.Live.Offset + 1}
	partition, err := t.Log.Partition(ctx, t.Topic, measurement)
	if err != nil {
		return next, err
	}
	if partition != next.Partition {
		return next, protocol.Errorf(protocol.CodeCursorGone,
			"cursor: goes on in partition %d of %s, but measurement %d is in partition %d; the topic was recreated",
			next.Partition, next.Topic, measurement, partition)
	}
	first, end, oldest, err := t.Log.BoundsSince(ctx, t.Topic, partition, time.Now().Add(-t.BehindTime))
	if err != nil {
		return next, err
	}
	if err := checkBounds(next, first, end); err != nil {
		return next, err
	}
	if err := t.checkReach(next, oldest, end); err != nil {
		return next, err
	}
	return next, t.checkIdentity(ctx, from.Live, first, end)
}

// checkIssue refuses a cursor that was issued too long ago, or in another topic.
func (t *LiveTopic) checkIssue(from cursor.Checkpoint, issued time.Time) error {
	//mutate:live-cursor-ageless
	if age := time.Since(issued); age > t.BehindTime {
		return protocol.Errorf(protocol.CodeCursorGone,
			"cursor: was given out %s ago%s, want one of the last %s; what came since can be replayed, where that is allowed",
			age.Round(time.Second), whereIssued(from), t.BehindTime)
	}
	if from.Live.Topic != t.Topic {
		return protocol.Errorf(protocol.CodeBadCursor, "cursor: got one of another topic, want one of %s", t.Topic)
	}
	return nil
}

// whereIssued says in words at which message a live cursor was issued.
func whereIssued(from cursor.Checkpoint) string {
	if !from.IsLive() {
		return ""
	}
	return fmt.Sprintf(" at offset %d of partition %d", from.Live.Offset, from.Live.Partition)
}

// checkBounds refuses a position from which the log cannot be read on.
func checkBounds(next atlas.Position, first, end int64) error {
	switch {
	case next.Offset > end:
		return protocol.Errorf(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which ends at %d; it was recreated", next.Offset, next.Topic, end)
	case next.Offset < first:
		return protocol.Errorf(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which has records from offset %d on", next.Offset, next.Topic, first)
	}
	return nil
}

// checkReach refuses to go back to what is older than BehindTime, before the oldest offset: a cursor says itself when it was issued, and a client that knows
// the key can make one. Where the log has nothing younger, only the time of issue counts.
func (t *LiveTopic) checkReach(next atlas.Position, oldest, end int64) error {
	//mutate:live-cursor-age-unlimited
	if next.Offset >= oldest || oldest >= end {
		return nil
	}
	return protocol.Errorf(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, want no less than %d, where what is younger than %s begins; "+
		"what came before can be replayed, where that is allowed", next.Offset, next.Topic, oldest, t.BehindTime)
}

// checkIdentity refuses a position in a log that does not have the record there with which the cursor came: behind it, it has other records than those that the
// client has missed. Where that record is gone, nobody can tell; but then nothing is missed if there is none behind it either.
func (t *LiveTopic) checkIdentity(ctx context.Context, from cursor.Live, first, end int64) error {
	switch {
	case from.Identity == 0 || first == end:
		return nil
	case from.Offset < first:
		return protocol.Errorf(protocol.CodeCursorGone, "cursor: is of offset %d of %s, which has records from offset %d on; "+
			"whether those are the ones that come after it cannot be told", from.Offset, from.Topic, first)
	}
	id, found, err := t.Log.EventAt(ctx, from.Topic, from.Partition, from.Offset)
	//mutate:resume-in-another-log
	if err != nil || found && id.Identity() == from.Identity {
		return err
	}
	return protocol.Errorf(protocol.CodeCursorGone, "cursor: is of a record at offset %d of %s that is not there; the topic was recreated",
		from.Offset, from.Topic)
}
