package socketio

import (
	"io"
	"testing"
	"time"

	"github.com/googollee/go-socket.io/engineio"
	"github.com/googollee/go-socket.io/engineio/session"
	"github.com/googollee/go-socket.io/engineio/transport"
	"github.com/googollee/go-socket.io/engineio/transport/polling"
	"github.com/googollee/go-socket.io/engineio/transport/websocket"

	ours "atlasstream/services/gateway/internal/socketio/engineio"
)

// googollee/go-socket.io is an independent client of Engine.IO 3. It does not upgrade.
func TestGoogolleeClient(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		transport transport.Transport
		query     string
	}{
		"WebSocket":         {websocket.Default, ""},
		"polling in binary": {polling.Default, "?t=1"},
		"polling in text":   {polling.Default, "?b64=1"},
		"polling in either": {polling.Default, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			converseWithGoogollee(t, test.transport, test.query)
		})
	}
}

func converseWithGoogollee(t *testing.T, by transport.Transport, query string) {
	t.Helper()
	const pingInterval, pingTimeout = time.Second, 5 * time.Second
	server := serve(t, Config{Engine: ours.Config{PingInterval: pingInterval, PingTimeout: pingTimeout}})
	dialer := engineio.Dialer{Transports: []transport.Transport{by}}
	client, err := dialer.Dial(server.url+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	expectFrom(t, client, "0")
	writeTo(t, client, `2["message",{"t":"gr\u00fc\u00dfe"}]`) // in text bodies, this client writes lengths in bytes, which is wrong beyond ASCII
	expectFrom(t, client, `2["message-back",{"t":"gr\u00fc\u00dfe"}]`)
	next(t, server.events)

	ticker := time.NewTicker(pingInterval / 10)
	defer ticker.Stop()
	outlived := time.Now().Add(pingInterval + pingTimeout + time.Second) // without heartbeats the session would have ended before
	for now := time.Now(); now.Before(outlived); now = <-ticker.C {
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
