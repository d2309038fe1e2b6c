package sendqueue

import (
	"errors"
	"time"
)

// Flush writes what waits. Most sockets have room, so it tries without waiting first; for one that has none, a goroutine takes over.
func (q *Queue) Flush() {
	batch := newBatch()
	defer batch.release()
	more, wake := q.begin(batch)
	if wake {
		q.wake()
	}
	for ; more; more = q.next(batch) {
		switch err := batch.tryWrite(q.raw); {
		case errors.Is(err, errWouldBlock):
			q.waitForRoom(batch.written)
			return
		case err != nil:
			q.stop()
			return
		}
	}
}

func (q *Queue) writeSlowly() {
	batch := newBatch()
	defer batch.release()
	for more := q.resume(batch); more; more = q.next(batch) {
		if err := batch.writeWithin(q.conn, q.limits.WriteTimeout); err != nil {
			q.stop()
			return
		}
	}
}

// begin makes the caller the one who writes, if there is something to do and nobody does it, and fills the batch. Without a connection, somebody else
// has to be woken for it.
func (q *Queue) begin(batch *batch) (more, wake bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	pending := q.state == open && len(q.queue) > 0 || q.state == finishing
	if q.busy || !pending {
		return false, false
	}
	if q.conn == nil {
		return false, true
	}
	q.busy = true
	return q.take(batch), false
}

// next goes on after a batch.
func (q *Queue) next(batch *batch) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wrote(batch.written)
	return q.take(batch)
}

// waitForRoom lets a goroutine write on, which Close waits for.
func (q *Queue) waitForRoom(written int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wrote(written)
	if q.state == closed {
		return
	}
	q.stats.blocks()
	q.blocked.Go(q.writeSlowly)
}

func (q *Queue) resume(batch *batch) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take(batch)
}

// take fills the batch from the head of the queue. Without anything left to write it returns false, and the caller is no longer the one who writes.
// It is called under the lock.
func (q *Queue) take(batch *batch) bool {
	if len(q.queue) > 0 {
		q.inFlight = batch.fill(q.queue, q.written)
		return true
	}
	q.busy = false
	if q.state == finishing {
		q.state = finished
		q.endSending()
	}
	return false
}

// wrote takes what has been written out of the queue. It is called under the lock.
func (q *Queue) wrote(bytes int) {
	q.inFlight = 0
	q.written += bytes
	sent, size := 0, 0
	for sent < len(q.queue) && q.written >= q.queue[sent].Size() {
		q.written -= q.queue[sent].Size()
		size += q.queue[sent].Size()
		sent++
	}
	q.forget(sent, size)
}

// forget drops the first messages of the queue, with so many bytes, and keeps its memory for the next ones, unless that is much.
func (q *Queue) forget(sent, size int) {
	q.waits(-sent, -size)
	left := copy(q.queue, q.queue[sent:])
	clear(q.queue[left:])
	q.queue = q.queue[:left]
	if left == 0 && cap(q.queue) > maxBatchMessages {
		q.queue = nil
	}
	q.tellRoom()
}

// endSending tells the client that nothing more comes. Closing at once could destroy what it has not read yet, so its side stays open for a while.
func (q *Queue) endSending() {
	sender, ok := q.conn.(interface{ CloseWrite() error })
	if ok && sender.CloseWrite() == nil && q.conn.SetReadDeadline(time.Now().Add(q.limits.CloseTimeout)) == nil {
		return
	}
	_ = q.conn.Close() // nothing is to be done about a connection that fails to close
}
