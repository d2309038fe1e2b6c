package engineio

import (
	"errors"
	"sync"
	"time"

	"atlasstream/services/gateway/internal/wsconn"
)

// polling is the state of a session that began with long-polling.
type polling struct {
	mode    payloadMode
	wakeups chan struct{} // has an element when the waiting poll has to check for packets
	done    chan struct{} // closed when no further poll is awaited

	mu               sync.Mutex
	transport        transport
	ended            bool
	lastPollBegun    bool           // or no poll is awaited any more
	isDone           bool           // done is closed
	pollWaits        bool           // a poll waits for packets
	answerDue        bool           // it, or the next one, is answered even if there are none
	answersInWriting int            // polls whose responses are being written
	postActive       bool           // a body is being received
	lastPoll         time.Time      // when the last one was answered
	probe            *wsconn.Conn   // the WebSocket of an upgrade
	probing          sync.WaitGroup // the goroutine that reads from it
}

// maxAnswersInWriting is how many responses may be in flight to a client: the next poll may arrive before the server knows that the last response was read,
// but a client that reads none must be limited.
const maxAnswersInWriting = 16

// transport is what carries a session's packets to the client.
type transport byte

const (
	transportPolling   transport = iota
	transportUpgrading           // polling, while a WebSocket is being opened
	transportProbed              // polling, but the WebSocket works, so that polls end quickly
	transportWebSocket           // for the rest of the session
)

var (
	errOverlap = errors.New("a request of the same kind is being served; want one at a time")
	errMoved   = errors.New("transport: got polling, but the session has moved to a WebSocket")
)

func newPolling(mode payloadMode) *polling {
	return &polling{mode: mode, wakeups: make(chan struct{}, 1), done: make(chan struct{}), lastPoll: time.Now()}
}

func (p *polling) wake() {
	select {
	case p.wakeups <- struct{}{}:
	default:
	}
}

// beginPoll returns the transport when a poll begins, or why it is not served.
func (p *polling) beginPoll() (transport, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.transport == transportWebSocket {
		return p.transport, errMoved
	}
	if p.pollWaits || p.answersInWriting >= maxAnswersInWriting {
		return p.transport, errOverlap
	}
	p.pollWaits = true
	return p.transport, nil
}

// endPoll allows the next poll before this one is answered: a client that has read the whole response may poll again before its writer returns.
func (p *polling) endPoll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pollWaits, p.answerDue = false, false
	p.answersInWriting++
}

// answerNext ends the poll that waits. If none does, it ends the next one, which may be on its way, as soon as that has come.
func (p *polling) answerNext() {
	p.mu.Lock()
	p.answerDue = true
	p.mu.Unlock()
	p.wake()
}

func (p *polling) isAnswerDue() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.answerDue
}

func (p *polling) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answersInWriting--
	p.lastPoll = time.Now()
}

func (p *polling) beginPost() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.transport == transportWebSocket {
		return errMoved
	}
	if p.postActive {
		return errOverlap
	}
	p.postActive = true
	return nil
}

func (p *polling) endPost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.postActive = false
}

func (p *polling) currentTransport() transport {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.transport
}

// isOverdue reports whether the client has not polled for longer than timeout.
func (p *polling) isOverdue(timeout time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.transport != transportWebSocket && !p.pollWaits && p.answersInWriting == 0 && time.Since(p.lastPoll) > timeout
}

// end notes that the session has ended, and reports whether it still is on polling.
func (p *polling) end() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
	if p.transport == transportWebSocket {
		return false
	}
	p.dropProbe()
	return true
}

// beginLastPoll makes a poll the last one.
func (p *polling) beginLastPoll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastPollBegun = true
}

// finish stops waiting for further polls, the last one included.
func (p *polling) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lastPollBegun = true
	if !p.isDone {
		p.isDone = true
		close(p.done)
	}
}

func (p *polling) isFinished() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lastPollBegun
}

// beginUpgrade allows one WebSocket at a time to be probed.
func (p *polling) beginUpgrade() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.transport != transportPolling {
		return false
	}
	p.transport = transportUpgrading
	p.probing.Add(1)
	return true
}

// opened notes the upgrade's WebSocket. The session may have ended during the handshake.
func (p *polling) opened(socket *wsconn.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probe = socket
	if p.ended {
		p.dropProbe()
	}
}

// probed ends the waiting poll, so that the client can move to the WebSocket.
func (p *polling) probed(socket *wsconn.Conn) {
	p.mu.Lock()
	if p.probe == socket {
		p.transport = transportProbed
	}
	p.mu.Unlock()
	p.wake()
}

func (p *polling) move(socket *wsconn.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.probe != socket {
		return false
	}
	p.transport, p.probe = transportWebSocket, nil
	return true
}

// cancelUpgrade closes the upgrade's WebSocket if the session has not moved to it; nil is a WebSocket that could not be opened.
func (p *polling) cancelUpgrade(socket *wsconn.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.transport != transportWebSocket && p.probe == socket {
		p.dropProbe()
	}
}

// dropProbe is called with the lock held.
func (p *polling) dropProbe() {
	p.transport = transportPolling
	if p.probe != nil {
		p.probe.CutOff()
		p.probe = nil
	}
}
