package playback

import (
	"context"
	"slices"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/services/gateway/internal/readlimit"
)

// Resume goes on behind the message of a replay's cursor: the interval, and what is read, are the cursor's. The request tells the stream, the measurement,
// the start and the speed. Where the cursor says that nothing has been delivered yet, it starts. A *protocol.Error says what is wrong with the cursor,
// and what is available.
func (p *Player) Resume(ctx context.Context, request Request, token cursor.Token) (*Replay, error) {
	if err := checkSpeed(request.Speed); err != nil {
		return nil, err
	}
	from, err := token.Find(request.Measurement, true)
	if err != nil {
		return nil, protocol.Refuse(protocol.CodeBadCursor, "cursor: %s", err)
	}
	there := from.Replay
	if there == nil {
		return p.Start(ctx, request)
	}
	if start := request.Start.Truncate(time.Millisecond); !start.Equal(there.Start) {
		return nil, protocol.Refuse(protocol.CodeBadCursor, "startTime: got %s, want %s, that of the cursor", moment(start), moment(there.Start))
	}
	interval := Interval{Start: there.Start, End: there.End}
	parts, err := p.find(ctx, request, there.Topics)
	if err != nil {
		return nil, err
	}
	if err := p.checkLimit(ctx, &request, interval, parts); err != nil {
		return nil, err
	}
	replay, err := p.open(ctx, request, interval, parts)
	if err != nil {
		return nil, err
	}
	//mutate:resumed-pace
	replay.schedule.start = there.Reached()
	return replay, nil
}

// find looks up the topics of a cursor, which must have still what is to be read.
func (p *Player) find(ctx context.Context, request Request, topics []cursor.TopicPosition) ([]part, error) {
	present, err := p.topics(ctx, request.Stream)
	if err != nil {
		return nil, err
	}
	parts := make([]part, 0, len(topics))
	for _, topic := range topics {
		if !slices.Contains(present, topic.Topic) {
			return nil, protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on in %.249q, which there is not; there is %s",
				topic.Topic, strings.Join(present, ", "))
		}
		found, err := p.locate(ctx, topic.Topic, request)
		if err != nil {
			return nil, err
		}
		found.progress, found.end = topic.Progress, topic.End
		if err := p.checkPlace(ctx, request.Account, found); err != nil {
			return nil, err
		}
		parts = append(parts, found)
	}
	return parts, nil
}

func (p *Player) checkPlace(ctx context.Context, account *readlimit.Account, found part) error {
	if found.end > found.next {
		return protocol.Refuse(protocol.CodeCursorGone, "cursor: reads %s to offset %d, but it ends at %d; it was recreated",
			found.topic, found.end, found.next)
	}
	if found.progress.Low >= found.first || found.progress.Low >= found.end {
		return nil
	}
	if found.first == found.next {
		return protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which has no records any more", found.progress.Low, found.topic)
	}
	earliest, err := p.beginnings.of(ctx, p.scanFor(account), found, 0)
	if err != nil {
		return err
	}
	return protocol.Refuse(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which has records from offset %d on, those of %s and later",
		found.progress.Low, found.topic, found.first, moment(earliest.ofAll))
}
