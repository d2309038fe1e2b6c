// Package sendqueue holds what waits for one client and writes it. A queue bounded in bytes and messages takes messages that are encoded once for all
// clients; all that waits goes out in one write. It knows neither what the messages say nor in which protocol.
package sendqueue

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
	// ErrClosed is returned once the queue takes no more messages.
	ErrClosed = errors.New("the client's connection is closing")
)

// Limits bound what a queue holds and how long it waits.
type Limits struct {
	Bytes        int           // most bytes that may wait; one message comes in whatever its size while no more than half of them wait
	Messages     int           // most messages that may wait
	WriteTimeout time.Duration // how long a client may read nothing at all while messages wait, before its connection is closed
	CloseTimeout time.Duration // how long a client may take to close its side after the last message
}

// Queue queues messages for one client and writes them to its connection; without a connection, they wait to be taken. Its methods may be called from
// any goroutine, and none of them but Close waits for the network.
type Queue struct {
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

// New makes the queue of conn. Limits and stats are shared by all the queues of a server.
func New(conn net.Conn, limits *Limits, stats *Stats) *Queue {
	queue := &Queue{limits: limits, stats: stats}
	queue.connect(conn)
	return queue
}

func (q *Queue) connect(conn net.Conn) {
	q.conn = conn
	if socket, ok := conn.(syscall.Conn); ok {
		q.raw, _ = socket.SyscallConn() // fails for a closed connection only, which the first write finds out
	}
}

// Enqueue puts a message into the queue without writing it: several offers and one Flush make one write.
// It returns ErrFull or ErrClosed if the message was not taken.
func (q *Queue) Enqueue(message *Message) error { return q.offer(message, 0) }

// EnqueueControl is Enqueue for what is said beside what the client came for, such as an answer: a quarter more may wait for that.
func (q *Queue) EnqueueControl(message *Message) error { return q.offer(message, 1) }

func (q *Queue) offer(message *Message, moreQuarters int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.state != open {
		return ErrClosed
	}
	mostBytes, mostMessages := q.mostBytes()*(4+moreQuarters)/4, q.limits.Messages+moreQuarters*max(1, q.limits.Messages/4)
	if len(q.queue) >= mostMessages || q.bytes+message.Size() > mostBytes && !q.holdsAtMost(2) {
		q.noteRefused(message)
		return ErrFull
	}
	q.refused = 0
	q.push(message)
	return nil
}

// EnqueueTogether is Enqueue for messages that only make sense together: all of them are taken, with nothing between them, or none.
func (q *Queue) EnqueueTogether(messages ...*Message) error {
	size := 0
	for _, message := range messages {
		size += message.Size()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.state != open {
		return ErrClosed
	}
	if len(q.queue)+len(messages) > q.limits.Messages || q.bytes+size > q.mostBytes() {
		return ErrFull
	}
	for _, message := range messages {
		q.push(message)
	}
	return nil
}

// Send is EnqueueControl, and writes what waits.
func (q *Queue) Send(message *Message) error {
	if err := q.EnqueueControl(message); err != nil {
		return err
	}
	q.Flush()
	return nil
}

// Finish writes what waits and the last messages, and then ends the connection: the sending side at once, the rest when the client has closed its
// side or CloseTimeout has passed, which ends the read of whoever reads from the connection.
func (q *Queue) Finish(last ...*Message) { q.finish(false, last) }

// Abort is Finish for a client that cannot keep up: what waits is dropped, but for messages that are being written.
func (q *Queue) Abort(last ...*Message) { q.finish(true, last) }

func (q *Queue) finish(drop bool, last []*Message) {
	q.mu.Lock()
	if q.state != open {
		q.mu.Unlock()
		return
	}
	q.state = finishing
	q.tellRoom()
	if drop {
		q.dropUnsent()
	}
	for _, message := range last {
		q.push(message)
	}
	q.mu.Unlock()
	q.Flush()
}

// Closing tells whether the queue takes no more messages.
func (q *Queue) Closing() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.state != open
}

// Writing tells whether something waits for the client to read from its connection. WriteTimeout watches over that.
func (q *Queue) Writing() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.busy
}

// Close closes the connection, whatever waits, and returns when the queue uses it no more.
func (q *Queue) Close() {
	q.stop()
	q.blocked.Wait()
}

func (q *Queue) stop() {
	q.mu.Lock()
	q.state = closed
	q.waits(-len(q.queue), -q.bytes)
	q.queue = nil
	q.tellRoom()
	conn := q.conn
	q.mu.Unlock()
	if conn == nil {
		q.wake()
		return
	}
	_ = conn.Close() // nothing is to be done about a connection that fails to close
}

func (q *Queue) push(message *Message) {
	q.queue = append(q.queue, message)
	q.waits(1, message.Size())
}

// dropUnsent keeps the messages that are on their way.
func (q *Queue) dropUnsent() {
	keep := q.onTheirWay()
	dropped := 0
	for _, message := range q.queue[keep:] {
		dropped += message.Size()
	}
	q.waits(keep-len(q.queue), -dropped)
	clear(q.queue[keep:])
	q.queue = q.queue[:keep]
}
