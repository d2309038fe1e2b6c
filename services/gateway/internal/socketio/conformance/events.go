package main

import (
	"encoding/json"

	"atlasstream/services/gateway/internal/socketio"
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
