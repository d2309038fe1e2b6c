package fanout

import (
	"bytes"
	"errors"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/bufferpool"
	"atlasstream/services/gateway/internal/sendqueue"
)

// When what waits in a buffer is sent.
const (
	maxBufferBytes   = 64 << 10
	maxBufferResults = 1000
	bufferDelay      = time.Second / 10 // after the first of them
)

// bufferOf says which records of a subscriber share a buffer: those of a stream, and where the array has a cursor, of one measurement of it.
type bufferOf struct {
	stream      atlas.Stream
	measurement atlas.MeasurementID // 0 without a cursor
}

func bufferFor(stream atlas.Stream, measurement atlas.MeasurementID, cursors bool) bufferOf {
	if !cursors {
		measurement = 0
	}
	return bufferOf{stream, measurement}
}

// buffer holds the records that wait to be sent to a client as one array. Partitions share it; what each puts in keeps its order.
type buffer struct {
	subscriber *Subscriber
	event      string
	cursors    bool
	patient    bool         // what does not fit waits, as records can be read again; else it is an overflow
	users      atomic.Int32 // memberships whose records come into it

	mu      sync.Mutex
	array   *bytes.Buffer // "[" and the records with commas between them; nil if none waits
	records int
	last    place       // of the last record, where cursors are wanted
	waits   atomic.Bool // some do
	timer   *time.Timer // runs while some wait; made for the first of all
}

// buffers are those of a subscriber, which partitions share.
type buffers struct {
	of      map[bufferOf]*buffer
	sweepAt int            // how many there are when those that nobody needs any more are dropped
	sending sync.WaitGroup // of their timers, from their start until they are stopped or have sent
}

// leastSwept is how many buffers there are before any is dropped.
const leastSwept = 16

// isIdle tells that nobody needs the buffer, and nothing waits in it.
func (b *buffer) isIdle() bool { return b.users.Load() == 0 && !b.waits.Load() }

// sweep drops the idle ones when they have become twice as many.
func (b *buffers) sweep() {
	if len(b.of) < max(b.sweepAt, leastSwept) {
		return
	}
	maps.DeleteFunc(b.of, func(_ bufferOf, each *buffer) bool { return each.isIdle() })
	b.sweepAt = 2 * len(b.of)
}

// close drops what waits and returns when nothing is being sent any more.
func (b *buffers) close() {
	for _, buffer := range b.of {
		buffer.close()
	}
	b.sending.Wait()
}

// arrays are the memory of buffers in which something waits.
var arrays = bufferpool.Pool{MaxBytes: 2 * maxBufferBytes}

// add puts a record into the buffer, unless what waits there does not fit into the client's queue and there is no room beside it. If it has offered an
// array to the client, Subscriber.flush must follow. Errors: those of Client.Enqueue.
func (b *buffer) add(payload []byte, at place) (offered bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.records > 0 && (b.isFull() || b.array.Len()+len(payload)+len(",]") > maxBufferBytes) {
		//mutate:full-array-grows
		if err := b.send(b.offer()); err != nil {
			return true, err
		}
		offered = true
	}
	b.put(payload, at)
	if !b.isFull() && !b.subscriber.hub.draining.Load() {
		return offered, nil
	}
	return true, b.settle(b.send(b.offer()))
}

func (b *buffer) offer() func(*sendqueue.Message) error { return b.subscriber.offerOf(b.patient) }

// settle forgives that an array does not fit which can wait.
func (b *buffer) settle(err error) error {
	if b.patient && errors.Is(err, sendqueue.ErrFull) {
		return nil
	}
	return err
}

func (b *buffer) isFull() bool {
	return b.records >= maxBufferResults || b.array.Len() >= maxBufferBytes
}

func (b *buffer) put(payload []byte, at place) {
	separator := byte(',')
	if b.records == 0 {
		separator = '['
		b.array = arrays.Get()
		b.start()
	}
	b.records++
	b.last = at
	b.waits.Store(true)
	b.array.WriteByte(separator)
	b.array.Write(payload)
}

// empty enqueues what waits, so that something else can come after it. Subscriber.flush must follow. Errors: those of Client.Enqueue.
func (b *buffer) empty() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.send(b.offer())
}

// emptyFirst is empty for what is told beside records.
func (b *buffer) emptyFirst() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.send(b.subscriber.tell) // what does not fit there is an overflow, which flush finds
}

// close drops what waits.
func (b *buffer) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.clear()
}

// send is called under the lock. What can wait is kept if it does not fit.
func (b *buffer) send(offer func(*sendqueue.Message) error) error {
	if b.records == 0 {
		return nil
	}
	b.array.WriteByte(']')
	err := b.subscriber.offerRecord(offer, b.event, b.array.Bytes(), b.cursors, b.last)
	//mutate:array-lost
	if b.patient && errors.Is(err, sendqueue.ErrFull) {
		b.array.Truncate(b.array.Len() - 1)
		return err
	}
	b.clear()
	return err
}

// clear is called under the lock.
func (b *buffer) clear() {
	if b.records == 0 {
		return
	}
	if b.timer.Stop() {
		b.subscriber.buffers.sending.Done()
	}
	arrays.Put(b.array)
	b.array, b.records = nil, 0
	b.waits.Store(false)
}

// start is called under the lock.
func (b *buffer) start() {
	b.subscriber.buffers.sending.Add(1)
	if b.timer == nil {
		b.timer = time.AfterFunc(bufferDelay, b.expire)
		return
	}
	b.timer.Reset(bufferDelay)
}

// expire sends what has waited long enough, or tries again later.
func (b *buffer) expire() {
	defer b.subscriber.buffers.sending.Done()
	b.mu.Lock()
	if b.send(b.offer()) != nil && b.records > 0 {
		b.start()
	}
	b.mu.Unlock()
	b.subscriber.flush()
}
