package outbox

import "net"

// NewDetached makes an outbox without a connection: what waits in it is taken, not written. Whenever there is something to take, or nothing more to wait
// for, wake is called from the goroutine that brought it about; wake must not wait for anything.
func NewDetached(limits *Limits, stats *Stats, wake func()) *Outbox {
	return &Outbox{limits: limits, stats: stats, wake: wake}
}

// Attach gives a detached outbox its connection, once. What waits is written to it, and whatever comes later: Take finds nothing any more. The connection
// of an outbox that has nothing more to say is closed.
func (o *Outbox) Attach(conn net.Conn) {
	o.mu.Lock()
	o.connect(conn)
	ended := o.state == finished || o.state == closed
	o.mu.Unlock()
	if ended {
		_ = conn.Close() // nothing is to be done about a connection that fails to close
		return
	}
	o.Flush()
}

// Take takes messages from the head of the queue of a detached outbox: as many as have maxBytes of payload together, but one at least, if any waits.
// When more is false, the outbox is done: it has been finished or closed, and nothing waits in it.
func (o *Outbox) Take(maxBytes int) (messages []*Message, more bool) {
	return o.TakeWhile(func(message *Message) bool {
		maxBytes -= len(message.Payload())
		return maxBytes >= 0
	})
}

// TakeWhile is Take where fits says of one message after the other whether it is taken too; the first is taken in any case. Close frames, pings and
// pongs are left out. fits must not use the outbox.
func (o *Outbox) TakeWhile(fits func(*Message) bool) (messages []*Message, more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.conn != nil {
		return nil, o.state == open || o.state == finishing
	}
	passed, size := 0, 0
	for _, message := range o.queue {
		if !message.isControl() {
			if !fits(message) && len(messages) > 0 {
				break
			}
			messages = append(messages, message)
		}
		passed++
		size += message.Size()
	}
	o.forget(passed, size)
	if o.state == finishing && len(o.queue) == 0 {
		o.state = finished
	}
	return messages, o.state == open || o.state == finishing
}
