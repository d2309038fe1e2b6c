package batch

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/pkg/bufferpool"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/sendqueue"
)

// When the records that wait in a batch are sent.
const (
	maxBytes   = 64 << 10
	maxRecords = 1000
	delay      = time.Second / 10 // after the first of them
)

// Batch holds the records that wait to be sent to a client as one array. Sources share it; what each puts in keeps its order.
type Batch struct {
	key     key
	client  Client
	sending *sync.WaitGroup // of the client's timers
	event   string
	canWait bool         // an array that does not fit waits, as its records can be read again; else it is an overflow
	users   atomic.Int32 // subscriptions whose records come into it

	mu      sync.Mutex
	array   *bytes.Buffer // "[" and the records with commas between them; nil if none waits
	records int
	last    cursor.Place // of the last record, where cursors are wanted
	waits   atomic.Bool  // some record does
	timer   *time.Timer  // runs while some wait; made for the first of all
}

// Waits tells whether a record waits in the batch.
func (b *Batch) Waits() bool { return b.waits.Load() }

// isIdle tells that no subscription uses the batch, and no record waits in it.
func (b *Batch) isIdle() bool { return b.users.Load() == 0 && !b.waits.Load() }

// arrays are the memory of batches in which something waits.
var arrays = bufferpool.Pool{MaxBytes: 2 * maxBytes}

// Add puts a record into the batch, unless what waits there does not fit into the client's queue and there is no room beside it. If it has enqueued an
// array, Client.Flush must follow. Errors: those of Client.EnqueueArray.
func (b *Batch) Add(payload []byte, at cursor.Place) (enqueued bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.records > 0 && (b.isFull() || b.array.Len()+len(payload)+len(",]") > maxBytes) {
		//mutate:full-array-grows
		if err := b.send(!b.canWait); err != nil {
			return true, err
		}
		enqueued = true
	}
	b.put(payload, at)
	if !b.isFull() && !b.client.IsDraining() {
		return enqueued, nil
	}
	return true, b.forgiveWaiting(b.send(!b.canWait))
}

// forgiveWaiting makes it no error that an array does not fit which can wait.
func (b *Batch) forgiveWaiting(err error) error {
	if b.canWait && errors.Is(err, sendqueue.ErrFull) {
		return nil
	}
	return err
}

func (b *Batch) isFull() bool {
	return b.records >= maxRecords || b.array.Len() >= maxBytes
}

func (b *Batch) put(payload []byte, at cursor.Place) {
	separator := byte(',')
	if b.records == 0 {
		separator = '['
		b.array = arrays.Get()
		b.startTimer()
	}
	b.records++
	b.last = at
	b.waits.Store(true)
	b.array.WriteByte(separator)
	b.array.Write(payload)
}

// flush enqueues what waits, so that something else can come after it. Client.Flush must follow. Errors: those of Client.EnqueueArray.
func (b *Batch) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.send(!b.canWait)
}

// flushControl is flush before a control message. What does not fit is an overflow, which Client.Flush finds.
func (b *Batch) flushControl() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.send(true)
}

// close drops what waits.
func (b *Batch) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
}

// send is called under the lock. What can wait is kept if it does not fit.
func (b *Batch) send(isControl bool) error {
	if b.records == 0 {
		return nil
	}
	b.array.WriteByte(']')
	err := b.client.EnqueueArray(b.event, b.array.Bytes(), b.lastPlace(), isControl)
	//mutate:array-lost
	if b.canWait && errors.Is(err, sendqueue.ErrFull) {
		b.array.Truncate(b.array.Len() - 1)
		return err
	}
	b.clear()
	return err
}

// lastPlace is nil without cursors.
func (b *Batch) lastPlace() *cursor.Place {
	if b.key.measurement == 0 {
		return nil
	}
	return &b.last
}

// clear is called under the lock.
func (b *Batch) clear() {
	if b.records == 0 {
		return
	}
	if b.timer.Stop() {
		b.sending.Done()
	}
	arrays.Put(b.array)
	b.array, b.records = nil, 0
	b.waits.Store(false)
}

// startTimer is called under the lock.
func (b *Batch) startTimer() {
	b.sending.Add(1)
	if b.timer == nil {
		b.timer = time.AfterFunc(delay, b.expire)
		return
	}
	b.timer.Reset(delay)
}

// expire sends what has waited long enough, or tries again later.
func (b *Batch) expire() {
	defer b.sending.Done()
	b.mu.Lock()
	if b.send(!b.canWait) != nil && b.records > 0 {
		b.startTimer()
	}
	b.mu.Unlock()
	b.client.Flush()
}
