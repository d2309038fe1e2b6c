package outagewatch

import (
	"context"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
)

// mostWaiting is how many events may wait to be taken, of 72 bytes each. What comes beyond is read from the log once more.
const mostWaiting = 1 << 16

// reading is the log as it is read with one registry.
type reading struct {
	registry *outage.Registry
	began    time.Time
	broken   chan struct{} // is closed when the log is to be read anew
	breakUp  func()
	woken    chan struct{} // has something when events wait

	mu      sync.Mutex
	waiting []outage.Event

	taking sync.Mutex // for what follows
	days   *outage.Days
	answer *Answer // nil before the first
	made   time.Time
}

func newReading(registry *outage.Registry, first outage.Day) *reading {
	r := &reading{
		registry: registry, began: time.Now(), broken: make(chan struct{}), woken: make(chan struct{}, 1), days: outage.NewDays(registry, first),
	}
	r.breakUp = sync.OnceFunc(func() { close(r.broken) })
	return r
}

// enqueue has events wait. It neither blocks nor looks for outages, as it is called while events are delivered to clients.
func (r *reading) enqueue(records []atlas.Record) {
	r.mu.Lock()
	for i := range records {
		if event, err := outage.EventOf(&records[i]); err == nil { // the registry counts the others
			r.waiting = append(r.waiting, event)
		}
	}
	tooMany := len(r.waiting) > mostWaiting
	if tooMany {
		r.waiting = nil
	}
	r.mu.Unlock()
	if tooMany {
		r.breakUp()
	}
	select {
	case r.woken <- struct{}{}:
	default: // it is to wake up already
	}
}

// take takes what waits, whenever something does, until the context ends.
func (r *reading) take(ctx context.Context) {
	for {
		select {
		case <-r.woken:
			r.taking.Lock()
			r.takeWaiting()
			r.taking.Unlock()
		case <-ctx.Done():
			return
		}
	}
}

// takeWaiting is called by whoever is taking.
func (r *reading) takeWaiting() {
	r.mu.Lock()
	events := r.waiting
	r.waiting = nil
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
	if r.answer != nil && time.Since(r.made) < answerAge {
		return r.answer
	}
	if r.takeWaiting(); r.answer == nil || r.answer.Offset != r.days.Offset() {
		r.answer, r.made = r.answerOf(r.days), time.Now()
		r.answer.Outages = r.days.Outages()
	}
	return r.answer
}

func (r *reading) answerOf(days *outage.Days) *Answer {
	answer := &Answer{Offset: days.Offset(), Registry: r.registry.Digest(), reading: r.broken, patience: days.Silence(), since: r.began}
	if now := days.Now(); now.Unix() > 0 {
		answer.From, answer.To = now.Add(-24*time.Hour), now
	}
	return answer
}
