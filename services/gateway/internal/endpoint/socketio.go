package endpoint

import (
	"context"
	"net/http"
	"sync/atomic"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsframe"
)

// SocketIO is the Socket.IO endpoint at /stream/socket.io, as in RIPE's older service. It is an http.Handler.
type SocketIO struct {
	*socketio.Server
	acceptor *Acceptor
	serving  context.Context // ends when Shutdown begins, and cancels subscriptions that have not begun
	stop     context.CancelFunc
	newID    func() string
}

// NewSocketIO makes the endpoint. It sets Engine.Admit and Engine.UnnamedRevision. The error is a fault of the settings.
func NewSocketIO(acceptor *Acceptor, settings socketio.Config) (*SocketIO, error) {
	endpoint := &SocketIO{acceptor: acceptor, newID: settings.Engine.NewID}
	settings.Engine.Admit = endpoint.admit
	settings.Engine.UnnamedRevision = engineio.Revision3 // as in the reference servers
	server, err := socketio.NewServer(settings, endpoint)
	if err != nil {
		return nil, err
	}
	endpoint.Server = server
	endpoint.serving, endpoint.stop = context.WithCancel(context.Background())
	acceptor.connections.endpoints = append(acceptor.connections.endpoints, endpoint.eachTransport)
	return endpoint, nil
}

func (e *SocketIO) eachTransport(count func(transport)) {
	e.Each(func(hasWebSocket bool) { count(socketIOTransport(hasWebSocket)) })
}

// Departures implements drain.Endpoint.
func (e *SocketIO) Departures() []func() bool { return e.Server.Departures(e.farewell()) }

// Reroute has the client of a session come through another gateway, as the one that passes on its requests stops: with its next poll, or by reconnecting if it
// has a WebSocket. It returns false if there is no such session.
func (e *SocketIO) Reroute(sessionID string) bool {
	return e.Server.Reroute(sessionID, e.farewell())
}

func (e *SocketIO) farewell() *wsframe.Message {
	return encode.ErrorMessage(socketIOEvents{}, errShuttingDown())
}

// Shutdown refuses new clients, sends the others their queued messages and an error, and waits until all have disconnected. It cuts off those that
// are left when ctx ends.
func (e *SocketIO) Shutdown(ctx context.Context) {
	e.stop()
	if err := e.Server.Shutdown(ctx, e.farewell()); err != nil {
		e.acceptor.logger.Warn("cut off Socket.IO clients", zap.Error(err))
	}
}

func (e *SocketIO) admit(r *http.Request) (engineio.Admission, error) {
	connection, err := e.acceptor.admit(doorSocketIO, r)
	if err != nil {
		return nil, err // not a nil pointer in an interface
	}
	return connection, nil
}

// Connect implements socketio.Handler.
func (e *SocketIO) Connect(socket *socketio.Socket) error {
	connection := socket.Admission().(*connection)
	if refusal := e.acceptor.authenticate(connection, socket.Auth()); refusal != nil {
		return refusal
	}
	session, err := e.acceptor.openSession(connection, &socketIOClient{Socket: socket})
	if err != nil {
		return err
	}
	socket.Attachment = session
	e.recoverSession(session, socket)
	return nil
}

// Event implements socketio.Handler.
func (e *SocketIO) Event(socket *socketio.Socket, event socketio.Event) {
	session := socket.Attachment.(*clientSession)
	if event.Dropped > 0 {
		session.respond(errAttachments(event.Dropped))
	} else {
		session.handleEvent(e.serving, event.Name, event.Argument)
	}
	if event.WantsAck {
		_ = socket.Ack(event.AckID) // fails if the client is gone or its queue is full
	}
}

// Disconnect implements socketio.Handler.
func (e *SocketIO) Disconnect(socket *socketio.Socket, reason string) {
	socket.Attachment.(*clientSession).end(departureOfSocketIO(reason), reason)
}

// socketIOClient is a client of SocketIO.
type socketIOClient struct {
	*socketio.Socket
	hasCursors atomic.Bool // so that the client remembers the last argument of an event if it is a string
}

func (c *socketIOClient) Encoding() encode.Encoding      { return socketIOEvents{} }
func (c *socketIOClient) Overflow()                      { c.Abort(c.Complaint(errTooSlow(c.MissingSince()))) }
func (c *socketIOClient) Disconnect(why *protocol.Error) { c.Abort(c.Complaint(why)) }
func (c *socketIOClient) Leave(why *protocol.Error)      { c.Close(c.Complaint(why)) }

func (c *socketIOClient) transport() transport { return socketIOTransport(c.HasWebSocket()) }

func socketIOTransport(hasWebSocket bool) transport {
	if hasWebSocket {
		return transportSocketIOWebSocket
	}
	return transportSocketIOPolling
}

// BeginCursors implements delivery.Client.
func (c *socketIOClient) BeginCursors() (forAll bool) {
	if c.Revision() == engineio.Revision3 {
		return false
	}
	if c.hasCursors.CompareAndSwap(false, true) {
		c.SetShutdownMessage(c.Complaint(errShuttingDown()))
	}
	return true
}

// Complaint implements delivery.Client. The null after the error text keeps the client from remembering the text as a cursor.
func (c *socketIOClient) Complaint(refusal *protocol.Error) *wsframe.Message {
	if !c.hasCursors.Load() {
		return encode.ErrorMessage(socketIOEvents{}, refusal)
	}
	return socketio.EncodeEvent("/", protocol.EventError, refusal.Payload(), []byte("null"))
}

// socketIOEvents encodes an event for clients of the main namespace, of both revisions.
type socketIOEvents struct{}

func (socketIOEvents) Event(name string, payload []byte) *wsframe.Message {
	return socketio.EncodeEvent("/", name, payload)
}

func (socketIOEvents) EventAt(name string, payload []byte, cursor string) *wsframe.Message {
	return socketio.EncodeEvent("/", name, payload, []byte(`"`+cursor+`"`))
}

// Cursor has the cursor as the event's last string, which socket.io-client keeps for its recovery.
func (socketIOEvents) Cursor(cursor string) *wsframe.Message {
	return socketio.EncodeEvent("/", protocol.EventCursor, []byte(`"`+cursor+`"`))
}

// WithCursor implements encode.CursorEncoding: the cursor is one more element of the event's array.
func (socketIOEvents) WithCursor(event *wsframe.Message, cursor string) *wsframe.Message {
	array := event.Payload()
	text := append(wsframe.Blank(len(array)+len(cursor)+len(`,""`)), array[:len(array)-len("]")]...)
	return wsframe.Written(append(append(append(text, `,"`...), cursor...), `"]`...))
}

// ReplayFinished implements encode.ReplayEncoding: ripe.atlas.cousteau 1.5 expects this name.
func (socketIOEvents) ReplayFinished() string { return "atlas_replay_finished" }
