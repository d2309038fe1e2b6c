package endpoint

import (
	"errors"
	"math"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsconn"
)

// Patience is how a door finds out that a client is gone without a word.
type Patience struct {
	Interval time.Duration // between two pings
	Timeout  time.Duration // how much longer than that a client may be silent
}

// heartbeat pings a client of the plain WebSocket and closes its connection when nothing is heard from it. It is a timer, not a goroutine, as most
// clients are idle.
type heartbeat struct {
	conn      *wsconn.Conn
	patience  Patience
	lastHeard atomic.Int64 // Unix nanoseconds
	timer     *time.Timer
}

// startHeartbeat begins to ping. Whoever reads from the connection calls heard for all that comes.
func startHeartbeat(conn *wsconn.Conn, patience Patience) *heartbeat {
	h := &heartbeat{conn: conn, patience: patience}
	h.heard()
	h.timer = time.AfterFunc(math.MaxInt64, h.beat) // beat uses the field, so it is set before the first one can come
	h.timer.Reset(patience.Interval)
	return h
}

func (h *heartbeat) heard() { h.lastHeard.Store(time.Now().UnixNano()) }

// beat counts no silence while messages wait for the client: its answer to a ping can only come after them, and the queue watches whether it reads.
func (h *heartbeat) beat() {
	if h.conn.Writing() {
		h.heard()
	}
	rest := h.patience.Interval + h.patience.Timeout - time.Since(time.Unix(0, h.lastHeard.Load()))
	if rest <= 0 {
		h.conn.Abort(sendqueue.Close(websocket.CloseGoingAway, "no sign of life came in time"))
		return
	}
	if err := h.conn.Send(sendqueue.Ping()); errors.Is(err, sendqueue.ErrClosed) {
		return
	}
	h.timer.Reset(min(h.patience.Interval, rest))
}

func (h *heartbeat) stop() { h.timer.Stop() }
