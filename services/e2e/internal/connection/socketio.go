package connection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/gorilla/websocket"

	"atlasstream/services/e2e/internal/sample"
)

// packetConn carries packets of Engine.IO.
type packetConn struct {
	send  func(packet string) error
	read  func() (packets []string, err error)
	close func()
}

func openEngineWebSocket(ctx context.Context, gateway string, revision int) (*packetConn, error) {
	conn, closeConn, err := dialWebSocket(ctx, fmt.Sprintf("ws://%s/stream/socket.io/?EIO=%d&transport=websocket", gateway, revision))
	if err != nil {
		return nil, err
	}
	return packetsOn(conn, closeConn), nil
}

func packetsOn(conn *websocket.Conn, closeConn func()) *packetConn {
	return &packetConn{
		send: func(packet string) error { return conn.WriteMessage(websocket.TextMessage, []byte(packet)) },
		read: func() ([]string, error) {
			_, text, err := conn.ReadMessage()
			return []string{string(text)}, err
		},
		close: closeConn,
	}
}

// payload is how a revision of Engine.IO writes packets into the body of a request or an answer.
type payload struct {
	revision int
	encode   func(packet string) string
	decode   func(body string) (packets []string, err error)
}

var payload4 = payload{4,
	func(packet string) string { return packet },
	func(body string) ([]string, error) { return strings.Split(body, "\x1e"), nil },
}

func openEnginePolling(ctx context.Context, gateway string, payload payload) (*packetConn, error) {
	session, err := openPollingSession(ctx, gateway, payload)
	if err != nil {
		return nil, err
	}
	return &packetConn{send: session.send, read: session.read, close: session.close}, nil
}

// pollingSession is a session of Engine.IO whose packets come by polling.
type pollingSession struct {
	ctx     context.Context // of its requests
	client  *http.Client
	url     string
	payload payload
	first   []string // packets that came with the ID of the session
	close   func()
}

func openPollingSession(ctx context.Context, gateway string, payload payload) (*pollingSession, error) {
	ctx, cancel := context.WithCancel(ctx)
	transport := &http.Transport{DialContext: dialSmallWindow}
	session := &pollingSession{
		ctx: ctx, client: &http.Client{Transport: transport}, payload: payload,
		url: fmt.Sprintf("http://%s/stream/socket.io/?EIO=%d&transport=polling", gateway, payload.revision),
		close: sync.OnceFunc(func() {
			cancel()
			transport.CloseIdleConnections()
		}),
	}
	id, err := session.open()
	if err != nil {
		session.close()
		return nil, err
	}
	session.url += "&sid=" + id
	return session, nil
}

func (s *pollingSession) open() (id string, err error) {
	packets, err := s.read()
	if err != nil {
		return "", err
	}
	var opened struct {
		ID string `json:"sid"`
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(packets[0], "0")), &opened); err != nil {
		return "", fmt.Errorf("read %q: %w", packets, err)
	}
	s.first = packets[1:]
	return opened.ID, nil
}

func (s *pollingSession) send(packet string) error {
	_, err := Request(s.ctx, s.client, http.MethodPost, s.url, s.payload.encode(packet))
	return err
}

func (s *pollingSession) read() (packets []string, err error) {
	if packets, s.first = s.first, nil; len(packets) > 0 {
		return packets, nil
	}
	body, err := Request(s.ctx, s.client, http.MethodGet, s.url, "")
	if err != nil {
		return nil, err
	}
	return s.payload.decode(body)
}

// socketIOClient does what socket.io-client does for Socket.IO 5.
type socketIOClient struct {
	*packetConn
	unhandled []string // packets that have been read
}

// connectSocketIO connects to the namespace and waits for the answer. Options with a PID recover a connection.
func connectSocketIO(packets *packetConn, options Options) (*Connection, error) {
	s := &socketIOClient{packetConn: packets}
	var auth []byte
	if options.PID != "" {
		auth = sample.JSON(map[string]string{"pid": options.PID, "offset": options.Offset})
	}
	pid, err := s.connect(string(auth))
	if err != nil {
		s.close()
		return nil, err
	}
	return &Connection{Send: s.sendEvent, Receive: s.receive, Close: s.close, PID: pid}, nil
}

func (s *socketIOClient) connect(auth string) (pid string, err error) {
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

func (s *socketIOClient) sendEvent(event string, parameters json.RawMessage) error {
	return s.send("42" + string(sample.JSON([]any{event, parameters})))
}

func (s *socketIOClient) receive() (Message, error) {
	text, err := s.await("42")
	if err != nil {
		return Message{}, err
	}
	return parseMessage([]byte(text))
}

// await waits for a packet of a kind, but not for ever.
func (s *socketIOClient) await(kind string) (string, error) {
	return readWithTimeout(s.close, func() (string, error) { return s.next(kind) })
}

// next waits for a packet of a kind and answers heartbeats.
func (s *socketIOClient) next(kind string) (text string, err error) {
	for {
		for len(s.unhandled) == 0 {
			if s.unhandled, err = s.read(); err != nil {
				return "", err
			}
		}
		packet := s.unhandled[0]
		s.unhandled = s.unhandled[1:]
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
