package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"
)

// rawKinds are clients of few lines that do what there is to do until they fail, which is how they learn that they have vanished.
var rawKinds = []struct {
	name string
	act  func(ctx context.Context, s *stay)
}{
	{"WebSocket", func(ctx context.Context, s *stay) { s.talk(ctx, "/stream/", s.subscription()) }},
	{"Socket.IO, revision 3, WebSocket", func(ctx context.Context, s *stay) {
		s.talk(ctx, "/stream/socket.io/?EIO=3&transport=websocket", "42"+s.subscription())
	}},
	{"Socket.IO, revision 4, WebSocket", func(ctx context.Context, s *stay) {
		s.talk(ctx, "/stream/socket.io/?EIO=4&transport=websocket", "40", "42"+s.subscription())
	}},
	{"Socket.IO, revision 3, polling", func(ctx context.Context, s *stay) { s.poll(ctx, 3) }},
	{"Socket.IO, revision 4, polling", func(ctx context.Context, s *stay) { s.poll(ctx, 4) }},
	{"Socket.IO, revision 4, upgrade", func(ctx context.Context, s *stay) { s.upgrade(ctx) }},
	{"GET", func(ctx context.Context, s *stay) { s.read(ctx, "application/json") }},
	{"GET of Server-Sent Events", func(ctx context.Context, s *stay) { s.read(ctx, "text/event-stream") }},
}

// talk opens a WebSocket, says what it has to, and answers the heartbeats of whatever it hears.
func (s *stay) talk(ctx context.Context, path string, messages ...string) {
	conn, response, err := s.dialer().DialContext(ctx, "ws://"+s.gateway+path, nil)
	if err != nil {
		return
	}
	_ = response.Body.Close()
	for _, message := range messages {
		if conn.WriteMessage(websocket.TextMessage, []byte(message)) != nil {
			return
		}
	}
	s.listen(conn)
}

func (s *stay) dialer() *websocket.Dialer { return &websocket.Dialer{NetDialContext: s.dial} }

func (s *stay) listen(conn *websocket.Conn) {
	for {
		_, message, err := conn.ReadMessage()
		if err != nil {
			return
		}
		s.hear(string(message))
		if string(message) == "2" && conn.WriteMessage(websocket.TextMessage, []byte("3")) != nil {
			return
		}
	}
}

func (s *stay) hear(text string) { s.heard.Add(int64(strings.Count(text, `"atlas_result"`))) }

// poll is a Socket.IO client of a revision that stays with polling.
func (s *stay) poll(ctx context.Context, revision int) {
	client := s.httpClient()
	session, err := s.open(ctx, client, revision)
	if err != nil {
		return
	}
	for {
		body, err := request(ctx, client, http.MethodGet, session, "")
		if err != nil {
			return
		}
		s.hear(body)
		if revision == 4 && (body == "2" || strings.Contains(body, "\x1e2\x1e") || strings.HasSuffix(body, "\x1e2")) {
			if _, err := request(ctx, client, http.MethodPost, session, "3"); err != nil {
				return
			}
		}
	}
}

// open opens a session by polling and subscribes.
func (s *stay) open(ctx context.Context, client *http.Client, revision int) (url string, err error) {
	url = fmt.Sprintf("http://%s/stream/socket.io/?EIO=%d&transport=polling&b64=1", s.gateway, revision)
	body, err := request(ctx, client, http.MethodGet, url, "")
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
	message := "40\x1e42" + s.subscription()
	if revision == 3 {
		message = fmt.Sprintf("%d:42%s", len(s.subscription())+2, s.subscription())
	}
	_, err = request(ctx, client, http.MethodPost, url, message)
	return url, err
}

// upgrade opens a session by polling and goes over to a WebSocket at once.
func (s *stay) upgrade(ctx context.Context) {
	session, err := s.open(ctx, s.httpClient(), 4)
	if err != nil {
		return
	}
	url := strings.NewReplacer("http:", "ws:", "polling", "websocket").Replace(session)
	conn, response, err := s.dialer().DialContext(ctx, url, nil)
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
	s.listen(conn)
}

// read reads the lines of a plain GET. It falls not silent, as nothing is expected of it.
func (s *stay) read(ctx context.Context, accept string) {
	s.mu.Lock()
	s.end %= fallsSilent
	s.mu.Unlock()
	wanted, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/stream/?msm=%d", s.gateway, s.measurement), nil)
	if err != nil {
		return
	}
	wanted.Header.Set("Accept", accept)
	response, err := s.httpClient().Do(wanted)
	if err != nil {
		return
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if strings.Contains(lines.Text(), "atlas_result") {
			s.heard.Add(1)
		}
	}
}

func (s *stay) httpClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: s.dial}}
}

func request(ctx context.Context, client *http.Client, method, url, body string) (answer string, err error) {
	wanted, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	response, err := client.Do(wanted)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	return string(text), err
}
