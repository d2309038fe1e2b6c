package socketio

import (
	"errors"
	"slices"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/socketio/engineio"
)

// reasonClientLeft is the reason for Handler.Disconnect when a client leaves a namespace and keeps its connection.
const reasonClientLeft = "client namespace disconnect"

var reasonConnectTimeout = engineio.CloseReason{
	Name: "connect timeout", Code: websocket.ClosePolicyViolation, Detail: "the client connected to no namespace in time",
}

// connection is the conversation with one client, in all its namespaces.
type connection struct {
	server       *Server
	session      *engineio.Session
	sockets      []*Socket // one per namespace
	incomplete   *incompletePacket
	connectTimer *time.Timer // nil once the client is in a namespace
}

func (s *Server) converse(session *engineio.Session) engineio.Conversation {
	c := &connection{server: s, session: session}
	if session.Revision() == engineio.Revision3 {
		c.connect(packet{namespace: mainNamespace}) // without a connect packet of the client
	}
	if len(c.sockets) == 0 {
		c.connectTimer = time.AfterFunc(s.cfg.ConnectTimeout, func() { session.Close(reasonConnectTimeout) })
	}
	return c
}

// Message implements engineio.Conversation.
func (c *connection) Message(binary bool, data []byte) error {
	if binary {
		return c.attach(data)
	}
	if c.incomplete != nil {
		return errors.New("text message: got one before all the announced attachments had come")
	}
	p, err := decodePacket(data)
	if err != nil {
		return err
	}
	if p.attachments > 0 && c.server.cfg.Attachments {
		c.incomplete = &incompletePacket{packet: p, room: c.server.cfg.Engine.MaxPayload}
		return nil
	}
	return c.receive(p, nil)
}

func (c *connection) attach(attachment []byte) error {
	if !c.server.cfg.Attachments {
		return nil // its event was received without it
	}
	complete, err := c.incomplete.add(attachment)
	if err != nil || !complete {
		return err
	}
	whole := c.incomplete
	c.incomplete = nil
	return c.receive(whole.packet, whole.attachments)
}

func (c *connection) receive(p packet, attachments [][]byte) error {
	switch p.kind {
	case kindConnect:
		c.connect(p)
	case kindDisconnect:
		c.disconnectFrom(p.namespace)
	case kindEvent, kindBinaryEvent:
		return c.handleEvent(p, attachments)
	}
	return nil // acknowledgements are never requested, so they are ignored
}

// handleEvent passes an event to the embedder. If the client is not in its namespace it is dropped: it may have been sent before the refusal arrived.
func (c *connection) handleEvent(p packet, attachments [][]byte) error {
	event, err := p.event(attachments)
	if err != nil {
		return err
	}
	if socket := c.find(p.namespace); socket != nil {
		c.server.handler.Event(socket, event)
		return nil
	}
	c.server.cfg.Engine.Logger.Debug("dropped an event for a namespace that the client is not in", zap.String("namespace", p.namespace))
	return nil
}

func (c *connection) find(namespace string) *Socket {
	for _, socket := range c.sockets {
		if socket.namespace == namespace {
			return socket
		}
	}
	return nil
}

// connect connects the client to a namespace or refuses it. Clients of revision 3 are connected to the main namespace already, and get no second answer.
func (c *connection) connect(p packet) {
	if c.find(p.namespace) != nil {
		return
	}
	defer c.session.Flush()
	if !c.server.cfg.knows(p.namespace) {
		c.refuse(p.namespace, "Invalid namespace")
		return
	}
	socket := &Socket{id: c.socketID(p.namespace), namespace: p.namespace, auth: p.auth, session: c.session}
	if err := c.server.handler.Connect(socket); err != nil {
		c.refuseSocket(socket, err)
		return
	}
	socket.auth = nil
	socket.announced.Do(socket.announce)
	c.sockets = append(c.sockets, socket)
	c.stopConnectTimer()
}

// refuseSocket refuses a socket, or disconnects it if the embedder sent something before it refused.
func (c *connection) refuseSocket(socket *Socket, reason error) {
	socket.disconnected.Store(true)
	connected := true
	socket.announced.Do(func() { connected = false })
	if connected {
		c.session.MustEnqueue(encodeDisconnect(socket.namespace))
		return
	}
	c.refuse(socket.namespace, reason.Error())
}

func (c *connection) refuse(namespace, reason string) {
	c.session.MustEnqueue(encodeRefusal(c.session.Revision(), namespace, reason))
}

// socketID returns the ID that a client derives by itself in revision 3, and receives in revision 4.
func (c *connection) socketID(namespace string) string {
	switch {
	case c.session.Revision() == engineio.Revision4:
		return c.server.cfg.Engine.NewID()
	case namespace == mainNamespace:
		return c.session.ID()
	default:
		return namespace + "#" + c.session.ID()
	}
}

func (c *connection) disconnectFrom(namespace string) {
	if socket := c.find(namespace); socket != nil {
		c.sockets = slices.DeleteFunc(c.sockets, func(s *Socket) bool { return s == socket })
		c.disconnect(socket, reasonClientLeft)
	}
}

// Closed implements engineio.Conversation.
func (c *connection) Closed(reason string) {
	c.stopConnectTimer()
	for _, socket := range c.sockets {
		c.disconnect(socket, reason)
	}
	c.sockets = nil
}

func (c *connection) disconnect(socket *Socket, reason string) {
	socket.disconnected.Store(true)
	c.server.handler.Disconnect(socket, reason)
}

func (c *connection) stopConnectTimer() {
	if c.connectTimer != nil {
		c.connectTimer.Stop()
		c.connectTimer = nil
	}
}
