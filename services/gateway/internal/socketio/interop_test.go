package socketio

import (
	"io"
	"testing"
	"time"

	"github.com/googollee/go-socket.io/engineio"
	"github.com/googollee/go-socket.io/engineio/session"
	"github.com/googollee/go-socket.io/engineio/transport"
	"github.com/googollee/go-socket.io/engineio/transport/websocket"

	ours "atlasstream/services/gateway/internal/socketio/engineio"
)

// googollee/go-socket.io is a client of Engine.IO 3 that has nothing in common with this package.
func TestGoogolleeClient(t *testing.T) {
	server := serve(t, Config{Engine: ours.Config{PingInterval: 100 * time.Millisecond, PingTimeout: 500 * time.Millisecond}})
	dialer := engineio.Dialer{Transports: []transport.Transport{websocket.Default}}
	client, err := dialer.Dial(server.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	expectFrom(t, client, "0")
	writeTo(t, client, `2["message",{"t":"grüße"}]`)
	expectFrom(t, client, `2["message-back",{"t":"grüße"}]`)
	next(t, server.events)

	outlived := time.Now().Add(700 * time.Millisecond) // without heartbeats the session would have ended after 600 ms
	for time.Now().Before(outlived) {
		writeTo(t, client, `21["still there"]`)
		expectFrom(t, client, `31[]`)
		next(t, server.events)
	}
}

func writeTo(t *testing.T, client engineio.Conn, text string) {
	t.Helper()
	writer, err := client.NextWriter(session.TEXT)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(writer, text); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
}

func expectFrom(t *testing.T, client engineio.Conn, want string) {
	t.Helper()
	kind, reader, err := client.NextReader()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	text, err := io.ReadAll(reader)
	if err != nil || kind != session.TEXT || string(text) != want {
		t.Fatalf("got %v %q, %v; want %q", kind, text, err, want)
	}
}
