package outagewatch

import (
	"context"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
)

// maxPending is how many events may wait to be taken, of 72 bytes each. What comes beyond is read from the log once more.
const maxPending = 1 << 16

// reading is the log as it is read with one registry.
type reading struct {
	registry   *outage.Registry
	began      time.Time
	outdated   chan struct{} // is closed when the log is to be read anew
	invalidate func()
	wake       chan struct{} // has something when events wait

	mu      sync.Mutex
	pending []outage.ConnectionEvent

	taking     sync.Mutex // for what follows
	days       *outage.Days
	answer     *Answer // nil before the first
	computedAt time.Time
}

func newReading(registry *outage.Registry, first outage.Day) *reading {
	r := &reading{
		registry: registry, began: time.Now(), outdated: make(chan struct{}), wake: make(chan struct{}, 1), days: outage.NewDays(registry, first),
	}
	r.invalidate = sync.OnceFunc(func() { close(r.outdated) })
	return r
}

// enqueue has events wait. It neither blocks nor looks for outages, as it is called while events are delivered to clients.
func (r *reading) enqueue(records []atlas.Record) {
	r.mu.Lock()
	for i := range records {
		if event, err := outage.EventOf(&records[i]); err == nil { // the registry counts the others
			r.pending = append(r.pending, event)
		}
	}
	tooMany := len(r.pending) > maxPending
	if tooMany {
		r.pending = nil
	}
	r.mu.Unlock()
	if tooMany {
		r.invalidate()
	}
	select {
	case r.wake <- struct{}{}:
	default: // it is to wake up already
	}
}

// take takes what waits, whenever something does, until the context ends.
func (r *reading) take(ctx context.Context) {
	for {
		select {
		case <-r.wake:
			r.taking.Lock()
			r.takePending()
			r.taking.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// takePending is called by whoever is taking.
func (r *reading) takePending() {
	r.mu.Lock()
	events := r.pending
	r.pending = nil
	r.mu.Unlock()
	for i := range events {
		r.days.Take(events[i])
	}
}

// answerAge is for how long an answer is good, whatever comes: events may come all the time, and anybody may ask as often.
const answerAge = time.Second

// now gives the outages of now, or of a moment ago.
func (r *reading) now() *Answer {
	r.taking.Lock()
	defer r.taking.Unlock()
	if r.answer != nil && time.Since(r.computedAt) < answerAge {
		return r.answer
	}
	if r.takePending(); r.answer == nil || r.answer.Offset != r.days.Offset() {
		r.answer, r.computedAt = r.answerOf(r.days), time.Now()
		r.answer.Outages = r.days.Outages()
	}
	return r.answer
}

func (r *reading) answerOf(days *outage.Days) *Answer {
	answer := &Answer{Offset: days.Offset(), Registry: r.registry.Digest(), reading: r.outdated, maxSilence: days.MaxSilence(), since: r.began}
	if now := days.Now(); now.Unix() > 0 {
		answer.From, answer.To = now.Add(-24*time.Hour), now
	}
	return answer
}
