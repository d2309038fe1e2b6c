package matrix

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"atlasstream/services/e2e/internal/connection"
)

// rawKinds are minimal clients of every transport. They run until a read or a write fails, which is how they notice that they have vanished.
var rawKinds = []struct {
	name string
	act  func(ctx context.Context, client *churnClient)
}{
	{"WebSocket", func(ctx context.Context, client *churnClient) {
		client.useWebSocket(ctx, "/stream/", client.subscription())
	}},
	{"Socket.IO, revision 3, WebSocket", func(ctx context.Context, client *churnClient) {
		client.useWebSocket(ctx, "/stream/socket.io/?EIO=3&transport=websocket", "42"+client.subscription())
	}},
	{"Socket.IO, revision 4, WebSocket", func(ctx context.Context, client *churnClient) {
		client.useWebSocket(ctx, "/stream/socket.io/?EIO=4&transport=websocket", "40", "42"+client.subscription())
	}},
	{"Socket.IO, revision 3, polling", func(ctx context.Context, client *churnClient) { client.usePolling(ctx, 3) }},
	{"Socket.IO, revision 4, polling", func(ctx context.Context, client *churnClient) { client.usePolling(ctx, 4) }},
	{"Socket.IO, revision 4, upgrade", func(ctx context.Context, client *churnClient) { client.upgrade(ctx) }},
	{"GET", func(ctx context.Context, client *churnClient) { client.useGet(ctx, "application/json") }},
	{"GET of Server-Sent Events", func(ctx context.Context, client *churnClient) { client.useGet(ctx, "text/event-stream") }},
}

// useWebSocket opens a WebSocket, sends messages, and answers heartbeats.
func (c *churnClient) useWebSocket(ctx context.Context, path string, messages ...string) {
	conn, response, err := c.dialer().DialContext(ctx, "ws://"+c.gateway+path, nil)
	if err != nil {
		return
	}
	_ = response.Body.Close()
	for _, message := range messages {
		if conn.WriteMessage(websocket.TextMessage, []byte(message)) != nil {
			return
		}
	}
	c.readWebSocket(conn)
}

func (c *churnClient) dialer() *websocket.Dialer { return &websocket.Dialer{NetDialContext: c.dial} }

func (c *churnClient) readWebSocket(conn *websocket.Conn) {
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		c.countResults(string(message))
		if string(message) == "2" && conn.WriteMessage(websocket.TextMessage, []byte("3")) != nil {
			return
		}
	}
}

func (c *churnClient) countResults(text string) {
	c.received.Add(int64(strings.Count(text, `"atlas_result"`)))
}

// usePolling is a Socket.IO client of a revision that polls and does not upgrade.
func (c *churnClient) usePolling(ctx context.Context, revision int) {
	client := c.httpClient()
	session, err := c.open(ctx, client, revision)
	if err != nil {
		return
	}
	for {
		body, err := connection.Request(ctx, client, http.MethodGet, session, "")
		if err != nil {
			return
		}
		c.countResults(body)
		if revision == 4 && (body == "2" || strings.Contains(body, "\x1e2\x1e") || strings.HasSuffix(body, "\x1e2")) {
			if _, err := connection.Request(ctx, client, http.MethodPost, session, "3"); err != nil {
				return
			}
		}
	}
}

// open opens a session by polling and subscribes.
func (c *churnClient) open(ctx context.Context, client *http.Client, revision int) (url string, err error) {
	url = fmt.Sprintf("http://%s/stream/socket.io/?EIO=%d&transport=polling&b64=1", c.gateway, revision)
	body, err := connection.Request(ctx, client, http.MethodGet, url, "")
	if err != nil {
		return "", err
	}
	var opened struct {
		ID string `json:"sid"`
	}
	if err := json.NewDecoder(strings.NewReader(body[strings.Index(body, "{"):])).Decode(&opened); err != nil {
		return "", err
	}
	url += "&sid=" + opened.ID
	message := "40\x1e42" + c.subscription()
	if revision == 3 {
		message = fmt.Sprintf("%d:42%s", len(c.subscription())+2, c.subscription())
	}
	_, err = connection.Request(ctx, client, http.MethodPost, url, message)
	return url, err
}

// upgrade opens a session by polling and upgrades to a WebSocket at once.
func (c *churnClient) upgrade(ctx context.Context) {
	session, err := c.open(ctx, c.httpClient(), 4)
	if err != nil {
		return
	}
	url := strings.NewReplacer("http:", "ws:", "polling", "websocket").Replace(session)
	conn, response, err := c.dialer().DialContext(ctx, url, nil)
	if err != nil {
		return
	}
	_ = response.Body.Close()
	if conn.WriteMessage(websocket.TextMessage, []byte("2probe")) != nil {
		return
	}
	if _, _, err := conn.ReadMessage(); err != nil || conn.WriteMessage(websocket.TextMessage, []byte("5")) != nil {
		return
	}
	c.readWebSocket(conn)
}

// useGet reads the lines of a plain GET. It never falls silent, as a gateway cannot notice that.
func (c *churnClient) useGet(ctx context.Context, accept string) {
	c.mu.Lock()
	c.departure %= fallsSilent
	c.mu.Unlock()
	wanted, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/stream/?msm=%d", c.gateway, c.measurement), nil)
	if err != nil {
		return
	}
	wanted.Header.Set("Accept", accept)
	response, err := c.httpClient().Do(wanted)
	if err != nil {
		return
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), "atlas_result") {
			c.received.Add(1)
		}
	}
}

func (c *churnClient) httpClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: c.dial}}
}
