package sendqueue

import (
	"cmp"
	"time"
)

// noteRefused remembers the first message that was not taken since one was. It is called under the lock.
func (q *Queue) noteRefused(message *Message) {
	if q.refused == 0 {
		q.refused = message.made
	}
}

// MissingSince is when the first message was made that the client does not get if it is aborted now: the first that waits and is not being written, or
// that was not taken.
func (q *Queue) MissingSince() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	since := cmp.Or(q.refused, time.Now().Unix())
	if sent := q.onTheirWay(); sent < len(q.queue) {
		since = min(since, q.queue[sent].made)
	}
	return time.Unix(since, 0)
}

// onTheirWay is how many messages at the head of the queue the client gets whatever happens, so that it never sees half a frame.
func (q *Queue) onTheirWay() int {
	if q.written > 0 {
		return max(q.inFlight, 1)
	}
	return q.inFlight
}
