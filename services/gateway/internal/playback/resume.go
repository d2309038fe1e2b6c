package playback

import (
	"context"
	"slices"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// Resume goes on behind the message of a replay's cursor: the interval, and what is read, are the cursor's. The request tells the stream, the measurement,
// the start and the speed. Where the cursor says that nothing has been delivered yet, it starts. A *protocol.Error says what is wrong with the cursor,
// and what is available.
func (p *Player) Resume(ctx context.Context, request Request, bookmark *Bookmark) (*Replay, error) {
	if err := checkSpeed(request.Speed); err != nil {
		return nil, err
	}
	cursor, found := bookmark.Find(request.Measurement, true)
	if !found {
		return nil, bookmark.mismatch(request.Measurement, "a replay", "a live feed, without startTime")
	}
	there := cursor.Replay
	if there == nil {
		return p.Start(ctx, request)
	}
	if start := request.Start.Truncate(time.Millisecond); !start.Equal(there.Interval.Start) {
		return nil, protocol.Refuse(protocol.CodeBadCursor, "startTime: got %s, want %s, that of the cursor", moment(start), moment(there.Interval.Start))
	}
	parts, err := p.find(ctx, request, there.Topics)
	if err != nil {
		return nil, err
	}
	if err := p.checkLimit(ctx, &request, there.Interval, parts); err != nil {
		return nil, err
	}
	replay, err := p.open(ctx, request, there.Interval, parts)
	if err != nil {
		return nil, err
	}
	//mutate:resumed-pace
	replay.schedule.start = there.reached()
	return replay, nil
}

// mismatch refuses a cursor that is not of a measurement, or not of the wanted kind.
func (b *Bookmark) mismatch(measurement atlas.MeasurementID, wanted, got string) error {
	if of := b.Marks[0].Measurement; len(b.Marks) > 1 || of != measurement {
		return protocol.Refuse(protocol.CodeBadCursor, "cursor: got one of measurement %d, want one of measurement %d", of, measurement)
	}
	return protocol.Refuse(protocol.CodeBadCursor, "cursor: got one of %s, want one of %s", got, wanted)
}

// find looks up the topics of a cursor, which must have still what is to be read.
func (p *Player) find(ctx context.Context, request Request, places []TopicPlace) ([]part, error) {
	topics, err := p.topics(ctx, request.Stream)
	if err != nil {
		return nil, err
	}
	parts := make([]part, 0, len(places))
	for _, place := range places {
		if !slices.Contains(topics, place.Name) {
			return nil, protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on in %.249q, which there is not; there is %s",
				place.Name, strings.Join(topics, ", "))
		}
		found, err := p.locate(ctx, place.Name, request)
		if err != nil {
			return nil, err
		}
		found.mark, found.end = place.Mark, place.End
		if err := p.checkPlace(ctx, request.Account, found); err != nil {
			return nil, err
		}
		parts = append(parts, found)
	}
	return parts, nil
}

func (p *Player) checkPlace(ctx context.Context, account *readlimit.Account, found part) error {
	if found.end > found.next {
		return protocol.Refuse(protocol.CodeCursorGone, "cursor: reads %s to offset %d, but it ends at %d; it was made anew",
			found.topic, found.end, found.next)
	}
	if found.mark.Low >= found.first || found.mark.Low >= found.end {
		return nil
	}
	if found.first == found.next {
		return protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which has no records any more", found.mark.Low, found.topic)
	}
	earliest, err := p.beginnings.of(ctx, p.scanFor(account), found, 0)
	if err != nil {
		return err
	}
	return protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which has records from offset %d on, those of %s and later",
		found.mark.Low, found.topic, found.first, moment(earliest.ofAll))
}

// reached is the event time up to which the replay has delivered.
func (r *ReplayPlace) reached() time.Time {
	reached := r.Interval.Start
	for _, topic := range r.Topics {
		if topic.Mark.Last == beforeAll {
			continue
		}
		if last := time.UnixMilli(topic.Mark.Last.time); last.After(reached) {
			reached = last
		}
	}
	return reached
}
