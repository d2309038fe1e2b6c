package volume

import (
	"slices"
	"time"

	"atlasstream/services/gateway/internal/topicrange"
)

// timeline cuts an interval into buckets: bucket i goes from edge i to before edge i+1, in Unix milliseconds.
type timeline struct {
	edges []int64
	step  time.Duration
}

// newTimeline makes fewer buckets if the interval has fewer milliseconds.
func newTimeline(interval topicrange.Interval, buckets int) timeline {
	from, to := interval.Start.UnixMilli(), interval.End.UnixMilli()
	count := max(1, min(int64(buckets), to-from))
	line := timeline{edges: make([]int64, count+1), step: time.Duration(to-from) * time.Millisecond / time.Duration(count)}
	for i := range count {
		line.edges[i] = from + i*(to-from)/count
	}
	line.edges[count] = to + 1 // as the end belongs to the interval
	return line
}

func (l *timeline) count() int { return len(l.edges) - 1 }

// bucketAt returns the bucket of a time, if there is one.
func (l *timeline) bucketAt(at time.Time) (bucket int, is bool) {
	after, found := slices.BinarySearch(l.edges, at.UnixMilli())
	if found {
		after++
	}
	return after - 1, 0 < after && after < len(l.edges)
}

// span is the time of which a topic has records, both ends included; zero if it has none.
type span struct{ from, to time.Time }

func (s *span) add(at time.Time) {
	if s.from.IsZero() || at.Before(s.from) {
		s.from = at
	}
	if at.After(s.to) {
		s.to = at
	}
}

// reaches reports whether the span and a bucket overlap.
func (l *timeline) reaches(s span, bucket int) bool {
	return !s.from.IsZero() && s.from.UnixMilli() < l.edges[bucket+1] && s.to.UnixMilli() >= l.edges[bucket]
}
