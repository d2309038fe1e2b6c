package outagewatch

import (
	"context"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
)

// maxPending bounds the pending events, of 72 bytes each. Beyond, the log is read again.
const maxPending = 1 << 16

// reading is one pass over the log, with one registry.
type reading struct {
	registry   *outage.Registry
	began      time.Time
	outdated   chan struct{} // closed when the log must be read again
	invalidate func()
	wake       chan struct{} // has a token when events are pending

	mu      sync.Mutex
	pending []outage.ConnectionEvent

	taking     sync.Mutex // for the fields below
	days       *outage.Days
	answer     *Answer // nil at first
	computedAt time.Time
}

func newReading(registry *outage.Registry, first outage.Day) *reading {
	r := &reading{
		registry: registry, began: time.Now(), outdated: make(chan struct{}), wake: make(chan struct{}, 1), days: outage.NewDays(registry, first),
	}
	r.invalidate = sync.OnceFunc(func() { close(r.outdated) })
	return r
}

// enqueue adds pending events. It neither blocks nor looks for outages, as it is called during delivery to clients.
func (r *reading) enqueue(records []atlas.Record) {
	r.mu.Lock()
	for i := range records {
		if event, err := outage.EventOf(&records[i]); err == nil { // the catalog counts invalid ones
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
	default: // it has a token already
	}
}

// take takes pending events until the context ends.
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

// takePending is called with taking held.
func (r *reading) takePending() {
	r.mu.Lock()
	events := r.pending
	r.pending = nil
	r.mu.Unlock()
	for i := range events {
		r.days.Take(events[i])
	}
}

// answerAge is how long an answer is used: events come all the time, and clients may ask as often.
const answerAge = time.Second

// now returns the current outages, up to answerAge old.
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
