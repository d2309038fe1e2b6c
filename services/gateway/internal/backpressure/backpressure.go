// Package backpressure waits for clients whose queues are full where they cannot have records later, so that who reads loses nothing however much comes at
// once.
package backpressure

import (
	"time"

	"atlasstream/services/gateway/internal/delivery"
)

const (
	// maxWait is how long a client is waited for that can take no more records and could not have them later. One that takes nothing shall not hold up the others
	// for long; one that reads half a MiB in that time loses nothing, however much comes at once.
	maxWait = 2 * time.Second
	// maxWaitOfAll is how long all clients of a partition are waited for, together: one that reads just so much each time shall not hold up the others for ever.
	maxWaitOfAll = 2 * time.Minute
	// recovery: 10 s after clients were waited for, 1 s more of maxWaitOfAll is there again.
	recovery = 10
)

// Waiting is for how long clients were waited for lately.
type Waiting struct {
	spent time.Duration
	at    time.Time
}

// left is for how long they may be waited for now.
func (w *Waiting) left(now time.Time) time.Duration {
	w.spent = max(0, w.spent-now.Sub(w.at)/recovery)
	w.at = now
	return maxWaitOfAll - w.spent
}

// AwaitAll returns when each target's client can take more, or has had its time.
func (w *Waiting) AwaitAll(targets []*delivery.Target) {
	for _, target := range targets {
		now := time.Now()
		writable, until := unwritable(target, now)
		if writable == nil {
			continue
		}
		if left := w.left(now); left > 0 {
			awaitOne(writable, now.Add(min(left, until.Sub(now))))
			w.spent += time.Since(now)
		}
	}
}

// unwritable gives what is closed when the client can take more, and until when it is waited for; nil if it can, or has had its time.
func unwritable(target *delivery.Target, now time.Time) (writable <-chan struct{}, until time.Time) {
	writable, err := target.Recipient.Client.Writable()
	switch {
	case writable == nil || err != nil:
		target.AwaitedUntil = 0
		return nil, time.Time{}
	case target.AwaitedUntil == 0:
		target.AwaitedUntil = now.Add(maxWait).UnixMilli()
	case now.UnixMilli() >= target.AwaitedUntil:
		return nil, time.Time{}
	}
	return writable, time.UnixMilli(target.AwaitedUntil)
}

func awaitOne(writable <-chan struct{}, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-writable:
	case <-timer.C:
	}
}
