package sendqueue

// Writable tells whether there is room for more than a message or two: it gives nil as long as no more than half of what the limits allow waits, else a channel
// that is closed when no more than a quarter does, or when the queue takes no more messages. Then the error is ErrClosed. It is for those who can wait
// with what they have; the other half is for those who cannot.
func (q *Queue) Writable() (<-chan struct{}, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.state != open:
		return nil, ErrClosed
	//mutate:room-ignored
	case q.holdsAtMost(2):
		return nil, nil
	case q.room == nil:
		q.room = make(chan struct{})
	}
	return q.room, nil
}

// holdsAtMost tells whether no more than a part of what the limits allow waits: half for 2, a quarter for 4.
func (q *Queue) holdsAtMost(part int) bool {
	return q.bytes <= q.mostBytes()/part && len(q.queue) <= q.limits.Messages/part
}

// tellRoom is called under the lock when the queue has become shorter or the state has changed.
func (q *Queue) tellRoom() {
	if q.room != nil && (q.state != open || q.holdsAtMost(4)) {
		close(q.room)
		q.room = nil
	}
}
