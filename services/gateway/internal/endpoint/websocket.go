package endpoint

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsconn"
)

// WebSocket is the door that RIPE's current service has at /stream/: text messages ["event",payload] either way, and nothing else.
type WebSocket struct {
	reception *Reception
	settings  *wsconn.Settings
	patience  Patience
	serving   context.Context // ends when Shutdown begins: a subscription that comes after the farewell is of no use
	stop      context.CancelFunc
	clients   *connset.Set[*webSocketClient, webSocketClient]
}

// NewWebSocket makes the door.
func NewWebSocket(reception *Reception, settings *wsconn.Settings, patience Patience) *WebSocket {
	door := &WebSocket{reception: reception, settings: settings, patience: patience, clients: connset.New[*webSocketClient, webSocketClient](0)}
	door.serving, door.stop = context.WithCancel(context.Background())
	return door
}

// ServeHTTP upgrades the request, receives the client and lets a goroutine read from it. That goroutine stays as long as the client does, and so does the
// stack that it once needed: what needs much is done here.
func (d *WebSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	connection, err := d.reception.admit("websocket", r)
	if err != nil {
		answer(w, WordRefusal(err, d.reception.logger))
		return
	}
	client := &webSocketClient{connection: connection}
	if refusal := d.enter(client); refusal != nil {
		connection.Release()
		answer(w, refusal)
		return
	}
	if client.conn, err = d.settings.Upgrade(w, r); err != nil {
		d.reception.logger.Debug("a WebSocket handshake failed", append(connection.guest.fields(), zap.Error(err))...)
		d.dismiss(client)
		return
	}
	client.queue = client.conn.Queue
	if !d.clients.Open(client, client) {
		client.farewell()
	}
	session, err := d.reception.receive(connection, client)
	if err != nil {
		client.refuse(err)
	}
	go d.serve(client, session)
}

// enter keeps a place for a client that may come in.
func (d *WebSocket) enter(client *webSocketClient) *protocol.Error {
	if refusal := d.reception.recognise(client.connection, nil); refusal != nil {
		return refusal
	}
	if d.clients.Reserve(client) != nil {
		return refuseToServe()
	}
	return nil
}

// serve reads what the client says until it is gone. The session is nil for a client that was refused.
func (d *WebSocket) serve(client *webSocketClient, session *session) {
	defer d.dismiss(client)
	defer client.conn.Close()
	if session != nil {
		d.converse(client, session)
	}
	client.conn.Drain()
}

func (d *WebSocket) converse(client *webSocketClient, session *session) {
	heartbeat := startHeartbeat(client.conn, d.patience)
	defer heartbeat.stop()
	admits := func(size int) bool {
		heartbeat.heard()
		return !client.conn.Closing() && client.connection.admits(size)
	}
	end := client.conn.ReadAll(admits, func(binary bool, message []byte) { d.receive(session, binary, message) })
	client.conn.Finish(sendqueue.Close(end.Code, end.Words))
	session.leave(end.Words)
}

func (d *WebSocket) receive(session *session, binary bool, message []byte) {
	event, parameters, err := parseEvent(binary, message)
	if err != nil {
		session.answer(err)
		return
	}
	session.receive(d.serving, event, parameters)
}

func (d *WebSocket) dismiss(client *webSocketClient) {
	client.connection.Release()
	d.clients.Remove(client)
}

// Shutdown refuses newcomers, tells the clients that the gateway stops once they have what waits for them, and waits until all are gone. Those that
// are not gone when ctx ends are cut off.
func (d *WebSocket) Shutdown(ctx context.Context) {
	d.stop()
	_ = d.clients.Shutdown(ctx, (*webSocketClient).farewell, (*webSocketClient).cutOff) // who is cut off has not closed in time
}

// webSocketClient is what others see of a client.
type webSocketClient struct {
	connection *connection
	conn       *wsconn.Conn
	queue      *sendqueue.Queue // conn's, at hand for every delivery
}

func (c *webSocketClient) Encoding() fanout.Encoding                { return jsonArrays{} }
func (c *webSocketClient) Enqueue(message *sendqueue.Message) error { return c.queue.Enqueue(message) }
func (c *webSocketClient) EnqueueControl(message *sendqueue.Message) error {
	return c.queue.EnqueueControl(message)
}
func (c *webSocketClient) BeginCursors() bool                  { return false }
func (c *webSocketClient) Flush()                              { c.queue.Flush() }
func (c *webSocketClient) Writable() (<-chan struct{}, error)  { return c.queue.Writable() }
func (c *webSocketClient) ShareBudget(budget sendqueue.Budget) { c.queue.ShareBudget(budget) }
func (c *webSocketClient) cutOff()                             { c.conn.Close() }

func (c *webSocketClient) Complaint(refusal *protocol.Error) *sendqueue.Message {
	return fanout.ErrorMessage(jsonArrays{}, refusal)
}

func (c *webSocketClient) Overflow() {
	c.conn.Abort(c.Complaint(tooSlow(c.queue.MissingSince())), sendqueue.Close(websocket.ClosePolicyViolation, "too slow"))
}

func (c *webSocketClient) Expel(why *protocol.Error) {
	c.conn.Abort(c.Complaint(why), sendqueue.Close(websocket.ClosePolicyViolation, strings.ReplaceAll(string(why.Code), "_", " ")))
}

func (c *webSocketClient) farewell() {
	c.conn.Finish(c.Complaint(refuseToServe()), sendqueue.Close(websocket.CloseGoingAway, "shutting down"))
}

func (c *webSocketClient) refuse(reason error) {
	if refusal, ok := errors.AsType[*protocol.Error](reason); ok {
		c.conn.Finish(c.Complaint(refusal), sendqueue.Close(websocket.CloseTryAgainLater, string(refusal.Code)))
	}
}
