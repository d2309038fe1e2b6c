package delivery

import (
	"bytes"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/bufferpool"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// When the records that wait in a batch are sent.
const (
	maxBatchBytes   = 64 << 10
	maxBatchRecords = 1000
	batchDelay      = time.Second / 10 // after the first of them
)

// batchKey says which records of a client share a batch: those of a stream, and where the array has a cursor, of one measurement of it.
type batchKey struct {
	stream      atlas.Stream
	measurement atlas.MeasurementID // 0 without a cursor
}

func batchKeyOf(stream atlas.Stream, measurement atlas.MeasurementID, cursors bool) batchKey {
	if !cursors {
		measurement = 0
	}
	return batchKey{stream, measurement}
}

// Batch holds the records that wait to be sent to a client as one array. Sources share it; what each puts in keeps its order.
type Batch struct {
	recipient       *Recipient
	event           string
	cursors         bool
	canDeliverLater bool         // an array that does not fit waits, as its records can be read again; else it is an overflow
	users           atomic.Int32 // subscriptions whose records come into it

	mu      sync.Mutex
	array   *bytes.Buffer // "[" and the records with commas between them; nil if none waits
	records int
	last    Place       // of the last record, where cursors are wanted
	waits   atomic.Bool // some record does
	timer   *time.Timer // runs while some wait; made for the first of all
}

// batches are those of a client. The map is changed by one goroutine at a time: that which begins subscriptions.
type batches struct {
	byKey   map[batchKey]*Batch
	sweepAt int            // how many there are when idle ones are dropped
	sending sync.WaitGroup // of their timers, from their start until they are stopped or have sent
}

// minSwept is how many batches there are before any is dropped.
const minSwept = 16

// batch gives the batch of some records.
func (r *Recipient) batch(key batchKey, canDeliverLater bool) *Batch {
	found := r.batches.byKey[key]
	if found == nil {
		found = &Batch{recipient: r, event: protocol.RecordEvent(key.stream), cursors: key.measurement != 0, canDeliverLater: canDeliverLater}
		r.batches.sweep()
		if r.batches.byKey == nil {
			r.batches.byKey = make(map[batchKey]*Batch)
		}
		r.batches.byKey[key] = found
	}
	return found
}

// sweep drops idle batches when there are twice as many as after the last time.
func (b *batches) sweep() {
	if len(b.byKey) < max(b.sweepAt, minSwept) {
		return
	}
	maps.DeleteFunc(b.byKey, func(_ batchKey, each *Batch) bool { return each.isIdle() })
	b.sweepAt = 2 * len(b.byKey)
}

// close drops what waits and returns when nothing is being sent any more.
func (b *batches) close() {
	for _, batch := range b.byKey {
		batch.close()
	}
	b.sending.Wait()
}

// Waits tells whether a record waits in the batch.
func (b *Batch) Waits() bool { return b.waits.Load() }

// isIdle tells that no subscription uses the batch, and no record waits in it.
func (b *Batch) isIdle() bool { return b.users.Load() == 0 && !b.waits.Load() }

// arrays are the memory of batches in which something waits.
var arrays = bufferpool.Pool{MaxBytes: 2 * maxBatchBytes}

// add puts a record into the batch, unless what waits there does not fit into the client's queue and there is no room beside it. If it has enqueued an
// array, Recipient.Flush must follow. Errors: those of Client.Enqueue.
func (b *Batch) add(payload []byte, at Place) (enqueued bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.records > 0 && (b.isFull() || b.array.Len()+len(payload)+len(",]") > maxBatchBytes) {
		//mutate:full-array-grows
		if err := b.send(b.enqueuer()); err != nil {
			return true, err
		}
		enqueued = true
	}
	b.put(payload, at)
	if !b.isFull() && !b.recipient.shared.draining.Load() {
		return enqueued, nil
	}
	return true, b.forgiveWaiting(b.send(b.enqueuer()))
}

func (b *Batch) enqueuer() func(*wsframe.Message) error {
	return b.recipient.enqueuer(b.canDeliverLater)
}

// forgiveWaiting makes it no error that an array does not fit which can wait.
func (b *Batch) forgiveWaiting(err error) error {
	if b.canDeliverLater && errors.Is(err, sendqueue.ErrFull) {
		return nil
	}
	return err
}

func (b *Batch) isFull() bool {
	return b.records >= maxBatchRecords || b.array.Len() >= maxBatchBytes
}

func (b *Batch) put(payload []byte, at Place) {
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

// flush enqueues what waits, so that something else can come after it. Recipient.Flush must follow. Errors: those of Client.Enqueue.
func (b *Batch) flush() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.send(b.enqueuer())
}

// flushControl is flush before a control message. What does not fit is an overflow, which Recipient.Flush finds.
func (b *Batch) flushControl() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.send(b.recipient.EnqueueControl)
}

// close drops what waits.
func (b *Batch) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
}

// send is called under the lock. What can wait is kept if it does not fit.
func (b *Batch) send(enqueue func(*wsframe.Message) error) error {
	if b.records == 0 {
		return nil
	}
	b.array.WriteByte(']')
	err := b.recipient.enqueueRecord(enqueue, b.event, b.array.Bytes(), b.cursors, b.last)
	//mutate:array-lost
	if b.canDeliverLater && errors.Is(err, sendqueue.ErrFull) {
		b.array.Truncate(b.array.Len() - 1)
		return err
	}
	b.clear()
	return err
}

// clear is called under the lock.
func (b *Batch) clear() {
	if b.records == 0 {
		return
	}
	if b.timer.Stop() {
		b.recipient.batches.sending.Done()
	}
	arrays.Put(b.array)
	b.array, b.records = nil, 0
	b.waits.Store(false)
}

// startTimer is called under the lock.
func (b *Batch) startTimer() {
	b.recipient.batches.sending.Add(1)
	if b.timer == nil {
		b.timer = time.AfterFunc(batchDelay, b.expire)
		return
	}
	b.timer.Reset(batchDelay)
}

// expire sends what has waited long enough, or tries again later.
func (b *Batch) expire() {
	defer b.recipient.batches.sending.Done()
	b.mu.Lock()
	if b.send(b.enqueuer()) != nil && b.records > 0 {
		b.startTimer()
	}
	b.mu.Unlock()
	b.recipient.Flush()
}
