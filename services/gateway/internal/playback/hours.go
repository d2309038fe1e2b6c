package playback

import (
	"context"
	"math"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
)

const (
	// maxCounted bounds how many records of an hour are looked at to count results; of more, the first are taken for all.
	maxCounted = 250_000
	// maxHours is how many hours are remembered, 7 KiB each.
	maxHours = 1024
	// hourAge is for how long a count is good to which records may have come since.
	hourAge = time.Minute
)

// hours remember how many results a measurement had in an hour, which has to be counted record by record: so who asks again has the answer at once, and of
// those who ask together one counts.
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

// hourCount is how many results an hour has. Who counts holds the token.
type hourCount struct {
	token   chan struct{}
	start   time.Time
	at      time.Time                            // when it was counted; zero if it was not
	next    int64                                // where the partition ended then
	seconds [int(time.Hour / time.Second)]uint16 // results in each; more than can be said are a limit's business in any case
	scale   float64                              // by how many more records there are than were looked at; 1 if all were
}

func (h *hours) entry(hour time.Time, measurement atlas.MeasurementID, part part) *hourCount {
	h.mu.Lock()
	defer h.mu.Unlock()
	key := hourOf{part.topic, measurement, hour.Unix()}
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
func (h *hours) of(ctx context.Context, scan *scan, measurement atlas.MeasurementID, hour time.Time, part part) (hourCount, error) {
	entry := h.entry(hour, measurement, part)
	select {
	case entry.token <- struct{}{}:
	case <-ctx.Done():
		return hourCount{}, ctx.Err()
	}
	defer func() { <-entry.token }()
	//mutate:estimate-forgotten
	if !entry.isGood(part, scan.settings.Lateness) {
		if err := entry.count(ctx, scan, measurement, part); err != nil {
			return hourCount{}, err
		}
	}
	return *entry, nil
}

// isGood tells whether counting again would not give more.
func (h *hourCount) isGood(part part, lateness time.Duration) bool {
	if h.at.IsZero() || part.next < h.next {
		return false
	}
	complete := part.live && h.start.Add(time.Hour+lateness).Before(h.at)
	return complete || part.next == h.next || time.Since(h.at) < hourAge
}

func (h *hourCount) count(ctx context.Context, scan *scan, measurement atlas.MeasurementID, part part) error {
	from, to, err := scan.offsets(ctx, Interval{Start: h.start, End: h.start.Add(time.Hour - time.Millisecond)}, part)
	if err != nil {
		return err
	}
	h.at, h.seconds, h.scale = time.Time{}, [len(h.seconds)]uint16{}, 1
	looked := min(to, from+maxCounted)
	_, err = scan.show(ctx, part, from, looked, func(of atlas.MeasurementID, at time.Time) bool {
		if second := int(at.Unix() - h.start.Unix()); (of == measurement || of == 0) && second >= 0 && second < len(h.seconds) {
			h.seconds[second] = min(h.seconds[second], math.MaxUint16-1) + 1
		}
		return true
	})
	if err != nil {
		return err
	}
	if looked < to {
		h.scale = float64(to-from) / float64(looked-from)
	}
	h.at, h.next = time.Now(), part.next
	return nil
}

// offsets gives where the records of an hour stand, or the whole part if that is not in the order of time.
func (s *scan) offsets(ctx context.Context, hour Interval, part part) (from, to int64, err error) {
	from, err = s.settings.Log.OffsetAt(ctx, part.topic, part.partition, hour.Start)
	if err != nil {
		return 0, 0, err
	}
	part.progress.Low, part.end = min(max(from, part.first), part.next), part.next
	to, err = s.endOf(ctx, part, hour.End)
	return part.progress.Low, to, err
}

// within gives how many results of the hour are in an interval. Where not all records were looked at, the average of the hour stands for each second.
func (h *hourCount) within(interval Interval) float64 {
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
