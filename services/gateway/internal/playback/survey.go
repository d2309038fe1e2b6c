package playback

import (
	"context"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
)

// Part is what one topic has of the partition that a measurement is in.
type Part struct {
	Topic       string
	Partition   int
	Live        bool  // records come in by time, but for some lateness; an archive has any order
	First, Next int64 // there are records from First to before Next
}

// Parts tells what each topic has, by the topics' names.
func (p *Player) Parts(ctx context.Context, stream atlas.Stream, measurement atlas.MeasurementID, account *readlimit.Account) ([]Part, error) {
	topics, err := p.topics(ctx, stream)
	if err != nil {
		return nil, err
	}
	parts := make([]Part, len(topics))
	for i, topic := range topics {
		located, err := p.locate(ctx, topic, Request{Stream: stream, Measurement: measurement, Account: account})
		if err != nil {
			return nil, err
		}
		parts[i] = Part{Topic: topic, Partition: located.partition, Live: located.live, First: located.first, Next: located.next}
	}
	return parts, nil
}

// Limit gives the greatest speed at which an interval of a measurement may be replayed, infinite without records, and tells whether the measurement's results
// bound it and not what has to be read for them. Of the request, start, end and speed do not matter.
func (p *Player) Limit(ctx context.Context, request Request, interval Interval) (limit float64, byResults bool, err error) {
	parts, err := p.cover(ctx, request, interval)
	if err != nil {
		return 0, false, err
	}
	return p.limit(ctx, request, interval, withRecords(parts))
}
