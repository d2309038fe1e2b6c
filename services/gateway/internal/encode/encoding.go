package encode

import (
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/wsframe"
)

// Encoding writes an event for all clients of an endpoint. Two encodings that are equal write the same bytes.
type Encoding interface {
	// Event makes the message of an event whose payload is JSON.
	Event(name string, payload []byte) *wsframe.Message
	// EventAt is Event with a cursor, which has nothing that JSON would escape.
	EventAt(name string, payload []byte, cursor string) *wsframe.Message
	// Cursor makes the message of an atlas_cursor.
	Cursor(cursor string) *wsframe.Message
}

// CursorEncoding is that of an endpoint whose events can be given a cursor once they are encoded, so that clients with cursors of their own share the rest.
type CursorEncoding interface {
	Encoding
	// WithCursor gives the message that EventAt would, from that of Event.
	WithCursor(event *wsframe.Message, cursor string) *wsframe.Message
}

// StartEncoding is that of an endpoint (the streams over HTTP) whose clients come back with the last cursor that they were given for a subscription: its
// confirmation has one too, or who is cut off before the first record would come back without any.
type StartEncoding interface {
	Encoding
	// EventAtStart is EventAt for the confirmation.
	EventAtStart(name string, payload []byte, cursor string) *wsframe.Message
}

// ReplayEncoding is that of an endpoint (Socket.IO) whose clients know an event which comes before atlas_unsubscribed at the end of a replay.
type ReplayEncoding interface {
	Encoding
	ReplayFinished() (event string)
}

// EndEncoding is that of an endpoint (Server-Sent Events) whose clients ask for the same again by themselves when a subscription is over.
type EndEncoding interface {
	Encoding
	// EventAtEnd is Event for the last one of a subscription that has nothing more to come, so that its client is told so when it asks again.
	EventAtEnd(name string, payload []byte) *wsframe.Message
}

// ErrorMessage makes an atlas_error.
func ErrorMessage(encoding Encoding, refusal *protocol.Error) *wsframe.Message {
	return encoding.Event(protocol.EventError, refusal.Payload())
}
