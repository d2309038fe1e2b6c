package socketio

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsframe"
)

// Socket is a client in one namespace. Its methods may be called from any goroutine, from Handler.Connect on, and never wait for the network.
type Socket struct {
	Attachment any // for the embedder, which sets it in Handler.Connect

	id           string
	namespace    string
	auth         json.RawMessage
	privateID    string
	session      *engineio.Session
	announced    sync.Once // of the connect packet
	disconnected atomic.Bool
}

// ID is unique among the sockets of a server, and known to the client.
func (s *Socket) ID() string { return s.id }

// Namespace is the namespace that the client connected to.
func (s *Socket) Namespace() string { return s.namespace }

// Admission is what Config.Engine.Admit made for the connection.
func (s *Socket) Admission() engineio.Admission { return s.session.Admission() }

// Revision is the client's revision of Engine.IO.
func (s *Socket) Revision() engineio.Revision { return s.session.Revision() }

// HasWebSocket reports whether the connection is a WebSocket now, and not polls.
func (s *Socket) HasWebSocket() bool { return s.session.HasWebSocket() }

// SetPrivateID sets the private ID in the connect packet of revision 4. A client that had the same one before takes itself for recovered. From then on
// socket.io-client 4.6 and later remember an event's last argument if that is a string, and send both in Auth when they reconnect, as pid and offset.
// It is called in Handler.Connect, before anything is sent.
func (s *Socket) SetPrivateID(id string) { s.privateID = id }

// SetShutdownMessage sets what the client is sent when the server shuts down, instead of the message for all.
func (s *Socket) SetShutdownMessage(own *wsframe.Message) { s.session.SetShutdownMessage(own) }

// Auth is the object of the client's connect packet, or nil. It is available during Handler.Connect only, as it may be long.
func (s *Socket) Auth() json.RawMessage { return s.auth }

// Enqueue queues a packet without sending it. It returns sendqueue.ErrFull or sendqueue.ErrClosed if the packet was not queued.
func (s *Socket) Enqueue(packet *wsframe.Message) error {
	if s.disconnected.Load() {
		return sendqueue.ErrClosed
	}
	s.announced.Do(s.announce)
	return s.session.Enqueue(packet)
}

// EnqueueControl is Enqueue for control messages, such as confirmations, which the queue has some extra room for.
func (s *Socket) EnqueueControl(packet *wsframe.Message) error {
	if s.disconnected.Load() {
		return sendqueue.ErrClosed
	}
	s.announced.Do(s.announce)
	return s.session.EnqueueControl(packet)
}

// Flush sends what is queued for the client's connection.
func (s *Socket) Flush() { s.session.Flush() }

// ShareBudget counts the client's queue in a budget, as sendqueue.Queue does.
func (s *Socket) ShareBudget(budget queuebudget.Budget) { s.session.ShareBudget(budget) }

// Writable is sendqueue.Queue's.
func (s *Socket) Writable() (<-chan struct{}, error) {
	if s.disconnected.Load() {
		return nil, sendqueue.ErrClosed
	}
	return s.session.Writable()
}

// MissingSince is sendqueue.Queue's.
func (s *Socket) MissingSince() time.Time { return s.session.MissingSince() }

// Send is EnqueueControl and Flush.
func (s *Socket) Send(packet *wsframe.Message) error {
	if err := s.EnqueueControl(packet); err != nil {
		return err
	}
	s.Flush()
	return nil
}

// Ack acknowledges an event. Each argument is a JSON value.
func (s *Socket) Ack(id uint64, args ...[]byte) error {
	return s.Send(encodeAck(s.namespace, id, args))
}

// EmitBinary sends an event with binary parts, to which the arguments refer as those of an Event do.
func (s *Socket) EmitBinary(name string, attachments [][]byte, args ...[]byte) error {
	return s.sendTogether(encodeBinaryEvent(s.namespace, name, len(attachments), args), attachments)
}

// AckBinary is Ack with binary parts, to which the arguments refer as those of an Event do.
func (s *Socket) AckBinary(id uint64, attachments [][]byte, args ...[]byte) error {
	return s.sendTogether(encodeBinaryAck(s.namespace, id, len(attachments), args), attachments)
}

func (s *Socket) sendTogether(packet *wsframe.Message, attachments [][]byte) error {
	if s.disconnected.Load() {
		return sendqueue.ErrClosed
	}
	s.announced.Do(s.announce)
	if err := s.session.EnqueueTogether(packet, attachments); err != nil {
		return err
	}
	s.Flush()
	return nil
}

// Close sends what is queued and the last packets, then closes the client's connection, for all its namespaces.
func (s *Socket) Close(last ...*wsframe.Message) {
	s.session.Close(engineio.CloseReason{Name: "server disconnect", Code: websocket.CloseNormalClosure}, last...)
}

// Abort is Close for a client that cannot keep up: what is queued is dropped.
func (s *Socket) Abort(last ...*wsframe.Message) {
	s.session.Abort(engineio.CloseReason{Name: "server abort", Code: websocket.ClosePolicyViolation}, last...)
}

// announce sends the connect packet, before everything else that the socket is sent.
func (s *Socket) announce() {
	s.session.MustEnqueue(encodeConnect(s.session.Revision(), s.namespace, s.id, s.privateID))
}
