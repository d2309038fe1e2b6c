package playback

import (
	"context"
	"fmt"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
)

// ResumeLive gives the partition of a stream's live topic, and the offset in it, that stand behind the message of a live feed's cursor, which must have been
// given out no longer ago than an age. A *protocol.Error says what is wrong with the cursor, and what is available.
func (p *Player) ResumeLive(
	ctx context.Context, stream atlas.Stream, measurement atlas.MeasurementID, token cursor.Token, most time.Duration,
) (atlas.Position, error) {
	from, found := token.Find(measurement, false)
	if !found {
		return atlas.Position{}, mismatch(token, measurement, "a live feed", "a replay, with startTime")
	}
	//mutate:live-cursor-age
	if age := time.Since(token.Issued); age > most {
		return atlas.Position{}, protocol.Refuse(protocol.CodeCursorGone,
			"cursor: was given out %s ago%s, want one of the last %s; what came since can be replayed, where that is allowed",
			age.Round(time.Second), whereIssued(from), most)
	}
	log, there := p.settings.Log, from.Live
	located := part{topic: p.settings.Topics[stream]}
	if there.Topic != located.topic {
		return atlas.Position{}, protocol.Refuse(protocol.CodeBadCursor, "cursor: got one of another topic, want one of %s", located.topic)
	}
	var err error
	if located.partition, err = log.Partition(ctx, located.topic, measurement); err != nil {
		return atlas.Position{}, err
	}
	if there.Partition != located.partition {
		return atlas.Position{}, protocol.Refuse(protocol.CodeCursorGone,
			"cursor: goes on in partition %d of %s, but measurement %d is in partition %d; the topic was recreated",
			there.Partition, there.Topic, measurement, located.partition)
	}
	var oldest int64
	if located.first, located.next, oldest, err = log.BoundsSince(ctx, located.topic, located.partition, time.Now().Add(-most)); err != nil {
		return atlas.Position{}, err
	}
	//mutate:live-cursor-own-offset
	next := atlas.Position{Topic: located.topic, Partition: located.partition, Offset: there.Offset + 1}
	if err := located.has(next.Offset); err != nil {
		return atlas.Position{}, err
	}
	return next, located.checkReach(next.Offset, oldest, most)
}

// whereIssued says in words at which message a live cursor was given out.
func whereIssued(from cursor.Checkpoint) string {
	if !from.IsLive() {
		return ""
	}
	return fmt.Sprintf(" at offset %d of partition %d", from.Live.Offset, from.Live.Partition)
}

// checkReach refuses to go back to what is older than an age, before the oldest offset: whoever can seal cursors says himself when one was given out. Where
// the log has nothing that is younger, only that counts.
func (p *part) checkReach(offset, oldest int64, most time.Duration) error {
	//mutate:live-cursor-reach
	if offset >= oldest || oldest >= p.next {
		return nil
	}
	return protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, want no less than %d, where what is younger than %s begins; "+
		"what came before can be replayed, where that is allowed", offset, p.topic, oldest, most)
}

// has refuses an offset at which the log cannot be read on.
func (p *part) has(offset int64) error {
	switch {
	case offset > p.next:
		return protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which ends at %d; it was recreated", offset, p.topic, p.next)
	case offset < p.first:
		return protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which has records from offset %d on", offset, p.topic, p.first)
	}
	return nil
}
