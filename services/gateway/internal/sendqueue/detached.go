package sendqueue

import "net"

// NewDetached makes a queue without a connection: what waits in it is taken, not written. Whenever there is something to take, or nothing more to wait
// for, wake is called from the goroutine that brought it about; wake must not wait for anything.
func NewDetached(limits *Limits, stats *Stats, wake func()) *Queue {
	return &Queue{limits: limits, stats: stats, wake: wake}
}

// Attach gives a detached queue its connection, once. What waits is written to it, and whatever comes later: Take finds nothing any more. The connection
// of a queue that has nothing more to say is closed.
func (q *Queue) Attach(conn net.Conn) {
	q.mu.Lock()
	q.connect(conn)
	ended := q.state == finished || q.state == closed
	q.mu.Unlock()
	if ended {
		_ = conn.Close() // nothing is to be done about a connection that fails to close
		return
	}
	q.Flush()
}

// Take takes messages from the head of the queue of a detached queue: as many as have maxBytes of payload together, but one at least, if any waits.
// When more is false, the queue is done: it has been finished or closed, and nothing waits in it.
func (q *Queue) Take(maxBytes int) (messages []*Message, more bool) {
	return q.TakeWhile(func(message *Message) bool {
		maxBytes -= len(message.Payload())
		return maxBytes >= 0
	})
}

// TakeWhile is Take where fits says of one message after the other whether it is taken too; the first is taken in any case. Close frames, pings and
// pongs are left out. fits must not use the queue.
func (q *Queue) TakeWhile(fits func(*Message) bool) (messages []*Message, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.conn != nil {
		return nil, q.state == open || q.state == finishing
	}
	passed, size := 0, 0
	for _, message := range q.queue {
		if !message.isControl() {
			if !fits(message) && len(messages) > 0 {
				break
			}
			messages = append(messages, message)
		}
		passed++
		size += message.Size()
	}
	q.forget(passed, size)
	if q.state == finishing && len(q.queue) == 0 {
		q.state = finished
	}
	return messages, q.state == open || q.state == finishing
}
