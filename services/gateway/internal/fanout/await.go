package fanout

import "time"

// patience is how long a client is waited for that can take no more records and could not have them later. One that takes nothing shall not hold up the
// others for long; one that reads half a MiB in that time loses nothing, however much comes at once.
const patience = 2 * time.Second

const (
	// mostWaited is how long all clients of a partition are waited for, together: one that reads just so much each time shall not hold up the others for ever.
	mostWaited = 2 * time.Minute
	// restoring is in how many times as long as clients were waited for all of that time is there again.
	restoring = 10
)

// waiting is for how long clients were waited for lately.
type waiting struct {
	spent time.Duration
	at    time.Time
}

// left is for how long they may be waited for now.
func (w *waiting) left(now time.Time) time.Duration {
	w.spent = max(0, w.spent-now.Sub(w.at)/restoring)
	w.at = now
	return mostWaited - w.spent
}

// awaitAll returns when each member's client can take more, or has had its time.
func (w *waiting) awaitAll(members []*member) {
	for _, member := range members {
		now := time.Now()
		room, until := member.full(now)
		if room == nil {
			continue
		}
		if left := w.left(now); left > 0 {
			awaitOne(room, now.Add(min(left, until.Sub(now))))
			w.spent += time.Since(now)
		}
	}
}

// full gives what is closed when the client can take more, and until when it is waited for; nil if it can, or has had its time.
func (m *member) full(now time.Time) (room <-chan struct{}, until time.Time) {
	room, err := m.subscriber.client.Writable()
	switch {
	case room == nil || err != nil:
		m.awaited = time.Time{}
		return nil, m.awaited
	case m.awaited.IsZero():
		m.awaited = now.Add(patience)
	case !now.Before(m.awaited):
		return nil, m.awaited
	}
	return room, m.awaited
}

func awaitOne(room <-chan struct{}, until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-room:
	case <-timer.C:
	}
}
