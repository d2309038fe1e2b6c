package engineio

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// Conversation handles a session for the embedder. Its methods are called one after the other, never at the same time.
type Conversation interface {
	// Message handles a message of the client, and owns data. An error says what is wrong with the message and ends the session.
	Message(binary bool, data []byte) error
	// Closed is the last call, with the reason why the session has ended.
	Closed(reason string)
}

// Session is the session of one client, over any transport. Its methods may be called from any goroutine and never wait for the network.
type Session struct {
	id        string
	revision  Revision
	server    *Server
	admission Admission
	out       *sendqueue.Queue
	polling   *polling // nil if the session began with a WebSocket

	inbox           *inbox
	admissionMu     sync.Mutex // held while the admission is called
	conversationMu  sync.Mutex // held while the conversation is called
	conversation    Conversation
	heartbeat       heartbeat
	clientClosing   atomic.Bool                 // the client has sent a close packet
	closeReason     atomic.Pointer[CloseReason] // nil while the session is open
	shutdownMessage atomic.Pointer[wsframe.Message]
}

// start sends the first messages and begins the conversation.
func (s *Session) start(first ...*wsframe.Message) {
	s.conversationMu.Lock()
	defer s.conversationMu.Unlock()
	if !s.server.sessions.Open(s.id, s) {
		s.Close(reasonShutdown)
	}
	s.startHeartbeat()
	for _, message := range first {
		s.MustEnqueue(message)
	}
	s.conversation = s.server.open(s)
	s.Flush()
}

// ID is the session ID that Config.NewID made.
func (s *Session) ID() string { return s.id }

// Revision is the protocol revision of the client.
func (s *Session) Revision() Revision { return s.revision }

// HasWebSocket reports whether the session has a WebSocket now: from its start, or since an upgrade.
func (s *Session) HasWebSocket() bool {
	return s.polling == nil || s.polling.currentTransport() == transportWebSocket
}

// Admission is what Config.Admit made for the session.
func (s *Session) Admission() Admission { return s.admission }

// Enqueue queues a text packet with its type, without sending it. It returns sendqueue.ErrFull or sendqueue.ErrClosed if the packet was not queued.
func (s *Session) Enqueue(text *wsframe.Message) error { return s.out.Enqueue(text) }

// EnqueueControl is Enqueue for control messages, which the queue has some extra room for.
func (s *Session) EnqueueControl(text *wsframe.Message) error { return s.out.EnqueueControl(text) }

// EnqueueBinary queues a binary message without sending it.
func (s *Session) EnqueueBinary(data []byte) error {
	return s.out.Enqueue(encodeBinary(s.revision, data))
}

// EnqueueTogether queues a text packet and binary messages with nothing between them, or none of them.
func (s *Session) EnqueueTogether(text *wsframe.Message, binary [][]byte) error {
	messages := append(make([]*wsframe.Message, 0, 1+len(binary)), text)
	for _, data := range binary {
		messages = append(messages, encodeBinary(s.revision, data))
	}
	return s.out.EnqueueTogether(messages...)
}

// Flush sends what is queued.
func (s *Session) Flush() { s.out.Flush() }

// ShareBudget counts the client's queue in a budget, as sendqueue.Queue does.
func (s *Session) ShareBudget(budget queuebudget.Budget) { s.out.ShareBudget(budget) }

// Writable is sendqueue.Queue's.
func (s *Session) Writable() (<-chan struct{}, error) { return s.out.Writable() }

// MissingSince is sendqueue.Queue's.
func (s *Session) MissingSince() time.Time { return s.out.MissingSince() }

// MustEnqueue queues a packet without which the client cannot understand the following ones. If the queue is full, the session is aborted.
func (s *Session) MustEnqueue(message *wsframe.Message) {
	if err := s.EnqueueControl(message); errors.Is(err, sendqueue.ErrFull) {
		s.Abort(reasonQueueFull)
	}
}
