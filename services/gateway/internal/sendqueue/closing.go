package sendqueue

import (
	"cmp"
	"time"

	"atlasstream/services/gateway/internal/wsframe"
)

// Finish writes the queued and the last messages, and then closes the connection: the sending side at once, the rest when the client has closed its
// side or after CloseTimeout, which ends reading from the connection.
func (q *Queue) Finish(last ...*wsframe.Message) { q.finish(false, last) }

// Abort is Finish for a client that cannot keep up: queued messages are dropped, except those that are being written.
func (q *Queue) Abort(last ...*wsframe.Message) { q.finish(true, last) }

func (q *Queue) finish(drop bool, last []*wsframe.Message) {
	q.mu.Lock()
	if q.state != open {
		q.mu.Unlock()
		return
	}
	q.state = finishing
	q.notifyWritable()
	if drop {
		q.dropUnsent()
	}
	for _, message := range last {
		q.push(message)
	}
	q.mu.Unlock()
	q.Flush()
}

// dropUnsent drops all messages but those that are being written.
func (q *Queue) dropUnsent() {
	keep := q.inFlightCount()
	dropped := 0
	for _, message := range q.queue[keep:] {
		dropped += message.Size()
	}
	q.account.CountQueued(keep-len(q.queue), -dropped)
	clear(q.queue[keep:])
	q.queue = q.queue[:keep]
}

// inFlightCount is how many messages at the head of the queue are written in any case, so that the client never receives half a frame.
func (q *Queue) inFlightCount() int {
	if q.written > 0 {
		return max(q.inFlight, 1)
	}
	return q.inFlight
}

// MissingSince is when the first message was created that the client misses if it is aborted now: the first that is queued and not being written, or
// the first that was refused.
func (q *Queue) MissingSince() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	since := cmp.Or(q.firstRefused, time.Now().Unix())
	if sent := q.inFlightCount(); sent < len(q.queue) {
		since = min(since, q.queue[sent].Created())
	}
	return time.Unix(since, 0)
}
