package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// client is a real client of the gateway. Everything that it hears comes out of heard, one JSON array an event, until it is closed.
type client struct {
	heard    chan []byte
	emit     func(event string, arguments ...any)
	close    func()
	upgraded bool // it has told of an upgrade
}

// doors are the clients that stay with a WebSocket, by name.
var doors = map[string]func(t *testing.T, h *house) *client{
	"socket.io-client 1.4.8": func(t *testing.T, h *house) *client { return startNode(t, h, "1.4", "websocket") },
	"socket.io-client 1.7.4": func(t *testing.T, h *house) *client { return startNode(t, h, "1.7", "websocket") },
	"socket.io-client 2.5.0": func(t *testing.T, h *house) *client { return startNode(t, h, "2.5", "websocket") },
	"socket.io-client 3.1.3": func(t *testing.T, h *house) *client { return startNode(t, h, "3.1", "websocket") },
	"socket.io-client 4.8.4": func(t *testing.T, h *house) *client { return startNode(t, h, "4.8", "websocket") },
	"WebSocket":              dialWebSocket,
}

func dialWebSocket(t *testing.T, h *house) *client {
	t.Helper()
	conn, response, err := websocket.DefaultDialer.Dial("ws://"+h.public+"/stream/", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	c := &client{heard: make(chan []byte, 1<<16)}
	go func() {
		defer close(c.heard)
		for {
			_, message, err := conn.ReadMessage()
			if err != nil {
				return
			}
			c.heard <- message
		}
	}()
	c.emit = func(event string, arguments ...any) {
		if err := conn.WriteMessage(websocket.TextMessage, mustJSON(append([]any{event}, arguments...))); err != nil {
			t.Error(err)
		}
	}
	c.close = func() {
		_ = conn.Close()
		for range c.heard {
		}
	}
	t.Cleanup(c.close)
	return c
}

// next waits for what the client hears next of the gateway; that it was cut off or has upgraded it tells of itself.
func (c *client) next(t *testing.T) (event string, payload json.RawMessage) {
	t.Helper()
	for {
		switch event, payload = c.hear(t); event {
		case "upgrade":
			c.upgraded = true
		case "disconnect":
			t.Logf("cut off: %s", payload)
		default:
			return event, payload
		}
	}
}

func (c *client) hear(t *testing.T) (event string, payload json.RawMessage) {
	t.Helper()
	select {
	case message, open := <-c.heard:
		if !open {
			t.Fatal(io.ErrUnexpectedEOF)
		}
		var parts []json.RawMessage
		if err := json.Unmarshal(message, &parts); err != nil || len(parts) == 0 || json.Unmarshal(parts[0], &event) != nil {
			t.Fatalf("heard %q", message)
		}
		if len(parts) > 1 {
			payload = parts[1]
		}
		return event, payload
	case <-time.After(patience):
		t.Fatalf("heard nothing within %s", patience)
	}
	return "", nil
}

// expect waits for an event, of which want is the beginning at least.
func (c *client) expect(t *testing.T, want string) {
	t.Helper()
	event, payload := c.next(t)
	got := fmt.Sprintf("[%q]", event)
	if payload != nil {
		got = fmt.Sprintf("[%q,%s]", event, payload)
	}
	if !strings.HasPrefix(got, want) {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// subscribe subscribes and waits for the confirmation.
func (c *client) subscribe(t *testing.T, measurement int64) {
	t.Helper()
	c.subscribeWith(t, fmt.Sprintf(`{"stream_type":"result","msm":%d}`, measurement))
}

// subscribeWith subscribes with parameters and waits for the confirmation, which repeats them.
func (c *client) subscribeWith(t *testing.T, parameters string) {
	t.Helper()
	c.emit("atlas_subscribe", json.RawMessage(parameters))
	c.expect(t, fmt.Sprintf(`["atlas_subscribed",%s]`, parameters))
}

func mustJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
