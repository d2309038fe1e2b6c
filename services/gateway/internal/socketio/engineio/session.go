package engineio

import (
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/services/gateway/internal/sendqueue"
)

// Conversation is what an embedder does with a session. Its methods are called one after the other, never at the same time.
type Conversation interface {
	// Message takes a message of the client; data is the conversation's own. An error says what is wrong with it and ends the session.
	Message(binary bool, data []byte) error
	// Closed is the last call: the session has ended, and reason says why.
	Closed(reason string)
}

// Session is one client's presence, whatever carries it. Its methods may be called from any goroutine and never wait for the network.
type Session struct {
	id        string
	revision  Revision
	server    *Server
	admission Admission
	out       *sendqueue.Queue
	polling   *polling // nil where there was a WebSocket from the start

	inbox        *inbox
	counting     sync.Mutex // held while the admission is asked
	talking      sync.Mutex // held while the conversation is called
	conversation Conversation
	heartbeat    heartbeat
	leaving      atomic.Bool            // the client has said that it closes the session
	ending       atomic.Pointer[Ending] // nil while the session is open
	farewell     atomic.Pointer[sendqueue.Message]
}

// start says hello and begins the conversation.
func (s *Session) start(hello ...*sendqueue.Message) {
	s.talking.Lock()
	defer s.talking.Unlock()
	if !s.server.sessions.Open(s.id, s) {
		s.Close(endShutdown)
	}
	s.startHeartbeat()
	for _, message := range hello {
		s.mustOffer(message)
	}
	s.conversation = s.server.open(s)
	s.Flush()
}

// leave is called once when nothing of the session is left. Its place is the last that it gives back, as Shutdown waits for that.
func (s *Session) leave() {
	s.inbox.close()
	s.inbox.dealing.Wait()
	s.admission.Leave()
	s.server.sessions.Remove(s.id)
}

// serve answers a request after the first.
func (s *Session) serve(w http.ResponseWriter, r *http.Request, transport string) *refusal {
	s.wasQuiet()
	switch {
	case s.isOver():
		return unknownSession()
	case s.polling == nil:
		return badRequest("sid: the session has had a WebSocket from the start")
	case transport == transportWebSocket:
		return s.upgrade(w, r)
	case r.Method == http.MethodGet:
		return s.poll(w, r)
	case r.Method == http.MethodPost:
		return s.post(w, r)
	default:
		return badRequest("method: got " + r.Method + ", want GET or POST")
	}
}

// ID is the session's, as Config.NewID made it.
func (s *Session) ID() string { return s.id }

// Revision is that of the protocol that the client speaks.
func (s *Session) Revision() Revision { return s.revision }

// Admission is what Config.Admit made for the session.
func (s *Session) Admission() Admission { return s.admission }

// Enqueue queues a text packet, its type included, without sending it. It returns sendqueue.ErrFull or sendqueue.ErrClosed if the packet was not taken.
func (s *Session) Enqueue(text *sendqueue.Message) error { return s.out.Enqueue(text) }

// EnqueueControl is Enqueue for what is said beside what the client came for: there is a little more room for that.
func (s *Session) EnqueueControl(text *sendqueue.Message) error { return s.out.EnqueueControl(text) }

// EnqueueBinary queues a binary message without sending it.
func (s *Session) EnqueueBinary(data []byte) error {
	return s.out.Enqueue(encodeBinary(s.revision, data))
}

// EnqueueTogether queues a text packet and binary messages, with nothing between them, or none of them.
func (s *Session) EnqueueTogether(text *sendqueue.Message, binary [][]byte) error {
	messages := append(make([]*sendqueue.Message, 0, 1+len(binary)), text)
	for _, data := range binary {
		messages = append(messages, encodeBinary(s.revision, data))
	}
	return s.out.EnqueueTogether(messages...)
}

// Flush sends what is queued.
func (s *Session) Flush() { s.out.Flush() }

// ShareBudget counts what waits for the client in a budget, as sendqueue.Queue has it.
func (s *Session) ShareBudget(budget sendqueue.Budget) { s.out.ShareBudget(budget) }

// Writable is that of the client's queue.
func (s *Session) Writable() (<-chan struct{}, error) { return s.out.Writable() }

// MissingSince is that of the client's queue.
func (s *Session) MissingSince() time.Time { return s.out.MissingSince() }

// Close sends what is queued and the last packets, then ends the session. Of several endings, the first counts.
func (s *Session) Close(ending Ending, last ...*sendqueue.Message) {
	if s.ending.CompareAndSwap(nil, &ending) {
		s.out.Finish(ending.after(last)...)
		s.ended()
	}
}

// SetFarewell has the session say something of its own when the server shuts down, instead of what all are told.
func (s *Session) SetFarewell(own *sendqueue.Message) { s.farewell.Store(own) }

// shutDown ends the session with its farewell.
func (s *Session) shutDown(last []*sendqueue.Message) {
	if own := s.farewell.Load(); own != nil {
		last = []*sendqueue.Message{own}
	}
	s.Close(endShutdown, last...)
}

// Abort is Close for a client that cannot keep up: what is queued is dropped.
func (s *Session) Abort(ending Ending, last ...*sendqueue.Message) {
	if s.ending.CompareAndSwap(nil, &ending) {
		s.out.Abort(ending.after(last)...)
		s.ended()
	}
}

// ended lets the session conclude. Where a WebSocket carries it, the goroutine that reads from it finds out.
func (s *Session) ended() {
	s.inbox.close()
	if s.polling != nil && s.polling.end() {
		go s.conclude()
	}
}

// endConversation is called once the session has ended.
func (s *Session) endConversation() {
	s.talking.Lock()
	defer s.talking.Unlock()
	s.stopHeartbeat()
	s.conversation.Closed(s.ending.Load().Reason)
}

// mustOffer queues a packet that the protocol owes the client, so that the session cannot go on without it.
func (s *Session) mustOffer(message *sendqueue.Message) {
	if err := s.EnqueueControl(message); errors.Is(err, sendqueue.ErrFull) {
		s.Abort(endQueueFull)
	}
}

// say sends a heartbeat, unless even what there is more room for is full: then it shows whether the client reads at all.
func (s *Session) say(message *sendqueue.Message) {
	_ = s.EnqueueControl(message)
	s.Flush()
}
