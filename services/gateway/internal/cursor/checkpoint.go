package cursor

import (
	"math"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// Checkpoint is the position behind a message, live or in a replay; or, with neither, before the first message.
type Checkpoint struct {
	Measurement atlas.MeasurementID
	Live        Live // of the message, if it has a topic
	Replay      *Replay
}

// Live is the position of a record for a subscription that has the order of the log: it is live, or catching up.
type Live struct {
	Topic     string
	Partition int
	Offset    int64
	Identity  uint64 // of the record (atlas.EventID.Identity); 0 if it is not known
}

// LiveAt is the position of a record.
func LiveAt(record *atlas.Record) Live {
	at := &record.Position
	return Live{Topic: at.Topic, Partition: at.Partition, Offset: at.Offset, Identity: record.ID.Identity()}
}

// Replay is a position in a replay.
type Replay struct {
	Start, End time.Time // the interval, both ends inclusive, in whole milliseconds
	Topics     []TopicPosition
}

// TopicPosition is how far a replay has delivered one of its topics.
type TopicPosition struct {
	Topic string
	Progress
	End int64 // the offset before which reading stops
}

// Progress is how far one topic has been delivered. Together with the log it tells everything that was delivered: a reader that starts at Low, omits the
// records before Next that are not behind the last one, and delivers all behind that, delivers exactly what is missing.
type Progress struct {
	Low  int64 // the least offset that was read and not delivered, or that is read next
	Next int64 // everything before it has been read
	// Of the records that were delivered, the greatest by event time, in Unix milliseconds, then by offset.
	LastTime, LastOffset int64
	LastIdentity         uint64 // as that of Live
}

// MaxTopics bounds the topics of a replay.
const MaxTopics = 32

// StartAt is the progress of a topic of which nothing has been delivered.
func StartAt(offset int64) Progress {
	return Progress{Low: offset, Next: offset, LastTime: math.MinInt64, LastOffset: -1}
}

// hasDelivered tells whether there is a last record.
func (p Progress) hasDelivered() bool { return p.LastTime != math.MinInt64 || p.LastOffset != -1 }

// IsLive tells whether the checkpoint is that of a live message.
func (c *Checkpoint) IsLive() bool { return c.Live.Topic != "" }

// Equal tells whether two positions are the same; nil is one of its own.
func (r *Replay) Equal(other *Replay) bool {
	if r == nil || other == nil {
		return r == other
	}
	return r.Start.Equal(other.Start) && r.End.Equal(other.End) && slices.Equal(r.Topics, other.Topics)
}

// Reached is the event time up to which the replay has delivered.
func (r *Replay) Reached() time.Time {
	reached := r.Start
	for _, topic := range r.Topics {
		if !topic.hasDelivered() {
			continue
		}
		if last := time.UnixMilli(topic.LastTime); last.After(reached) {
			reached = last
		}
	}
	return reached
}

// IsValid refuses what would have a reader start before the beginning or never end, in case somebody else has a key.
func (c *Checkpoint) IsValid() bool {
	if c.Measurement < 1 {
		return false
	}
	if c.Replay != nil {
		return c.Replay.isValid()
	}
	return !c.IsLive() || c.Live.Partition >= 0 && c.Live.Offset >= -1
}

func (r *Replay) isValid() bool {
	if len(r.Topics) == 0 || len(r.Topics) > MaxTopics || r.End.Before(r.Start) {
		return false
	}
	for i, topic := range r.Topics {
		repeated := slices.ContainsFunc(r.Topics[:i], func(before TopicPosition) bool { return before.Topic == topic.Topic })
		if repeated || topic.Topic == "" || topic.Low < 0 || topic.Next < topic.Low {
			return false
		}
	}
	return true
}
