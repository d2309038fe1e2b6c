package replay

import (
	"context"
	"slices"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// Resume goes on behind the message of a replay's cursor: the interval, and what is read, are the cursor's. The request tells the stream, the measurement,
// the start and the speed. Where the cursor says that nothing has been delivered yet, it starts. A *protocol.Error says what is wrong with the cursor,
// and what is available.
func (p *Planner) Resume(ctx context.Context, request Request, token cursor.Token) (*Pacer, error) {
	if err := checkSpeed(request.Speed); err != nil {
		return nil, err
	}
	from, err := token.Find(request.Measurement, true)
	if err != nil {
		return nil, protocol.Errorf(protocol.CodeBadCursor, "cursor: %s", err)
	}
	there := from.Replay
	if there == nil {
		return p.Start(ctx, request)
	}
	if start := request.Start.Truncate(time.Millisecond); !start.Equal(there.Start) {
		return nil, protocol.Errorf(protocol.CodeBadCursor, "startTime: got %s, want %s, that of the cursor",
			topicrange.FormatTime(start), topicrange.FormatTime(there.Start))
	}
	interval := topicrange.Interval{Start: there.Start, End: there.End}
	ranges, err := p.find(ctx, request.query(), there.Topics)
	if err != nil {
		return nil, err
	}
	if err := p.checkLimit(ctx, &request, interval, ranges); err != nil {
		return nil, err
	}
	pacer, err := p.open(ctx, request, interval, there.Topics)
	if err != nil {
		return nil, err
	}
	//mutate:resumed-replay-waits-again
	pacer.schedule.start = there.Reached()
	return pacer, nil
}

// find locates the topics of a cursor, which must still have what is left to be read.
func (p *Planner) find(ctx context.Context, query topicrange.Query, topics []cursor.TopicPosition) ([]topicrange.Range, error) {
	present, err := p.settings.Ranges.Topics(ctx, query.Stream)
	if err != nil {
		return nil, err
	}
	ranges := make([]topicrange.Range, 0, len(topics))
	for _, topic := range topics {
		if !slices.Contains(present, topic.Topic) {
			return nil, protocol.Errorf(protocol.CodeCursorGone, "cursor: goes on in %.249q, which there is not; there is %s",
				topic.Topic, strings.Join(present, ", "))
		}
		located, err := p.settings.Ranges.Locate(ctx, topic.Topic, query)
		if err != nil {
			return nil, err
		}
		found := topicrange.Range{Partition: located, From: topic.Low, To: topic.End}
		if err := p.checkRange(ctx, query.Account, found); err != nil {
			return nil, err
		}
		if err := p.checkIdentity(ctx, found, topic.Progress); err != nil {
			return nil, err
		}
		ranges = append(ranges, found)
	}
	return ranges, nil
}

// checkRange refuses to resume where the log does not have what is left to be read.
func (p *Planner) checkRange(ctx context.Context, account *readlimit.Account, found topicrange.Range) error {
	if found.To > found.Next {
		return protocol.Errorf(protocol.CodeCursorGone, "cursor: reads %s to offset %d, but it ends at %d; it was recreated",
			found.Topic, found.To, found.Next)
	}
	if found.From >= found.First || found.From >= found.To {
		return nil
	}
	if found.First == found.Next {
		return protocol.Errorf(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which has no records any more", found.From, found.Topic)
	}
	earliest, err := p.earliest.EarliestTime(ctx, account, found.Partition)
	if err != nil {
		return err
	}
	return protocol.Errorf(protocol.CodeCursorGone, "cursor: goes on at offset %d of %s, which has records from offset %d on, those of %s and later",
		found.From, found.Topic, found.First, topicrange.FormatTime(earliest))
}

// checkIdentity refuses to resume in a topic that does not have the last record that was delivered, unless retention may have taken that.
func (p *Planner) checkIdentity(ctx context.Context, found topicrange.Range, progress cursor.Progress) error {
	if progress.LastIdentity == 0 || progress.LastOffset < found.First {
		return nil
	}
	id, present, err := p.settings.Log.EventAt(ctx, found.Topic, found.Number, progress.LastOffset)
	//mutate:replay-resumes-in-another-log
	if err != nil || present && id.Identity() == progress.LastIdentity {
		return err
	}
	return protocol.Errorf(protocol.CodeCursorGone, "cursor: is of a record at offset %d of %s that is not there; the topic was recreated",
		progress.LastOffset, found.Topic)
}
