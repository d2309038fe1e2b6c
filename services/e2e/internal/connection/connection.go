// Package connection has a small client for every transport of a gateway. Unlike the real clients it gives tests full control: it reads only on request,
// and it hands out cursors, session IDs and refusals as they arrive.
//
// Each file calls only those below it:
//
//	expect.go      opening, subscribing and expecting, in ways that fail the test
//	transport.go   the transports: WebSocket, GET, Server-Sent Events, Socket.IO over WebSocket and by polling
//	socketio2.go   Socket.IO 2 over Engine.IO 3
//	upgrade.go     moving a session of Engine.IO from polling to a WebSocket
//	socketio.go    Socket.IO 5 over Engine.IO 4
//	websocket.go   WebSocket
//	http.go        GET and Server-Sent Events
//	connection.go  Connection, Options, and what is sent and received
package connection

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"atlasstream/services/e2e/internal/await"
)

// Connection is a connection to a gateway. It reads only in Receive and keeps nothing that has been read: the rest waits in the gateway, and after that in
// Kafka. Only Close may be called by another goroutine.
type Connection struct {
	Send    func(event string, parameters json.RawMessage) error // nil where the URL is the subscription
	Receive func() (Message, error)
	Close   func()
	PID     string // by which Socket.IO recognises a client that reconnects
}

// Options are how a client connects.
type Options struct {
	Gateway     string          // host:port
	UpgradeAt   string          // host:port, where Upgrading opens its WebSocket; at the same gateway if empty
	Parameters  json.RawMessage // of the subscription, where the URL has them
	LastEventID string          // of Server-Sent Events
	PID, Offset string          // of the connection to recover, on Socket.IO
}

// Message is an event that a client receives. After the payload come further arguments, the cursor among them.
type Message struct {
	Event   string
	Payload json.RawMessage
	Rest    []json.RawMessage
}

// Cursor returns the cursor of a message, or an empty string.
func (m Message) Cursor() (cursor string) {
	if len(m.Rest) > 0 {
		_ = json.Unmarshal(m.Rest[0], &cursor) // null is none
	}
	return cursor
}

// HasPrefix reports whether the message, written as an array of JSON, begins with want.
func (m Message) HasPrefix(want string) bool {
	return bytes.HasPrefix(fmt.Appendf(nil, "[%q,%s", m.Event, m.Payload), []byte(want))
}

func (m Message) String() string { return fmt.Sprintf("%s %s %s", m.Event, m.Payload, m.Rest) }

// parseMessage parses the JSON array of an event.
func parseMessage(text []byte) (msg Message, err error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(text, &parts); err != nil || len(parts) == 0 || json.Unmarshal(parts[0], &msg.Event) != nil {
		return Message{}, fmt.Errorf("received %q: %w", text, err)
	}
	if len(parts) > 1 {
		msg.Payload, msg.Rest = parts[1], parts[2:]
	}
	return msg, nil
}

// errSilent is the error of a connection on which nothing has arrived for too long.
var errSilent = errors.New("nothing was received")

// readWithTimeout calls read, and closes the connection if that waits too long.
func readWithTimeout[T any](closeConn func(), read func() (T, error)) (T, error) {
	late := time.AfterFunc(await.Patience, closeConn)
	got, err := read()
	if !late.Stop() {
		err = errors.Join(errSilent, err)
	}
	return got, err
}
