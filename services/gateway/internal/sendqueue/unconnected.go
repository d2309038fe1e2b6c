package sendqueue

import (
	"net"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/wsframe"
)

// NewUnconnected makes a queue without a connection, whose messages are taken, not written. When there is something to take, and when the queue is finished or
// closed, wake is called by the goroutine that caused it; wake must not block.
func NewUnconnected(limits *Limits, stats *queuebudget.Stats, wake func()) *Queue {
	return &Queue{limits: limits, account: queuebudget.Account{Stats: stats}, wake: wake}
}

// Connect gives a queue without a connection one, once. Queued and later messages are written to it, and Take returns nothing any more. The connection of a
// queue that has ended is closed.
func (q *Queue) Connect(conn net.Conn) {
	q.mu.Lock()
	q.connect(conn)
	ended := q.state == finished || q.state == closed
	q.mu.Unlock()
	if ended {
		_ = conn.Close() // an error has no consequence
		return
	}
	q.Flush()
}

// Take takes messages from the head of a queue without a connection: as many as have maxBytes of payload together, but at least one if there is any.
// When more is false, the queue is finished or closed, and empty.
func (q *Queue) Take(maxBytes int) (messages []*wsframe.Message, more bool) {
	return q.TakeWhile(func(message *wsframe.Message) bool {
		maxBytes -= len(message.Payload())
		return maxBytes >= 0
	})
}

// TakeWhile is Take, but fits decides whether to take a message, one after the other; the first is taken in any case. Close frames, pings and
// pongs are dropped. fits must not use the queue.
func (q *Queue) TakeWhile(fits func(*wsframe.Message) bool) (messages []*wsframe.Message, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.conn != nil {
		return nil, q.state == open || q.state == finishing
	}
	dropped, size := 0, 0
	for _, message := range q.queue {
		if !message.IsWebSocketOnly() {
			if !fits(message) && len(messages) > 0 {
				break
			}
			messages = append(messages, message)
		}
		dropped++
		size += message.Size()
	}
	q.dropSent(dropped, size)
	if q.state == finishing && len(q.queue) == 0 {
		q.state = finished
	}
	return messages, q.state == open || q.state == finishing
}
