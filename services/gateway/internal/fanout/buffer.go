package fanout

import (
	"bytes"
	"sync"
	"time"
)

// When what waits in a buffer is sent.
const (
	maxBufferBytes   = 64 << 10
	maxBufferResults = 1000
	bufferDelay      = time.Second / 10 // after the first of them
)

// buffer holds the records of one stream that wait to be sent to a client as one array. Partitions share it; what each puts in keeps its order.
type buffer struct {
	subscriber *Subscriber
	event      string

	mu      sync.Mutex
	array   *bytes.Buffer // "[" and the records with commas between them; nil if none waits
	records int
	timer   *time.Timer    // runs while some wait; made for the first of all
	sending sync.WaitGroup // of the timer, from its start until it is stopped or has sent
}

// arrays are the memory of buffers in which something waits.
var arrays = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// add puts a record into the buffer, unless it finds that the client cannot keep up. If it has offered an array to the client, Subscriber.flush must
// follow.
func (b *buffer) add(payload []byte) (taken, offered bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.records > 0 && b.array.Len()+len(payload)+len(",]") > maxBufferBytes {
		if b.send() != nil {
			return false, true
		}
		offered = true
	}
	b.put(payload)
	if b.records < maxBufferResults && b.array.Len() < maxBufferBytes && !b.subscriber.hub.draining.Load() {
		return true, offered
	}
	return b.send() == nil, true
}

func (b *buffer) put(payload []byte) {
	separator := byte(',')
	if b.records == 0 {
		separator = '['
		b.array = arrays.Get().(*bytes.Buffer)
		b.start()
	}
	b.records++
	b.array.WriteByte(separator)
	b.array.Write(payload)
}

// empty enqueues what waits, so that something else can come after it: if that does not fit, neither will what comes. Subscriber.flush must follow.
func (b *buffer) empty() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.send()
}

// close drops what waits and returns when nothing is being sent any more.
func (b *buffer) close() {
	b.mu.Lock()
	b.clear()
	b.mu.Unlock()
	b.sending.Wait()
}

// send is called under the lock.
func (b *buffer) send() error {
	if b.records == 0 {
		return nil
	}
	b.array.WriteByte(']')
	err := b.subscriber.offer(b.subscriber.encoding.Event(b.event, b.array.Bytes()))
	b.clear()
	return err
}

// clear is called under the lock.
func (b *buffer) clear() {
	if b.records == 0 {
		return
	}
	if b.timer.Stop() {
		b.sending.Done()
	}
	if b.array.Cap() <= 2*maxBufferBytes { // one long record shall not be remembered for ever
		b.array.Reset()
		arrays.Put(b.array)
	}
	b.array, b.records = nil, 0
}

// start is called under the lock.
func (b *buffer) start() {
	b.sending.Add(1)
	if b.timer == nil {
		b.timer = time.AfterFunc(bufferDelay, b.expire)
		return
	}
	b.timer.Reset(bufferDelay)
}

// expire sends what has waited long enough.
func (b *buffer) expire() {
	defer b.sending.Done()
	b.empty()
	b.subscriber.flush()
}
