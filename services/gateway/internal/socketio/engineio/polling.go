package engineio

import (
	"errors"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/wsconn"
)

// polling is the state of a session that polls carry, or carried until it moved to a WebSocket.
type polling struct {
	bodies   bodies
	woken    chan struct{} // holds something when the poll that waits has to look again
	farewell chan struct{} // closed when no further poll is waited for

	mu       sync.Mutex
	carrier  carrier
	ended    bool
	over     bool           // the last poll is being answered, or nobody waits for it
	left     bool           // farewell is closed
	getting  bool           // a poll waits for packets
	writing  int            // polls whose answers are being written
	posting  bool           // a body is being taken
	lastPoll time.Time      // when the last one was answered
	probe    *wsconn.Conn   // that the session may move to
	probing  sync.WaitGroup // the goroutine that reads from it
}

// maxWriting is how many answers may be on their way to a client: more than one whose writer has not noticed yet that it has been read, but not as many as
// a client likes that reads none.
const maxWriting = 16

// carrier is what takes a session's packets to the client.
type carrier byte

const (
	carrierPolling   carrier = iota
	carrierReserved          // polling; a WebSocket is being opened beside it
	carrierProbed            // polling; the WebSocket works, so that polls are to end quickly
	carrierWebSocket         // for the rest of the session
)

var (
	errOverlap = errors.New("a request of the same kind is being served; want one at a time")
	errMoved   = errors.New("transport: got polling, but the session has moved to a WebSocket")
)

func newPolling(bodies bodies) *polling {
	return &polling{bodies: bodies, woken: make(chan struct{}, 1), farewell: make(chan struct{}), lastPoll: time.Now()}
}

func (p *polling) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

// beginPoll returns what carries the session when a poll comes, or why it is not served.
func (p *polling) beginPoll() (carrier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.carrier == carrierWebSocket {
		return p.carrier, errMoved
	}
	if p.getting || p.writing >= maxWriting {
		return p.carrier, errOverlap
	}
	p.getting = true
	return p.carrier, nil
}

// endPoll lets the next poll come, before this one is answered: a client that has read the answer to its end may be back before the writer of it knows.
func (p *polling) endPoll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.getting = false
	p.writing++
}

func (p *polling) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writing--
	p.lastPoll = time.Now()
}

func (p *polling) beginPost() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.carrier == carrierWebSocket {
		return errMoved
	}
	if p.posting {
		return errOverlap
	}
	p.posting = true
	return nil
}

func (p *polling) endPost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posting = false
}

func (p *polling) carriedBy() carrier {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.carrier
}

// isNeglected tells whether the client has not polled for so long.
func (p *polling) isNeglected(patience time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.carrier != carrierWebSocket && !p.getting && p.writing == 0 && time.Since(p.lastPoll) > patience
}

// end notes that the session has ended, and tells whether polls carry it to its end.
func (p *polling) end() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.carrier == carrierWebSocket {
		return false
	}
	p.dropProbe()
	return true
}

// beginFarewell makes a poll the last one.
func (p *polling) beginFarewell() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

// leave lets nobody wait for a further poll, nor for the last one.
func (p *polling) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	if !p.left {
		p.left = true
		close(p.farewell)
	}
}

func (p *polling) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}
