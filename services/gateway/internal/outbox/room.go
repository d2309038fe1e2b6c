package outbox

// Room tells whether there is room for more than a message or two: it gives nil as long as no more than half of what the limits allow waits, else a channel
// that is closed when no more than a quarter does, or when the outbox takes no more messages. Then the error is ErrClosed. It is for those who can wait
// with what they have; the other half is for those who cannot.
func (o *Outbox) Room() (<-chan struct{}, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.state != open:
		return nil, ErrClosed
	//mutate:room-ignored
	case o.holdsAtMost(2):
		return nil, nil
	case o.room == nil:
		o.room = make(chan struct{})
	}
	return o.room, nil
}

// holdsAtMost tells whether no more than a part of what the limits allow waits: half for 2, a quarter for 4.
func (o *Outbox) holdsAtMost(part int) bool {
	return o.bytes <= o.mostBytes()/part && len(o.queue) <= o.limits.Messages/part
}

// tellRoom is called under the lock when the queue has become shorter or the state has changed.
func (o *Outbox) tellRoom() {
	if o.room != nil && (o.state != open || o.holdsAtMost(4)) {
		close(o.room)
		o.room = nil
	}
}
