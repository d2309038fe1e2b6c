package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

func dialLine(ctx context.Context, url string) (conn *websocket.Conn, shut func(), err error) {
	dialer := &websocket.Dialer{NetDialContext: dialSmall, ReadBufferSize: 4 << 10}
	conn, response, err := dialer.DialContext(ctx, url, nil)
	if err != nil {
		return nil, nil, err
	}
	_ = response.Body.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return conn, func() {
		stop()
		_ = conn.Close()
	}, nil
}

// openWebSocket opens a plain WebSocket.
func openWebSocket(ctx context.Context, a arrival) (*line, error) {
	conn, shut, err := dialLine(ctx, "ws://"+a.gateway+"/stream/")
	if err != nil {
		return nil, err
	}
	return lineOn(conn, shut), nil
}

func lineOn(conn *websocket.Conn, shut func()) *line {
	read := func() ([]byte, error) {
		_, text, err := conn.ReadMessage()
		return text, err
	}
	return &line{
		say: func(event string, parameters json.RawMessage) error {
			return conn.WriteMessage(websocket.TextMessage, mustJSON([]any{event, parameters}))
		},
		hear: func() (message, error) {
			text, err := awaiting(shut, read)
			if err != nil {
				return message{}, err
			}
			return parseMessage(text)
		},
		close: shut,
	}
}

// wire carries packets of Engine.IO 4.
type wire struct {
	send  func(packet string) error
	read  func() (packets []string, err error)
	close func()
}

// openSocketIO opens Socket.IO on a WebSocket.
func openSocketIO(ctx context.Context, a arrival) (*line, error) {
	wire, err := openEngineWebSocket(ctx, a.gateway)
	if err != nil {
		return nil, err
	}
	return connect(wire, a)
}

// openPolling opens Socket.IO by polling.
func openPolling(ctx context.Context, a arrival) (*line, error) {
	wire, err := openEnginePolling(ctx, a.gateway)
	if err != nil {
		return nil, err
	}
	return connect(wire, a)
}

func openEngineWebSocket(ctx context.Context, gateway string) (*wire, error) {
	conn, shut, err := dialLine(ctx, "ws://"+gateway+"/stream/socket.io/?EIO=4&transport=websocket")
	if err != nil {
		return nil, err
	}
	return &wire{
		send: func(packet string) error { return conn.WriteMessage(websocket.TextMessage, []byte(packet)) },
		read: func() ([]string, error) {
			_, text, err := conn.ReadMessage()
			return []string{string(text)}, err
		},
		close: shut,
	}, nil
}

func openEnginePolling(ctx context.Context, gateway string) (*wire, error) {
	ctx, cancel := context.WithCancel(ctx)
	transport := &http.Transport{DialContext: dialSmall}
	client := &http.Client{Transport: transport}
	shut := sync.OnceFunc(func() {
		cancel()
		transport.CloseIdleConnections()
	})
	url := "http://" + gateway + "/stream/socket.io/?EIO=4&transport=polling"
	body, err := request(ctx, client, http.MethodGet, url, "")
	if err != nil {
		shut()
		return nil, err
	}
	var opened struct {
		ID string `json:"sid"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(body, "0")), &opened); err != nil {
		shut()
		return nil, fmt.Errorf("read %q: %w", body, err)
	}
	url += "&sid=" + opened.ID
	return &wire{
		send: func(packet string) error {
			_, err := request(ctx, client, http.MethodPost, url, packet)
			return err
		},
		read: func() ([]string, error) {
			body, err := request(ctx, client, http.MethodGet, url, "")
			return strings.Split(body, "\x1e"), err
		},
		close: shut,
	}, nil
}

// socket is a client of Socket.IO 5 that does by hand what socket.io-client does.
type socket struct {
	*wire
	waiting []string // packets that have been read
}

// connect connects to the namespace and waits until it is, as somebody who comes back if there is a pid.
func connect(wire *wire, a arrival) (*line, error) {
	s := &socket{wire: wire}
	var auth []byte
	if a.pid != "" {
		auth = mustJSON(map[string]string{"pid": a.pid, "offset": a.offset})
	}
	pid, err := s.enter(string(auth))
	if err != nil {
		s.close()
		return nil, err
	}
	return &line{say: s.say, hear: s.hear, close: s.close, pid: pid}, nil
}

func (s *socket) enter(auth string) (pid string, err error) {
	if err := s.send("40" + auth); err != nil {
		return "", err
	}
	text, err := s.await("40")
	if err != nil {
		return "", err
	}
	var connected struct{ PID string }
	if err := json.Unmarshal([]byte(text), &connected); err != nil {
		return "", fmt.Errorf("connected with %q: %w", text, err)
	}
	return connected.PID, nil
}

func (s *socket) say(event string, parameters json.RawMessage) error {
	return s.send("42" + string(mustJSON([]any{event, parameters})))
}

func (s *socket) hear() (message, error) {
	text, err := s.await("42")
	if err != nil {
		return message{}, err
	}
	return parseMessage([]byte(text))
}

// await waits for a packet of a kind, but not for ever: heartbeats are no news.
func (s *socket) await(kind string) (string, error) {
	return awaiting(s.close, func() (string, error) { return s.next(kind) })
}

// next waits for a packet of a kind, and answers heartbeats meanwhile.
func (s *socket) next(kind string) (text string, err error) {
	for {
		for len(s.waiting) == 0 {
			if s.waiting, err = s.read(); err != nil {
				return "", err
			}
		}
		packet := s.waiting[0]
		s.waiting = s.waiting[1:]
		text, is := strings.CutPrefix(packet, kind)
		switch {
		case is:
			return text, nil
		case packet == "2":
			if err := s.send("3"); err != nil {
				return "", err
			}
		case packet != "6" && !strings.HasPrefix(packet, "0"):
			return "", errors.New("read the packet " + packet)
		}
	}
}
