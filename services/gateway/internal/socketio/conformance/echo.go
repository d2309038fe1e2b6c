package main

import (
	"time"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// echoing sends every message back.
type echoing struct{ session *engineio.Session }

// echo waits a moment before it returns and the open packet is sent: the suites of Engine.IO begin to listen for that packet only after the
// WebSocket has opened, and miss it if it arrives with the handshake's response. The suite of Socket.IO had this flaw until branch fix/waitfor.
func echo(session *engineio.Session) engineio.Conversation {
	const moment = 30 * time.Millisecond
	<-time.After(moment)
	return echoing{session}
}

// Message implements engineio.Conversation.
func (e echoing) Message(binary bool, data []byte) error {
	defer e.session.Flush()
	if binary {
		return e.session.EnqueueBinary(data)
	}
	return e.session.Enqueue(sendqueue.Text(append([]byte{'4'}, data...)))
}

// Closed implements engineio.Conversation.
func (e echoing) Closed(string) {}
