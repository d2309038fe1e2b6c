package engineio

import (
	"bytes"
	"sync"
)

// packetOverhead is what a packet that waits takes beside its data, in bytes.
const packetOverhead = 64

// inbox holds what a client has said until the conversation has dealt with it, which may take as long as Kafka does. Meanwhile requests are answered, a
// client can go on with its upgrade, and heartbeats are read. Where too much waits, the client has to wait with what it says next.
type inbox struct {
	most int // bytes that may wait

	mu      sync.Mutex
	room    sync.Cond // signalled when there is some, or when the inbox is closed
	packets []packet
	bytes   int
	busy    bool // somebody deals with the packets
	closed  bool
	dealing sync.WaitGroup
}

func newInbox(maxPayload int) *inbox {
	i := &inbox{most: 2 * maxPayload}
	i.room.L = &i.mu
	return i
}

// put adds a packet, whose data it copies, when there is room. Deal is called in a goroutine of its own if nobody deals with packets yet.
func (i *inbox) put(p packet, deal func()) {
	size := packetOverhead + len(p.data)
	i.mu.Lock()
	defer i.mu.Unlock()
	for i.bytes > 0 && i.bytes+size > i.most && !i.closed {
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
		i.dealing.Go(deal)
	}
}

// take gives the next packet; without one, whoever deals with them is done.
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

// close drops what waits.
func (i *inbox) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.closed = true
	i.packets, i.bytes = nil, 0
	i.room.Broadcast()
}
