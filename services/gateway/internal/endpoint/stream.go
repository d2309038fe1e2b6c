package endpoint

import (
	"context"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/wsconn"
)

// Stream is the door at /stream/: a WebSocket for clients that ask for one, a plain GET for all others.
type Stream struct {
	webSocket *WebSocket
	get       *Get
}

// NewStream makes the door.
func NewStream(reception *Reception, settings *wsconn.Settings, patience Patience) *Stream {
	return &Stream{webSocket: NewWebSocket(reception, settings, patience), get: NewGet(reception, settings)}
}

// ServeHTTP implements http.Handler.
func (d *Stream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if websocket.IsWebSocketUpgrade(r) {
		d.webSocket.ServeHTTP(w, r)
		return
	}
	d.get.ServeHTTP(w, r)
}

// Shutdown refuses newcomers, tells the clients that the gateway stops once they have what waits for them, and waits until all are gone. Those that
// are not gone when ctx ends are cut off.
func (d *Stream) Shutdown(ctx context.Context) {
	var doors sync.WaitGroup
	doors.Go(func() { d.webSocket.Shutdown(ctx) })
	doors.Go(func() { d.get.Shutdown(ctx) })
	doors.Wait()
}
