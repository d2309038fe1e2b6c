package door

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsconn"
)

// WebSocket is the door that RIPE's current service has at /stream/: text messages ["event",payload] either way, and nothing else.
type WebSocket struct {
	hub      *fanout.Hub
	settings *wsconn.Settings
	patience Patience
	logger   *zap.Logger
	serving  context.Context // ends when Shutdown begins: a subscription that comes after the farewell is of no use
	stop     context.CancelFunc

	mu      sync.Mutex
	closing bool
	clients map[*webSocketClient]struct{}
	reading sync.WaitGroup
}

// NewWebSocket makes the door.
func NewWebSocket(hub *fanout.Hub, settings *wsconn.Settings, patience Patience, logger *zap.Logger) *WebSocket {
	door := &WebSocket{hub: hub, settings: settings, patience: patience, logger: logger, clients: make(map[*webSocketClient]struct{})}
	door.serving, door.stop = context.WithCancel(context.Background())
	return door
}

// ServeHTTP upgrades the request and lets a goroutine read from the client.
func (d *WebSocket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this path speaks WebSocket: connect to it with a WebSocket client", http.StatusUpgradeRequired)
		return
	}
	if !d.enter() {
		http.Error(w, "this gateway stops; connect again, another one will answer", http.StatusServiceUnavailable)
		return
	}
	conn, err := d.settings.Upgrade(w, r)
	if err != nil {
		d.reading.Done()
		d.logger.Debug("a WebSocket handshake failed", zap.Error(err), zap.String("remote", r.RemoteAddr))
		return
	}
	client := &webSocketClient{conn: conn}
	d.add(client)
	go d.serve(client)
}

// enter counts a client among those that Shutdown waits for, unless that has begun.
func (d *WebSocket) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closing {
		d.reading.Add(1)
	}
	return !d.closing
}

// add makes the client one of those that Shutdown tells; it may have begun meanwhile.
func (d *WebSocket) add(client *webSocketClient) {
	d.mu.Lock()
	closing := d.closing
	d.clients[client] = struct{}{}
	d.mu.Unlock()
	if closing {
		client.farewell()
	}
}

// serve reads what the client says until it is gone.
func (d *WebSocket) serve(client *webSocketClient) {
	defer d.dismiss(client)
	defer client.conn.Close()
	if session, err := newSession(d.hub, client, d.logger); err != nil {
		client.refuse(err)
	} else {
		d.converse(client, session)
	}
	client.conn.Drain()
}

func (d *WebSocket) converse(client *webSocketClient, session *session) {
	defer session.leave()
	heartbeat := startHeartbeat(client.conn, d.patience)
	defer heartbeat.stop()
	end := client.conn.ReadAll(func(binary bool, message []byte) {
		heartbeat.heard()
		d.receive(client, session, binary, message)
	})
	client.conn.Finish(outbox.Close(end.Code, end.Words))
}

// receive drops what comes after the last words to the client.
func (d *WebSocket) receive(client *webSocketClient, session *session, binary bool, message []byte) {
	if client.conn.Closing() {
		return
	}
	event, arguments, err := parseEvent(binary, message)
	if err != nil {
		session.answer(err)
		return
	}
	session.receive(d.serving, event, arguments)
}

func (d *WebSocket) dismiss(client *webSocketClient) {
	d.mu.Lock()
	delete(d.clients, client)
	d.mu.Unlock()
	d.reading.Done()
}

// Shutdown refuses newcomers, tells the clients that the gateway stops once they have what waits for them, and waits until all are gone. Those that
// are not gone when ctx ends are cut off.
func (d *WebSocket) Shutdown(ctx context.Context) {
	d.stop()
	d.eachClient((*webSocketClient).farewell)
	gone := make(chan struct{})
	go func() { d.reading.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-ctx.Done():
		d.eachClient(func(client *webSocketClient) { client.conn.Close() })
		<-gone
	}
}

// eachClient refuses newcomers from now on and goes through the clients that there are.
func (d *WebSocket) eachClient(do func(*webSocketClient)) {
	d.mu.Lock()
	d.closing = true
	clients := make([]*webSocketClient, 0, len(d.clients))
	for client := range d.clients {
		clients = append(clients, client)
	}
	d.mu.Unlock()
	for _, client := range clients {
		do(client)
	}
}

// webSocketClient is the fanout's view of a client.
type webSocketClient struct{ conn *wsconn.Conn }

func (c *webSocketClient) Encoding() fanout.Encoding           { return jsonArrays{} }
func (c *webSocketClient) Offer(message *outbox.Message) error { return c.conn.Offer(message) }
func (c *webSocketClient) Flush()                              { c.conn.Flush() }

func (c *webSocketClient) Overflow() {
	c.conn.Abort(overflowMessage(c.Encoding()), outbox.Close(websocket.ClosePolicyViolation, "too slow"))
}

func (c *webSocketClient) farewell() {
	c.conn.Finish(farewellMessage(c.Encoding()), outbox.Close(websocket.CloseGoingAway, "shutting down"))
}

func (c *webSocketClient) refuse(reason error) {
	if refusal, ok := errors.AsType[*subscription.Error](reason); ok {
		c.conn.Finish(fanout.ErrorMessage(c.Encoding(), refusal), outbox.Close(websocket.CloseTryAgainLater, string(refusal.Code)))
	}
}
