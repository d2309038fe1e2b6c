package endpoint

import (
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsconn"
	"atlasstream/services/gateway/internal/wsframe"
)

// HeartbeatSettings are when a client is pinged, and when it is taken for gone.
type HeartbeatSettings struct {
	Interval time.Duration // between two pings
	Timeout  time.Duration // how long a client may be silent beyond the interval
}

// heartbeat pings a client of the plain WebSocket and closes its connection when it is silent. It is a timer, not a goroutine, as most
// clients are idle.
type heartbeat struct {
	conn      *wsconn.Conn
	settings  *HeartbeatSettings
	lastHeard atomic.Int64 // Unix nanoseconds
	timer     *time.Timer
	silent    atomic.Bool // the connection was closed, as nothing was heard
}

// startHeartbeat begins to ping. heard is called for everything that is read from the connection.
func startHeartbeat(conn *wsconn.Conn, settings *HeartbeatSettings) *heartbeat {
	h := &heartbeat{conn: conn, settings: settings}
	h.heard()
	h.timer = time.AfterFunc(math.MaxInt64, h.beat) // beat uses the field, so it is set before the first beat
	h.timer.Reset(settings.Interval)
	return h
}

func (h *heartbeat) heard() { h.lastHeard.Store(time.Now().UnixNano()) }

// beat does not count silence while messages are being written: the pong can only come after them, and the queue detects a client that does not read.
func (h *heartbeat) beat() {
	if h.conn.Writing() {
		h.heard()
	}
	rest := h.settings.Interval + h.settings.Timeout - time.Since(time.Unix(0, h.lastHeard.Load()))
	if rest <= 0 {
		h.silent.Store(true)
		h.conn.Abort(wsframe.Close(websocket.CloseGoingAway, "no sign of life came in time"))
		return
	}
	if err := h.conn.Send(wsframe.Ping()); errors.Is(err, sendqueue.ErrClosed) {
		return
	}
	h.timer.Reset(min(h.settings.Interval, rest))
}

func (h *heartbeat) stop() { h.timer.Stop() }
