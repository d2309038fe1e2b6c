package endpoint

import (
	"context"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/wsconn"
)

// Stream is the endpoint at /stream/: a WebSocket for clients that ask for one, plain HTTP for all others.
type Stream struct {
	webSocket  *WebSocket
	httpStream *HTTPStream
}

// NewStream makes the endpoint.
func NewStream(acceptor *Acceptor, settings *wsconn.Settings, heartbeat HeartbeatSettings) *Stream {
	return &Stream{webSocket: NewWebSocket(acceptor, settings, heartbeat), httpStream: NewHTTPStream(acceptor, settings)}
}

// ServeHTTP implements http.Handler.
func (e *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		e.webSocket.ServeHTTP(w, r)
		return
	}
	e.httpStream.ServeHTTP(w, r)
}

// Refuse implements drain.Endpoint.
func (e *Stream) Refuse() {
	e.webSocket.Refuse()
	e.httpStream.Refuse()
}

// Departures implements drain.Endpoint.
func (e *Stream) Departures() []func() bool {
	return append(e.webSocket.Departures(), e.httpStream.Departures()...)
}

// Shutdown shuts down both endpoints at the same time: they refuse new clients, send the others their queued messages and an error, and wait until all have
// disconnected. They cut off those that are left when ctx ends.
func (e *Stream) Shutdown(ctx context.Context) {
	var endpoints sync.WaitGroup
	endpoints.Go(func() { e.webSocket.Shutdown(ctx) })
	endpoints.Go(func() { e.httpStream.Shutdown(ctx) })
	endpoints.Wait()
}
