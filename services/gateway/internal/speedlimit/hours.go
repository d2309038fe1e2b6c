package speedlimit

import (
	"context"
	"math"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/topicrange"
)

const (
	// maxCounted bounds how many records of an hour are scanned to count results; of more, the first are taken for all.
	maxCounted = 250_000
	// maxHours is how many hours are remembered, 7 KiB each.
	maxHours = 1024
	// hourAge is for how long a count is good of an hour to which records may have been added since.
	hourAge = time.Minute
)

// hours remember how many results a measurement had in an hour, which has to be counted record by record: so a request that comes again is answered at once,
// and of requests that come together only one counts.
type hours struct {
	mu      sync.Mutex
	counted map[hourOf]*hourCount
}

// hourOf is an hour of a measurement in a topic, of which it has one partition.
type hourOf struct {
	topic       string
	measurement atlas.MeasurementID
	start       int64 // Unix seconds
}

// hourCount is how many results an hour has. Only the holder of the token counts.
type hourCount struct {
	token   chan struct{}
	start   time.Time
	at      time.Time                            // when it was counted; zero if it was not
	next    int64                                // where the partition ended then
	seconds [int(time.Hour / time.Second)]uint16 // results in each; more than can be said are a limit's business in any case
	scale   float64                              // by how many more records there are than were looked at; 1 if all were
}

func (h *hours) entry(hour time.Time, measurement atlas.MeasurementID, partition topicrange.Partition) *hourCount {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := hourOf{partition.Topic, measurement, hour.Unix()}
	if h.counted == nil {
		h.counted = make(map[hourOf]*hourCount)
	}
	if h.counted[key] == nil {
		h.makeRoom()
		h.counted[key] = &hourCount{token: make(chan struct{}, 1), start: hour}
	}
	return h.counted[key]
}

// makeRoom forgets any one if there are too many.
func (h *hours) makeRoom() {
	for key := range h.counted {
		if len(h.counted) < maxHours {
			return
		}
		delete(h.counted, key)
	}
}

// of gives the count of an hour, which is not to be changed.
func (h *hours) of(ctx context.Context, ranges *topicrange.Finder, query topicrange.Query, hour time.Time, partition topicrange.Partition) (hourCount, error) {
	entry := h.entry(hour, query.Measurement, partition)
	select {
	case entry.token <- struct{}{}:
	case <-ctx.Done():
		return hourCount{}, ctx.Err()
	}
	defer func() { <-entry.token }()
	//mutate:estimate-not-cached
	if !entry.isGood(partition, ranges.Lateness()) {
		if err := entry.count(ctx, ranges, query, partition); err != nil {
			return hourCount{}, err
		}
	}
	return *entry, nil
}

// isGood tells whether counting again would not give more.
func (h *hourCount) isGood(partition topicrange.Partition, lateness time.Duration) bool {
	if h.at.IsZero() || partition.Next < h.next {
		return false
	}
	complete := partition.Live && h.start.Add(time.Hour+lateness).Before(h.at)
	return complete || partition.Next == h.next || time.Since(h.at) < hourAge
}

func (h *hourCount) count(ctx context.Context, ranges *topicrange.Finder, query topicrange.Query, partition topicrange.Partition) error {
	hour, err := ranges.Narrow(ctx, partition, topicrange.Interval{Start: h.start, End: h.start.Add(time.Hour - time.Millisecond)})
	if err != nil {
		return err
	}
	h.at, h.seconds, h.scale = time.Time{}, [len(h.seconds)]uint16{}, 1
	counted := hour
	counted.To = min(hour.To, hour.From+maxCounted)
	_, err = ranges.Scan(ctx, query.Account, counted, func(of atlas.MeasurementID, at time.Time) bool {
		if second := int(at.Unix() - h.start.Unix()); (of == query.Measurement || of == 0) && second >= 0 && second < len(h.seconds) {
			h.seconds[second] = min(h.seconds[second], math.MaxUint16-1) + 1
		}
		return true
	})
	if err != nil {
		return err
	}
	if counted.To < hour.To {
		h.scale = float64(hour.To-hour.From) / float64(counted.To-counted.From)
	}
	h.at, h.next = time.Now(), partition.Next
	return nil
}

// within gives how many results of the hour are in an interval. Where not all records were scanned, each second counts as the hour's average.
func (h *hourCount) within(interval topicrange.Interval) float64 {
	first := max(0, interval.Start.Unix()-h.start.Unix())
	last := min(int64(len(h.seconds))-1, interval.End.Unix()-h.start.Unix())
	if first > last {
		return 0
	}
	if h.scale > 1 {
		passed := min(int64(len(h.seconds)), h.at.Unix()-h.start.Unix()+1)
		return h.scale * sum(h.seconds[:]) * float64(last-first+1) / float64(passed)
	}
	return sum(h.seconds[first : last+1])
}

func sum(counts []uint16) (sum float64) {
	for _, count := range counts {
		sum += float64(count)
	}
	return sum
}
