package outbox

import (
	"cmp"
	"time"
)

// noteRefused remembers the first message that was not taken since one was. It is called under the lock.
func (o *Outbox) noteRefused(message *Message) {
	if o.refused == 0 {
		o.refused = message.made
	}
}

// MissingSince is when the first message was made that the client does not get if it is aborted now: the first that waits and is not being written, or
// that was not taken.
func (o *Outbox) MissingSince() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	since := cmp.Or(o.refused, time.Now().Unix())
	if sent := o.onTheirWay(); sent < len(o.queue) {
		since = min(since, o.queue[sent].made)
	}
	return time.Unix(since, 0)
}

// onTheirWay is how many messages at the head of the queue the client gets whatever happens, so that it never sees half a frame.
func (o *Outbox) onTheirWay() int {
	if o.written > 0 {
		return max(o.inFlight, 1)
	}
	return o.inFlight
}
