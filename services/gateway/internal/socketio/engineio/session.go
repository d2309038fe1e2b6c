package engineio

import (
	"errors"
	"sync/atomic"

	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/wsconn"
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
	id           string
	revision     Revision
	request      Request
	server       *Server
	out          *outbox.Outbox
	conversation Conversation
	heartbeat    heartbeat
	ending       atomic.Pointer[Ending] // nil while the session is open
}

// start says hello and begins the conversation.
func (s *Session) start() {
	s.server.add(s)
	s.startHeartbeat()
	s.mustOffer(s.openMessage())
	s.conversation = s.server.open(s)
	s.Flush()
}

// run reads from the socket until the session has ended.
func (s *Session) run(socket *wsconn.Conn) {
	defer s.server.remove(s)
	defer socket.Close()
	s.Close(endOf(socket.ReadAll(s.receiveFrame)))
	s.stopHeartbeat()
	s.conversation.Closed(s.ending.Load().Reason)
	socket.Drain()
}

// ID is the session's, as Config.NewID made it.
func (s *Session) ID() string { return s.id }

// Revision is that of the protocol that the client speaks.
func (s *Session) Revision() Revision { return s.revision }

// Request is what the session keeps of the request that opened it.
func (s *Session) Request() *Request { return &s.request }

// Offer queues a text packet, its type included, without sending it. It returns outbox.ErrFull or outbox.ErrClosed if the packet was not taken.
func (s *Session) Offer(text *outbox.Message) error { return s.out.Offer(text) }

// OfferBinary queues a binary message without sending it.
func (s *Session) OfferBinary(data []byte) error { return s.out.Offer(encodeBinary(s.revision, data)) }

// Flush sends what is queued.
func (s *Session) Flush() { s.out.Flush() }

// Close sends what is queued and the last packets, then ends the session. Of several endings, the first counts.
func (s *Session) Close(ending Ending, last ...*outbox.Message) {
	if s.ending.CompareAndSwap(nil, &ending) {
		s.out.Finish(ending.after(last)...)
	}
}

// Abort is Close for a client that cannot keep up: what is queued is dropped.
func (s *Session) Abort(ending Ending, last ...*outbox.Message) {
	if s.ending.CompareAndSwap(nil, &ending) {
		s.out.Abort(ending.after(last)...)
	}
}

// mustOffer queues a packet that the protocol owes the client, so that the session cannot go on without it.
func (s *Session) mustOffer(message *outbox.Message) {
	if err := s.Offer(message); errors.Is(err, outbox.ErrFull) {
		s.Abort(endQueueFull)
	}
}

func (s *Session) say(message *outbox.Message) {
	s.mustOffer(message)
	s.Flush()
}

// receive acts on a packet. An error says what is wrong with it.
func (s *Session) receive(p packet) error {
	switch p.kind {
	case packetMessage:
		return s.conversation.Message(p.binary, p.data)
	case packetPing, packetPong:
		return s.receiveHeartbeat(p.kind)
	case packetClose:
		s.Close(endClientClosed)
		return nil
	case packetNoop:
		return nil
	default:
		return errors.New("packet type: a client may send only 1, 2, 3, 4 and 6 here")
	}
}

func (s *Session) receiveHeartbeat(kind packetKind) error {
	if (kind == packetPing) != (s.revision == Revision3) {
		return errors.New("packet type: in revision 3 the client pings (2), in revision 4 the server (answered by 3)")
	}
	s.heard()
	if kind == packetPing {
		s.say(pong)
	}
	return nil
}
