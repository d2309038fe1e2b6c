package outbox

import (
	"errors"
	"time"
)

// Flush writes what waits. Most sockets have room, so it tries without waiting first; for one that has none, a goroutine takes over.
func (o *Outbox) Flush() {
	batch := newBatch()
	defer batch.release()
	more, wake := o.begin(batch)
	if wake {
		o.wake()
	}
	for ; more; more = o.next(batch) {
		switch err := batch.tryWrite(o.raw); {
		case errors.Is(err, errWouldBlock):
			o.waitForRoom(batch.written)
			return
		case err != nil:
			o.stop()
			return
		}
	}
}

func (o *Outbox) writeSlowly() {
	batch := newBatch()
	defer batch.release()
	for more := o.resume(batch); more; more = o.next(batch) {
		if err := batch.writeWithin(o.conn, o.limits.WriteTimeout); err != nil {
			o.stop()
			return
		}
	}
}

// begin makes the caller the one who writes, if there is something to do and nobody does it, and fills the batch. Without a connection, somebody else
// has to be woken for it.
func (o *Outbox) begin(batch *batch) (more, wake bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	pending := o.state == open && len(o.queue) > 0 || o.state == finishing
	if o.busy || !pending {
		return false, false
	}
	if o.conn == nil {
		return false, true
	}
	o.busy = true
	return o.take(batch), false
}

// next goes on after a batch.
func (o *Outbox) next(batch *batch) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrote(batch.written)
	return o.take(batch)
}

// waitForRoom lets a goroutine write on, which Close waits for.
func (o *Outbox) waitForRoom(written int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.wrote(written)
	if o.state == closed {
		return
	}
	o.stats.blocks()
	o.blocked.Go(o.writeSlowly)
}

func (o *Outbox) resume(batch *batch) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.take(batch)
}

// take fills the batch from the head of the queue. Without anything left to write it returns false, and the caller is no longer the one who writes.
// It is called under the lock.
func (o *Outbox) take(batch *batch) bool {
	if len(o.queue) > 0 {
		o.inFlight = batch.fill(o.queue, o.written)
		return true
	}
	o.busy = false
	if o.state == finishing {
		o.state = finished
		o.endSending()
	}
	return false
}

// wrote takes what has been written out of the queue. It is called under the lock.
func (o *Outbox) wrote(bytes int) {
	o.inFlight = 0
	o.written += bytes
	sent, size := 0, 0
	for sent < len(o.queue) && o.written >= o.queue[sent].Size() {
		o.written -= o.queue[sent].Size()
		size += o.queue[sent].Size()
		sent++
	}
	o.forget(sent, size)
}

// forget drops the first messages of the queue, with so many bytes, and keeps its memory for the next ones, unless that is much.
func (o *Outbox) forget(sent, size int) {
	o.waits(-sent, -size)
	left := copy(o.queue, o.queue[sent:])
	clear(o.queue[left:])
	o.queue = o.queue[:left]
	if left == 0 && cap(o.queue) > maxBatchMessages {
		o.queue = nil
	}
	o.tellRoom()
}

// endSending tells the client that nothing more comes. Closing at once could destroy what it has not read yet, so its side stays open for a while.
func (o *Outbox) endSending() {
	sender, ok := o.conn.(interface{ CloseWrite() error })
	if ok && sender.CloseWrite() == nil && o.conn.SetReadDeadline(time.Now().Add(o.limits.CloseTimeout)) == nil {
		return
	}
	_ = o.conn.Close() // nothing is to be done about a connection that fails to close
}
