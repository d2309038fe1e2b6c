package sendqueue

import (
	"errors"
	"time"

	"atlasstream/services/gateway/internal/socketwrite"
	"atlasstream/services/gateway/internal/wsframe"
)

// Send is EnqueueControl and Flush.
func (q *Queue) Send(message *wsframe.Message) error {
	if err := q.EnqueueControl(message); err != nil {
		return err
	}
	q.Flush()
	return nil
}

// Flush writes the queued messages. Most sockets have room, so it tries without blocking first; otherwise a goroutine continues.
func (q *Queue) Flush() {
	batch := socketwrite.New()
	defer batch.Release()
	more, wake := q.begin(batch)
	if wake {
		q.wake()
	}
	for ; more; more = q.next(batch) {
		switch err := batch.Try(q.raw); {
		case errors.Is(err, socketwrite.ErrWouldBlock):
			q.continueSlowly(batch)
			return
		case err != nil:
			q.stop()
			return
		}
	}
}

func (q *Queue) writeSlowly() {
	batch := socketwrite.New()
	defer batch.Release()
	for q.next(batch) {
		if err := batch.WriteWithin(q.conn, q.limits.WriteTimeout); err != nil {
			q.stop()
			return
		}
	}
}

// begin makes the caller the writer, if there is something to write and no other writer, and fills the batch. Without a connection, wake must be
// called instead.
func (q *Queue) begin(batch *socketwrite.Batch) (more, wake bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	pending := q.state == open && len(q.queue) > 0 || q.state == finishing
	if q.writing || !pending {
		return false, false
	}
	if q.conn == nil {
		return false, true
	}
	q.writing = true
	return q.take(batch), false
}

// next goes on behind what is written of a batch.
func (q *Queue) next(batch *socketwrite.Batch) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wrote(batch.Written)
	return q.take(batch)
}

// continueSlowly lets a goroutine continue, which Close waits for.
func (q *Queue) continueSlowly(batch *socketwrite.Batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wrote(batch.Written)
	if q.state == closed {
		return
	}
	//mutate:kernel-not-counted
	q.account.CountUnread(batch.Unread)
	q.account.Stats.Blocked.Add(1)
	q.slowWriter.Go(q.writeSlowly)
}

// take fills the batch from the head of the queue. If that is empty it returns false, and the caller is not the writer any more.
// It is called with the lock held.
func (q *Queue) take(batch *socketwrite.Batch) bool {
	if len(q.queue) > 0 {
		q.inFlight = batch.Fill(q.queue, q.written)
		return true
	}
	q.writing = false
	q.account.CountUnread(0)
	if q.state == finishing {
		q.state = finished
		q.endSending()
	}
	return false
}

// wrote removes written messages from the queue. It is called with the lock held.
func (q *Queue) wrote(bytes int) {
	q.inFlight = 0
	q.written += bytes
	sent, size := 0, 0
	for sent < len(q.queue) && q.written >= q.queue[sent].Size() {
		q.written -= q.queue[sent].Size()
		size += q.queue[sent].Size()
		sent++
	}
	q.dropSent(sent, size)
}

// dropSent removes the first messages of the queue, and reuses its memory unless that is large.
func (q *Queue) dropSent(sent, size int) {
	q.account.CountQueued(-sent, -size)
	left := copy(q.queue, q.queue[sent:])
	clear(q.queue[left:])
	q.queue = q.queue[:left]
	if left == 0 && cap(q.queue) > socketwrite.MaxMessages {
		q.queue = nil
	}
	q.notifyWritable()
}

// endSending closes the sending side. Closing both at once could discard what the client has not read yet, so its side stays open for a while.
func (q *Queue) endSending() {
	sender, ok := q.conn.(interface{ CloseWrite() error })
	if ok && sender.CloseWrite() == nil && q.conn.SetReadDeadline(time.Now().Add(q.limits.CloseTimeout)) == nil {
		return
	}
	_ = q.conn.Close() // an error has no consequence
}

// Close closes the connection, drops the queue, and returns when the queue does not use the connection any more.
func (q *Queue) Close() {
	q.stop()
	q.slowWriter.Wait()
}

// stop closes the connection and drops the queue.
func (q *Queue) stop() {
	q.mu.Lock()
	q.state = closed
	q.account.CountQueued(-len(q.queue), -q.account.Queued)
	q.account.CountUnread(0)
	q.queue = nil
	q.notifyWritable()
	conn := q.conn
	q.mu.Unlock()
	if conn == nil {
		q.wake()
		return
	}
	_ = conn.Close() // an error has no consequence
}
