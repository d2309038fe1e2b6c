// Package outbox holds what waits for one client and writes it. A queue bounded in bytes and messages takes messages that are encoded once for all
// clients; all that waits goes out in one write. It knows neither what the messages say nor in which protocol.
package outbox

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

var (
	// ErrFull is returned for a message that would take the queue over its limits; the message is not in the queue.
	ErrFull = errors.New("the client's queue is full")
	// ErrClosed is returned once the outbox takes no more messages.
	ErrClosed = errors.New("the client's connection is closing")
)

// Limits bound what an outbox holds and how long it waits.
type Limits struct {
	Bytes        int           // most bytes that may wait; one message comes in whatever its size while no more than half of them wait
	Messages     int           // most messages that may wait
	WriteTimeout time.Duration // how long a client may read nothing at all while messages wait, before its connection is closed
	CloseTimeout time.Duration // how long a client may take to close its side after the last message
}

// Outbox queues messages for one client and writes them to its connection; without a connection, they wait to be taken. Its methods may be called from
// any goroutine, and none of them but Close waits for the network.
type Outbox struct {
	limits *Limits
	stats  *Stats
	wake   func() // nil where there was a connection from the start
	budget Budget // nil until it is shared with others

	mu       sync.Mutex
	conn     net.Conn        // nil until there is one; it never changes then
	raw      syscall.RawConn // nil where conn is no socket
	state    state
	queue    []*Message
	bytes    int            // of the messages in the queue
	busy     bool           // somebody writes; who is busy writes until the queue is empty
	inFlight int            // messages at the head of the queue that are being written
	written  int            // bytes of the first message that are written already
	blocked  sync.WaitGroup // the goroutine that waits for a slow client
	room     chan struct{}  // is closed when there is room again; nil if nobody waits for that
	refused  int64          // when the first message was made of those that were not taken last, in Unix seconds; 0 if the last one was taken
}

type state byte

const (
	open      state = iota
	finishing       // takes no more; what waits is still written
	finished        // all is written; the client's side may still be open
	closed
)

// New makes the outbox of conn. Limits and stats are shared by all the outboxes of a server.
func New(conn net.Conn, limits *Limits, stats *Stats) *Outbox {
	outbox := &Outbox{limits: limits, stats: stats}
	outbox.connect(conn)
	return outbox
}

func (o *Outbox) connect(conn net.Conn) {
	o.conn = conn
	if socket, ok := conn.(syscall.Conn); ok {
		o.raw, _ = socket.SyscallConn() // fails for a closed connection only, which the first write finds out
	}
}

// Offer puts a message into the queue without writing it: several offers and one Flush make one write.
// It returns ErrFull or ErrClosed if the message was not taken.
func (o *Outbox) Offer(message *Message) error { return o.offer(message, 0) }

// Tell is Offer for what is said beside what the client came for, such as an answer: a quarter more may wait for that.
func (o *Outbox) Tell(message *Message) error { return o.offer(message, 1) }

func (o *Outbox) offer(message *Message, moreQuarters int) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != open {
		return ErrClosed
	}
	mostBytes, mostMessages := o.mostBytes()*(4+moreQuarters)/4, o.limits.Messages+moreQuarters*max(1, o.limits.Messages/4)
	if len(o.queue) >= mostMessages || o.bytes+message.Size() > mostBytes && !o.holdsAtMost(2) {
		o.noteRefused(message)
		return ErrFull
	}
	o.refused = 0
	o.push(message)
	return nil
}

// OfferTogether is Offer for messages that only make sense together: all of them are taken, with nothing between them, or none.
func (o *Outbox) OfferTogether(messages ...*Message) error {
	size := 0
	for _, message := range messages {
		size += message.Size()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != open {
		return ErrClosed
	}
	if len(o.queue)+len(messages) > o.limits.Messages || o.bytes+size > o.mostBytes() {
		return ErrFull
	}
	for _, message := range messages {
		o.push(message)
	}
	return nil
}

// Send is Tell, and writes what waits.
func (o *Outbox) Send(message *Message) error {
	if err := o.Tell(message); err != nil {
		return err
	}
	o.Flush()
	return nil
}

// Finish writes what waits and the last messages, and then ends the connection: the sending side at once, the rest when the client has closed its
// side or CloseTimeout has passed, which ends the read of whoever reads from the connection.
func (o *Outbox) Finish(last ...*Message) { o.finish(false, last) }

// Abort is Finish for a client that cannot keep up: what waits is dropped, but for messages that are being written.
func (o *Outbox) Abort(last ...*Message) { o.finish(true, last) }

func (o *Outbox) finish(drop bool, last []*Message) {
	o.mu.Lock()
	if o.state != open {
		o.mu.Unlock()
		return
	}
	o.state = finishing
	o.tellRoom()
	if drop {
		o.dropUnsent()
	}
	for _, message := range last {
		o.push(message)
	}
	o.mu.Unlock()
	o.Flush()
}

// Closing tells whether the outbox takes no more messages.
func (o *Outbox) Closing() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state != open
}

// Writing tells whether something waits for the client to read from its connection. WriteTimeout watches over that.
func (o *Outbox) Writing() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.busy
}

// Close closes the connection, whatever waits, and returns when the outbox uses it no more.
func (o *Outbox) Close() {
	o.stop()
	o.blocked.Wait()
}

func (o *Outbox) stop() {
	o.mu.Lock()
	o.state = closed
	o.waits(-len(o.queue), -o.bytes)
	o.queue = nil
	o.tellRoom()
	conn := o.conn
	o.mu.Unlock()
	if conn == nil {
		o.wake()
		return
	}
	_ = conn.Close() // nothing is to be done about a connection that fails to close
}

func (o *Outbox) push(message *Message) {
	o.queue = append(o.queue, message)
	o.waits(1, message.Size())
}

// dropUnsent keeps the messages that are on their way.
func (o *Outbox) dropUnsent() {
	keep := o.onTheirWay()
	dropped := 0
	for _, message := range o.queue[keep:] {
		dropped += message.Size()
	}
	o.waits(keep-len(o.queue), -dropped)
	clear(o.queue[keep:])
	o.queue = o.queue[:keep]
}
