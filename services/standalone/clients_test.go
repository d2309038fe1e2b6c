package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// client is a real client of the gateway. Everything that it hears comes out of heard, one JSON array an event, until it is closed.
type client struct {
	heard chan []byte
	emit  func(event string, arguments ...any)
	close func()
}

// doors are the clients that there are, by name.
var doors = map[string]func(t *testing.T, h *house) *client{
	"socket.io-client 1.7.4": func(t *testing.T, h *house) *client { return startNode(t, h, "1") },
	"socket.io-client 2.5.0": func(t *testing.T, h *house) *client { return startNode(t, h, "2") },
	"socket.io-client 3.1.3": func(t *testing.T, h *house) *client { return startNode(t, h, "3") },
	"socket.io-client 4.8.4": func(t *testing.T, h *house) *client { return startNode(t, h, "4") },
	"WebSocket":              dialWebSocket,
}

// startNode starts a client from npm in a process of its own and waits until it is connected.
func startNode(t *testing.T, h *house, major string) *client {
	t.Helper()
	command := exec.Command("node", "clients/socketio/client.cjs", major, "http://"+h.public)
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	command.Stderr = &complaints
	if err := command.Start(); err != nil {
		t.Fatalf("starting a client from npm: %v (make clients installs them)", err)
	}
	c := &client{heard: make(chan []byte, 1<<16)}
	go c.listen(bufio.NewReader(output))
	c.emit = func(event string, arguments ...any) {
		_, _ = fmt.Fprintf(input, "%s\n", mustJSON(append([]any{event}, arguments...)))
	}
	c.close = func() {
		_ = input.Close()
		for range c.heard { // until the process closes its output
		}
		if err := command.Wait(); err != nil {
			t.Errorf("client %s: %v: %s", major, err, complaints.String())
		}
	}
	t.Cleanup(c.close)
	c.expect(t, `["connect"]`)
	return c
}

func (c *client) listen(lines *bufio.Reader) {
	defer close(c.heard)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		c.heard <- line[:len(line)-1]
	}
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

// next waits for what the client hears next.
func (c *client) next(t *testing.T) (event string, payload json.RawMessage) {
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

func (c *client) expect(t *testing.T, want string) {
	t.Helper()
	event, payload := c.next(t)
	got := string(mustJSON([]any{event}))
	if payload != nil {
		got = string(mustJSON([]any{event, payload}))
	}
	if !strings.HasPrefix(got, want) {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

// subscribe subscribes and waits for the confirmation.
func (c *client) subscribe(t *testing.T, measurement int64) {
	t.Helper()
	parameters := json.RawMessage(fmt.Sprintf(`{"stream_type":"result","msm":%d}`, measurement))
	c.emit("atlas_subscribe", parameters)
	c.expect(t, fmt.Sprintf(`["atlas_subscribed",%s]`, parameters))
}

func mustJSON(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
