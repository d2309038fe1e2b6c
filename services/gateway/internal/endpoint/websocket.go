package endpoint

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsconn"
	"atlasstream/services/gateway/internal/wsframe"
)

// WebSocket is the WebSocket endpoint at /stream/, as in RIPE's current service: text messages ["event",payload] in both directions.
type WebSocket struct {
	acceptor  *Acceptor
	settings  *wsconn.Settings
	heartbeat HeartbeatSettings
	serving   context.Context // ends when Shutdown begins, and cancels subscriptions that have not begun
	stop      context.CancelFunc
	clients   *connset.Set[*webSocketClient, webSocketClient]
}

// NewWebSocket makes the endpoint.
func NewWebSocket(acceptor *Acceptor, settings *wsconn.Settings, heartbeat HeartbeatSettings) *WebSocket {
	endpoint := &WebSocket{acceptor: acceptor, settings: settings, heartbeat: heartbeat, clients: connset.New[*webSocketClient, webSocketClient](0)}
	endpoint.serving, endpoint.stop = context.WithCancel(context.Background())
	acceptor.connections.endpoints = append(acceptor.connections.endpoints, endpoint.eachTransport)
	return endpoint
}

// ServeHTTP upgrades the request, opens a session and starts a goroutine that reads. That goroutine lives as long as the client, and keeps the
// stack that it once needed: what needs much stack is done here.
func (e *WebSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	connection, err := e.acceptor.admit(doorWebSocket, r)
	if err != nil {
		writeError(w, ErrorFor(err, e.acceptor.logger))
		return
	}
	client := &webSocketClient{connection: connection}
	if refusal := e.register(client); refusal != nil {
		connection.Release()
		writeError(w, refusal)
		return
	}
	if client.conn, err = e.settings.Upgrade(w, r); err != nil {
		e.acceptor.logger.Debug("a WebSocket handshake failed", append(connection.info.fields(), zap.Error(err))...)
		e.release(client)
		return
	}
	client.queue = client.conn.Queue
	if !e.clients.Open(client, client) {
		client.notifyShutdown()
	}
	session, err := e.acceptor.openSession(connection, client)
	if err != nil {
		client.refuse(err)
	}
	go e.serve(client, session)
}

// register authenticates a client and adds it to the set.
func (e *WebSocket) register(client *webSocketClient) *protocol.Error {
	if refusal := e.acceptor.authenticate(client.connection, nil); refusal != nil {
		return refusal
	}
	if e.clients.Reserve(client) != nil {
		return errShuttingDown()
	}
	return nil
}

// serve reads from the client until it disconnects. The session of a refused client is nil.
func (e *WebSocket) serve(client *webSocketClient, session *clientSession) {
	defer e.release(client)
	defer client.conn.Close()
	if session != nil {
		e.readMessages(client, session)
	}
	client.conn.Drain()
}

func (e *WebSocket) readMessages(client *webSocketClient, session *clientSession) {
	heartbeat := startHeartbeat(client.conn, &e.heartbeat)
	defer heartbeat.stop()
	admits := func(size int) bool {
		heartbeat.heard()
		return !client.conn.Closing() && client.connection.admits(size)
	}
	end := client.conn.ReadAll(admits, func(binary bool, message []byte) { e.receive(session, binary, message) })
	client.conn.Finish(wsframe.Close(end.Code, end.Text))
	session.end(departureOfWebSocket(end, heartbeat), end.Text)
}

func departureOfWebSocket(end wsconn.End, heartbeat *heartbeat) departure {
	switch {
	case heartbeat.silent.Load():
		return departurePingTimeout
	case end.Gone:
		return departureClient
	default:
		return departureTransportError
	}
}

func (e *WebSocket) receive(session *clientSession, binary bool, message []byte) {
	event, parameters, err := parseEvent(binary, message)
	if err != nil {
		session.respond(err)
		return
	}
	session.handleEvent(e.serving, event, parameters)
}

func (e *WebSocket) release(client *webSocketClient) {
	client.connection.Release()
	e.clients.Remove(client)
}

func (e *WebSocket) eachTransport(count func(transport)) {
	e.clients.Each(func(client *webSocketClient) { count(client.transport()) })
}

// Refuse implements drain.Endpoint.
func (e *WebSocket) Refuse() { e.clients.Refuse() }

// Departures implements drain.Endpoint.
func (e *WebSocket) Departures() []func() bool {
	return e.clients.Departures((*webSocketClient).notifyShutdown)
}

// Shutdown refuses new clients, sends the others their queued messages and an error, and waits until all have disconnected. It cuts off those that
// are left when ctx ends.
func (e *WebSocket) Shutdown(ctx context.Context) {
	e.stop()
	_ = e.clients.Shutdown(ctx, (*webSocketClient).notifyShutdown, (*webSocketClient).cutOff) // its error only says that clients were cut off
}

// webSocketClient is a client of WebSocket.
type webSocketClient struct {
	connection *connection
	conn       *wsconn.Conn
	queue      *sendqueue.Queue // conn.Queue, without an indirection for each delivery
}

func (c *webSocketClient) Encoding() encode.Encoding              { return jsonArray{} }
func (c *webSocketClient) Enqueue(message *wsframe.Message) error { return c.queue.Enqueue(message) }
func (c *webSocketClient) EnqueueControl(message *wsframe.Message) error {
	return c.queue.EnqueueControl(message)
}
func (c *webSocketClient) BeginCursors() bool                    { return false }
func (c *webSocketClient) Flush()                                { c.queue.Flush() }
func (c *webSocketClient) Writable() (<-chan struct{}, error)    { return c.queue.Writable() }
func (c *webSocketClient) ShareBudget(budget queuebudget.Budget) { c.queue.ShareBudget(budget) }
func (c *webSocketClient) transport() transport                  { return transportWebSocket }
func (c *webSocketClient) cutOff()                               { c.conn.Close() }

func (c *webSocketClient) Complaint(refusal *protocol.Error) *wsframe.Message {
	return encode.ErrorMessage(jsonArray{}, refusal)
}

func (c *webSocketClient) Overflow() {
	c.conn.Abort(c.Complaint(errTooSlow(c.queue.MissingSince())), wsframe.Close(websocket.ClosePolicyViolation, "too slow"))
}

func (c *webSocketClient) Disconnect(why *protocol.Error) {
	c.conn.Abort(c.Complaint(why), wsframe.Close(websocket.ClosePolicyViolation, closeText(why)))
}

func (c *webSocketClient) Leave(why *protocol.Error) {
	c.conn.Finish(c.Complaint(why), wsframe.Close(websocket.CloseGoingAway, closeText(why)))
}

func (c *webSocketClient) notifyShutdown() {
	if session := c.connection.session.Load(); session != nil {
		session.client.departing(protocol.CodeShuttingDown)
	}
	c.Leave(errShuttingDown())
}

// closeText is the text of a close frame.
func closeText(why *protocol.Error) string { return strings.ReplaceAll(string(why.Code), "_", " ") }

func (c *webSocketClient) refuse(reason error) {
	if refusal, ok := errors.AsType[*protocol.Error](reason); ok {
		c.conn.Finish(c.Complaint(refusal), wsframe.Close(websocket.CloseTryAgainLater, string(refusal.Code)))
	}
}
