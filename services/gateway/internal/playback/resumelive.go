package playback

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// ResumeLive gives the partition of a stream's live topic, and the offset in it, that stand behind the message of a live feed's cursor, which must have been
// given out no longer ago than an age. A *subscription.Error says what is wrong with the cursor, and what is available.
func (p *Player) ResumeLive(
	ctx context.Context, stream atlas.Stream, measurement atlas.MeasurementID, bookmark *Bookmark, most time.Duration,
) (atlas.Position, error) {
	cursor, found := bookmark.Find(measurement, false)
	if !found {
		return atlas.Position{}, bookmark.mismatch(measurement, "a live feed", "a replay, with startTime")
	}
	if age := time.Since(bookmark.Issued); age > most {
		return atlas.Position{}, subscription.Refuse(CodeCursorGone,
			"cursor: was given out %s ago, want one of the last %s; what came since can be replayed, where that is allowed", age.Round(time.Second), most)
	}
	located, err := p.locate(ctx, p.settings.Topics[stream], Request{Stream: stream, Measurement: measurement})
	if err != nil {
		return atlas.Position{}, err
	}
	there := cursor.Live
	if there == nil || there.Topic != located.topic || there.Partition != located.partition {
		return atlas.Position{}, subscription.Refuse(CodeCursor, "cursor: got one of another topic or partition, want one of partition %d of %s",
			located.partition, located.topic)
	}
	return atlas.Position{Topic: located.topic, Partition: located.partition, Offset: there.Offset + 1}, located.has(there.Offset + 1)
}

// has refuses an offset at which the log cannot be read on.
func (p *part) has(offset int64) error {
	switch {
	case offset > p.next:
		return subscription.Refuse(CodeCursorGone, "cursor: goes on at offset %d of %s, which ends at %d; it was made anew", offset, p.topic, p.next)
	case offset < p.first:
		return subscription.Refuse(CodeCursorGone, "cursor: goes on at offset %d of %s, which has records from offset %d on", offset, p.topic, p.first)
	}
	return nil
}
