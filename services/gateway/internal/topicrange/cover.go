package topicrange

import (
	"context"
	"time"
)

// Lateness is how much later than results of the same time a result still comes into a live topic.
func (f *Finder) Lateness() time.Duration { return f.settings.Lateness }

// cover narrows a partition to an interval. Every record before the offset of a time is older, so nothing is missed before it; behind the offset of the end
// there may be late records, in an archive anywhere.
func (f *Finder) cover(ctx context.Context, located Partition, interval Interval) (Range, error) {
	//mutate:replay-start-exclusive
	start, err := f.settings.Log.OffsetAt(ctx, located.Topic, located.Number, interval.Start)
	if err != nil {
		return Range{}, err
	}
	covering := Range{located, min(max(start, located.First), located.Next), located.Next}
	//mutate:archive-read-by-time
	if !located.Live || start >= located.Next {
		return covering, nil
	}
	//mutate:replay-without-lateness
	end, err := f.settings.Log.OffsetAt(ctx, located.Topic, located.Number, interval.End.Add(f.settings.Lateness))
	covering.To = min(max(end, covering.From), located.Next)
	return covering, err
}

// Narrow gives the range that has the records of an interval which did not come late, or all from its start on if the partition is not in the order of time.
func (f *Finder) Narrow(ctx context.Context, located Partition, interval Interval) (Range, error) {
	start, err := f.settings.Log.OffsetAt(ctx, located.Topic, located.Number, interval.Start)
	if err != nil {
		return Range{}, err
	}
	narrowed := Range{located, min(max(start, located.First), located.Next), located.Next}
	narrowed.To, err = f.EndAt(ctx, narrowed, interval.End)
	return narrowed, err
}

// EndAt gives the offset before which the records of a range up to a time are, or its end if it is not in the order of time.
func (f *Finder) EndAt(ctx context.Context, within Range, at time.Time) (int64, error) {
	end, err := f.settings.Log.OffsetAt(ctx, within.Topic, within.Number, at.Add(time.Millisecond))
	if end <= within.From && !within.Live {
		end = within.To
	}
	return min(max(end, within.From), within.To), err
}
