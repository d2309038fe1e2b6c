package sendqueue

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/wsframe"
)

var (
	// ErrFull is returned if a message would exceed the queue's limits; it is not queued.
	ErrFull = errors.New("the client's queue is full")
	// ErrClosed is returned once the queue accepts no more messages.
	ErrClosed = errors.New("the client's connection is closing")
)

// Limits are the limits of a queue.
type Limits struct {
	Bytes        int           // most bytes in the queue; while it is at most half full, one message of any size is accepted
	Messages     int           // most messages in the queue
	WriteTimeout time.Duration // how long a client may read nothing while messages are queued, before its connection is closed
	CloseTimeout time.Duration // for the client to close its side after the last message
}

// Queue queues messages for one client and writes them to its connection; without a connection, they are taken from it. Its methods may be called from
// any goroutine, and none but Close waits for the network.
type Queue struct {
	limits *Limits
	wake   func() // nil if it began with a connection

	mu           sync.Mutex
	account      queuebudget.Account
	conn         net.Conn        // nil until there is one, then constant
	raw          syscall.RawConn // nil if conn is no socket
	state        state
	queue        []*wsframe.Message
	writing      bool           // a goroutine writes until the queue is empty
	inFlight     int            // messages at the head of the queue that are being written
	written      int            // bytes of the first message that are written
	slowWriter   sync.WaitGroup // the goroutine that writes to a slow client
	writable     chan struct{}  // closed when there is room again; nil if nobody waits for room
	firstRefused int64          // when the first of the most recently refused messages was created, in Unix seconds; 0 if the last one was queued
}

type state byte

const (
	open      state = iota
	finishing       // accepts no more messages; the queued ones are written
	finished        // everything is written; the client's side may still be open
	closed
)

// New makes the queue of a connection. Limits and stats are shared by all queues of a server.
func New(conn net.Conn, limits *Limits, stats *queuebudget.Stats) *Queue {
	queue := &Queue{limits: limits, account: queuebudget.Account{Stats: stats}}
	queue.connect(conn)
	return queue
}

func (q *Queue) connect(conn net.Conn) {
	q.conn = conn
	if socket, ok := conn.(syscall.Conn); ok {
		q.raw, _ = socket.SyscallConn() // fails for a closed connection only, and then so does the first write
	}
}

// Enqueue queues a message without writing it: several messages and one Flush make one write.
// It returns ErrFull or ErrClosed if the message is not queued.
func (q *Queue) Enqueue(message *wsframe.Message) error { return q.enqueue(message, 0) }

// EnqueueControl is Enqueue for control messages, such as confirmations: the limits are a quarter higher for them.
func (q *Queue) EnqueueControl(message *wsframe.Message) error { return q.enqueue(message, 1) }

func (q *Queue) enqueue(message *wsframe.Message, extraQuarters int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.state != open {
		return ErrClosed
	}
	maxBytes, maxMessages := q.account.MaxQueued(q.limits.Bytes)*(4+extraQuarters)/4, q.limits.Messages+extraQuarters*max(1, q.limits.Messages/4)
	if len(q.queue) >= maxMessages || q.account.Queued+message.Size() > maxBytes && !q.holdsAtMost(2) {
		q.noteRefused(message)
		return ErrFull
	}
	q.firstRefused = 0
	q.push(message)
	return nil
}

// noteRefused notes the first refused message since one was queued. It is called with the lock held.
func (q *Queue) noteRefused(message *wsframe.Message) {
	if q.firstRefused != 0 {
		return
	}
	q.firstRefused = message.Created()
	if q.account.Queued+message.Size() <= q.limits.Bytes && len(q.queue) < q.limits.Messages {
		q.account.Stats.Curtailed.Add(1)
	}
}

// EnqueueTogether is Enqueue for messages that belong together: all of them are queued, with nothing between them, or none.
func (q *Queue) EnqueueTogether(messages ...*wsframe.Message) error {
	size := 0
	for _, message := range messages {
		size += message.Size()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.state != open {
		return ErrClosed
	}
	if len(q.queue)+len(messages) > q.limits.Messages || q.account.Queued+size > q.account.MaxQueued(q.limits.Bytes) {
		return ErrFull
	}
	for _, message := range messages {
		q.push(message)
	}
	return nil
}

// ShareBudget counts the queue in a budget that it shares with others: queuebudget.Account.Share.
func (q *Queue) ShareBudget(budget queuebudget.Budget) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.account.Share(budget)
}

// CountSending counts bytes that were taken from the queue and are held until the client has read them, or subtracts them.
func (q *Queue) CountSending(bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.account.CountSending(bytes)
}

// Closing reports whether the queue accepts no more messages.
func (q *Queue) Closing() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.state != open
}

// Writing reports whether a write waits for the client to read. WriteTimeout bounds it.
func (q *Queue) Writing() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.writing
}

func (q *Queue) push(message *wsframe.Message) {
	q.queue = append(q.queue, message)
	q.account.CountQueued(1, message.Size())
}

// Writable returns nil while the queue is at most half full. Otherwise it returns a channel
// that is closed when the queue is at most a quarter full, or closing. The error is ErrClosed if the queue accepts no more messages. Senders that can wait,
// such as catch-up, use it; the other half of the queue is for those that cannot.
func (q *Queue) Writable() (<-chan struct{}, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.state != open:
		return nil, ErrClosed
	//mutate:queue-reserve-used
	case q.holdsAtMost(2):
		return nil, nil
	case q.writable == nil:
		q.writable = make(chan struct{})
	}
	return q.writable, nil
}

// holdsAtMost reports whether the queue is filled to at most a fraction of its limits: half for 2, a quarter for 4.
func (q *Queue) holdsAtMost(part int) bool {
	return q.account.Queued <= q.account.MaxQueued(q.limits.Bytes)/part && len(q.queue) <= q.limits.Messages/part
}

// notifyWritable is called with the lock held when the queue has become shorter or the state has changed.
func (q *Queue) notifyWritable() {
	if q.writable != nil && (q.state != open || q.holdsAtMost(4)) {
		close(q.writable)
		q.writable = nil
	}
}
