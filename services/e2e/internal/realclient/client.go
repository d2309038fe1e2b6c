// Package realclient drives the clients that users have: socket.io-client of five versions, python-socketio and ripe.atlas.cousteau of several, browsers, and
// clients of Server-Sent Events. Their programs are in services/e2e/clients. Each runs as a child process that writes what it receives as lines of JSON, and
// reads from its standard input what it is to send.
//
//	client.go   Client, what every kind of it can do, and reading the lines and events of a plain GET
//	configs.go  the matrix: which clients there are, on which transports, and what they do by themselves
//	process.go  starting a program of services/e2e/clients
package realclient

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// Client is a client of a gateway. What it receives arrives in Received, one JSON array an event, until it is closed.
type Client struct {
	Received chan []byte
	Emit     func(event string, arguments ...any)
	Close    func()
	Upgraded bool // it has reported an upgrade
}

// DialWebSocket connects a plain WebSocket, in this process.
func DialWebSocket(t *testing.T, cluster *testcluster.Cluster) *Client {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.Dial("ws://"+cluster.Public+"/stream/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	c := &Client{Received: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.Received)
		for {
			_, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			c.Received <- message
		}
	}()
	c.Emit = func(event string, arguments ...any) {
		if err := conn.WriteMessage(websocket.TextMessage, sample.JSON(append([]any{event}, arguments...))); err != nil {
			t.Error(err)
		}
	}
	c.Close = func() {
		_ = conn.Close()
		for range c.Received {
		}
	}
	t.Cleanup(c.Close)
	return c
}

// Next returns the next event of the gateway. It skips what the client reports of itself: an upgrade, and that it was disconnected.
func (c *Client) Next(t *testing.T) (event string, payload json.RawMessage) {
	t.Helper()
	for {
		switch event, payload = c.Receive(t); event {
		case "upgrade":
			c.Upgraded = true
		case "disconnect":
			t.Logf("disconnected: %s", payload)
		default:
			return event, payload
		}
	}
}

// Receive returns the next event, of the gateway or of the client itself.
func (c *Client) Receive(t *testing.T) (event string, payload json.RawMessage) {
	t.Helper()
	select {
	case message, open := <-c.Received:
		if !open {
			t.Fatal(io.ErrUnexpectedEOF)
		}
		var parts []json.RawMessage
		if err := json.Unmarshal(message, &parts); err != nil || len(parts) == 0 || json.Unmarshal(parts[0], &event) != nil {
			t.Fatalf("received %q", message)
		}
		if len(parts) > 1 {
			payload = parts[1]
		}
		return event, payload
	case <-time.After(await.Patience):
		t.Fatalf("received nothing within %s", await.Patience)
	}
	return "", nil
}

// Expect waits for the next event of the gateway, which must begin with want.
func (c *Client) Expect(t *testing.T, want string) {
	t.Helper()
	event, payload := c.Next(t)
	got := fmt.Sprintf("[%q]", event)
	if payload != nil {
		got = fmt.Sprintf("[%q,%s]", event, payload)
	}
	if !strings.HasPrefix(got, want) {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// Subscribe subscribes to the results of a measurement and waits for the confirmation.
func (c *Client) Subscribe(t *testing.T, measurement int64) {
	t.Helper()
	c.SubscribeWith(t, fmt.Sprintf(`{"stream_type":"result","msm":%d}`, measurement))
}

// SubscribeWith subscribes with parameters and waits for the confirmation, which repeats them.
func (c *Client) SubscribeWith(t *testing.T, parameters string) {
	t.Helper()
	c.Emit("atlas_subscribe", json.RawMessage(parameters))
	c.Expect(t, fmt.Sprintf(`["atlas_subscribed",%s]`, parameters))
}

// ReadLines reads lines with an event each, and skips the empty ones that keep a connection alive.
func ReadLines(lines *bufio.Scanner, received func(event []byte)) {
	for lines.Scan() {
		if len(lines.Bytes()) > 0 {
			received(bytes.Clone(lines.Bytes()))
		}
	}
}

// ReadEvents reads Server-Sent Events of one line of data.
func ReadEvents(lines *bufio.Scanner, received func(event []byte)) {
	var name string
	for lines.Scan() {
		if event, is := strings.CutPrefix(lines.Text(), "event: "); is {
			name = event
		} else if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			received(fmt.Appendf(nil, "[%q,%s]", name, data))
		}
	}
}
