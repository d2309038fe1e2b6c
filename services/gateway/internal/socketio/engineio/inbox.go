package engineio

import (
	"bytes"
	"sync"
)

// packetOverhead is how many bytes a queued packet takes beside its data.
const packetOverhead = 64

// inbox queues the packets of a client until the conversation has handled them, which may take as long as Kafka does. Meanwhile requests are answered,
// upgrades proceed and heartbeats are read. When it is full, nothing more is read from the client.
type inbox struct {
	maxBytes int // most bytes in the queue

	mu       sync.Mutex
	room     sync.Cond // signalled when packets are taken, and when the inbox is closed
	packets  []packet
	bytes    int
	busy     bool // a goroutine handles the packets
	closed   bool
	handling sync.WaitGroup
}

func newInbox(maxPayload int) *inbox {
	i := &inbox{maxBytes: 2 * maxPayload}
	i.room.L = &i.mu
	return i
}

// put adds a copy of a packet as soon as there is room. It starts a goroutine that calls handle, unless there is one already.
func (i *inbox) put(p packet, handle func()) {
	size := packetOverhead + len(p.data)
	i.mu.Lock()
	defer i.mu.Unlock()
	for i.bytes > 0 && i.bytes+size > i.maxBytes && !i.closed {
		i.room.Wait()
	}
	if i.closed {
		return
	}
	p.data = bytes.Clone(p.data) // which may be part of a long body
	i.packets = append(i.packets, p)
	i.bytes += size
	if !i.busy {
		i.busy = true
		i.handling.Go(handle)
	}
}

// take returns the next packet. If there is none, the goroutine that handles packets must return.
func (i *inbox) take() (next packet, ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.packets) == 0 {
		i.packets, i.busy = nil, false
		return packet{}, false
	}
	next = i.packets[0]
	i.packets[0] = packet{}
	i.packets = i.packets[1:]
	i.bytes -= packetOverhead + len(next.data)
	i.room.Broadcast()
	return next, true
}

// close drops the queued packets.
func (i *inbox) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.packets, i.bytes = nil, 0
	i.room.Broadcast()
}
