package engineio

import (
	"slices"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/outbox"
)

// Ending says why a session ends.
type Ending struct {
	Reason string // for the conversation; those of this package are in the words of the reference server
	Code   int    // of the close frame that a WebSocket client receives (RFC 6455, section 7.4)
	Detail string // what the close frame says beside it
}

var (
	endClientClosed = Ending{Reason: "transport close", Code: websocket.CloseNormalClosure}
	endPingTimeout  = Ending{Reason: "ping timeout", Code: websocket.CloseGoingAway, Detail: "no heartbeat came in time"}
	endShutdown     = Ending{Reason: "server shutting down", Code: websocket.CloseGoingAway, Detail: "the server is shutting down"}
	endQueueFull    = Ending{Reason: "queue full", Code: websocket.ClosePolicyViolation, Detail: "the client reads too slowly"}
)

func endMalformed(err error) Ending {
	return Ending{Reason: "parse error", Code: websocket.CloseInvalidFramePayloadData, Detail: err.Error()}
}

// after adds the close frame to the last packets of a session.
func (e *Ending) after(last []*outbox.Message) []*outbox.Message {
	return append(slices.Clone(last), outbox.Close(e.Code, e.Detail))
}
