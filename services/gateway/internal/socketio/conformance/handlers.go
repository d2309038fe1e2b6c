package main

import (
	"encoding/json"
	"time"

	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsframe"
)

// events responds to the clients' events.
type events struct{}

// Connect implements socketio.Handler: it emits "auth" with what the client sent to connect.
func (events) Connect(socket *socketio.Socket) error {
	auth := socket.Auth()
	if auth == nil {
		auth = []byte("{}")
	}
	return socket.Send(socketio.EncodeEvent(socket.Namespace(), "auth", auth))
}

// Event implements socketio.Handler.
func (events) Event(socket *socketio.Socket, event socketio.Event) {
	args := arguments(event)
	binary := len(event.Attachments) > 0
	switch { // a client that is gone waits for nothing, so that errors do not matter
	case event.Name == "message" && binary:
		_ = socket.EmitBinary("message-back", event.Attachments, args...)
	case event.Name == "message":
		_ = socket.Send(socketio.EncodeEvent(socket.Namespace(), "message-back", args...))
	case event.Name == "message-with-ack" && binary:
		_ = socket.AckBinary(event.AckID, event.Attachments, args...)
	case event.Name == "message-with-ack":
		_ = socket.Ack(event.AckID, args...)
	}
}

// Disconnect implements socketio.Handler.
func (events) Disconnect(*socketio.Socket, string) {}

// arguments returns all arguments of an event.
func arguments(event socketio.Event) [][]byte {
	var array []json.RawMessage
	if err := json.Unmarshal(event.Array, &array); err != nil {
		panic(err) // the server has read it as an array
	}
	args := make([][]byte, len(array)-1)
	for i, arg := range array[1:] {
		args[i] = arg
	}
	return args
}

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
	return e.session.Enqueue(wsframe.Text(append([]byte{'4'}, data...)))
}

// Closed implements engineio.Conversation.
func (e echoing) Closed(string) {}
