package playback

import (
	"context"
	"io"
	"slices"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// part is what one topic has for a replay.
type part struct {
	topic       string
	partition   int
	live        bool            // results come in by time, but for some lateness; an archive has any order
	first, next int64           // what the partition has: from first to before next
	progress    cursor.Progress // where to begin
	end         int64           // the offset before which to stop
}

// checkTopics bounds the topics that one replay reads at once: each has a window, and a position in every cursor.
func checkTopics(parts []part) error {
	if len(parts) <= cursor.MaxTopics {
		return nil
	}
	return protocol.Refuse(protocol.CodeTooMuch, "startTime: %d archives have records after it, want at most %d", len(parts), cursor.MaxTopics)
}

// cover finds what topics have of a measurement's partition in an interval, in the order in which records of the same time come: by the topic's name.
func (p *Player) cover(ctx context.Context, request Request, interval Interval) ([]part, error) {
	topics, err := p.topics(ctx, request.Stream)
	if err != nil {
		return nil, err
	}
	parts := make([]part, 0, len(topics))
	for _, topic := range topics {
		part, err := p.locate(ctx, topic, request)
		if err != nil {
			return nil, err
		}
		if err := p.place(ctx, &part, interval); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// topics lists where a stream's records are. An archive has measurements' results and, from a download of measurement 7000, connection events.
func (p *Player) topics(ctx context.Context, stream atlas.Stream) ([]string, error) {
	topics, err := p.settings.Log.Archives(ctx)
	if err != nil {
		return nil, err
	}
	topics = append(topics, p.settings.Topics[stream])
	slices.Sort(topics)
	return topics, nil
}

// locate finds the partition of a measurement. It pays for this and for all that is looked up there.
func (p *Player) locate(ctx context.Context, topic string, request Request) (located part, err error) {
	if err := request.Account.Pay(ctx, readlimit.LookUpCost); err != nil {
		return part{}, err
	}
	located = part{topic: topic, live: topic == p.settings.Topics[request.Stream]}
	if located.partition, err = p.settings.Log.Partition(ctx, topic, request.Measurement); err != nil {
		return part{}, err
	}
	located.first, located.next, err = p.settings.Log.Bounds(ctx, topic, located.partition)
	return located, err
}

// place finds where to begin and to stop. Every record before the offset of a time is older, so nothing is missed before it; behind the offset of the end
// late records may stand, in an archive anywhere.
func (p *Player) place(ctx context.Context, part *part, interval Interval) error {
	//mutate:replay-start-later
	start, err := p.settings.Log.OffsetAt(ctx, part.topic, part.partition, interval.Start)
	if err != nil {
		return err
	}
	part.progress, part.end = cursor.StartAt(min(max(start, part.first), part.next)), part.next
	//mutate:archive-read-by-time
	if !part.live || start >= part.next {
		return nil
	}
	//mutate:replay-without-lateness
	end, err := p.settings.Log.OffsetAt(ctx, part.topic, part.partition, interval.End.Add(p.settings.Lateness))
	part.end = min(max(end, part.progress.Low), part.next)
	return err
}

// withRecords leaves out the topics that have nothing to read.
func withRecords(parts []part) []part {
	return slices.DeleteFunc(slices.Clone(parts), func(p part) bool { return p.progress.Low >= p.end })
}

// nothing is what is left of a topic that has been read.
type nothing struct{}

func (nothing) Next(context.Context) (*atlas.Record, error) { return nil, io.EOF }
func (nothing) Ready() bool                                 { return true }
func (nothing) Close()                                      {}
