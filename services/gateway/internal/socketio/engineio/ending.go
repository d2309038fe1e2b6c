package engineio

import (
	"slices"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
)

// Ending says why a session ends.
type Ending struct {
	Reason string // for the conversation; those of this package are in the words of the reference server
	Code   int    // of the close frame that a WebSocket client receives (RFC 6455, section 7.4)
	Detail string // what the close frame says beside it

	// final says that a client that polls has nothing more to hear: unless a poll waits, the session is unknown from now on.
	final bool
}

var (
	endClientClosed   = Ending{Reason: "transport close", Code: websocket.CloseNormalClosure}
	endTransportError = Ending{Reason: "transport error", Code: websocket.CloseProtocolError, final: true}
	endOverlap        = Ending{Reason: "transport error", Code: websocket.CloseProtocolError, Detail: "two requests of a kind at a time", final: true}
	endPingTimeout    = Ending{Reason: "ping timeout", Code: websocket.CloseGoingAway, Detail: "no heartbeat came in time", final: true}
	endShutdown       = Ending{Reason: "server shutting down", Code: websocket.CloseGoingAway, Detail: "the server is shutting down"}
	endQueueFull      = Ending{Reason: "queue full", Code: websocket.ClosePolicyViolation, Detail: "the client reads too slowly"}
)

func endMalformed(err error) Ending {
	return Ending{Reason: "parse error", Code: websocket.CloseInvalidFramePayloadData, Detail: err.Error(), final: true}
}

// after adds the close frame to the last packets of a session.
func (e *Ending) after(last []*sendqueue.Message) []*sendqueue.Message {
	return append(slices.Clone(last), sendqueue.Close(e.Code, e.Detail))
}

// lastPacket is what a client that polls receives in the end. Who has closed the session itself only needs its poll answered.
func (e *Ending) lastPacket() packetKind {
	if e.Reason == endClientClosed.Reason {
		return packetNoop
	}
	return packetClose
}
