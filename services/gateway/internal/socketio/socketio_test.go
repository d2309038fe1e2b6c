package socketio

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"atlasstream/services/gateway/internal/socketio/engineio"
)

// TestMain ignores a goroutine that googollee's client leaks if it is closed while it writes.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/googollee/go-socket.io/engineio/transport/polling.(*clientConn).servePost"))
}

const testTimeout = 10 * time.Second

// probe is a handler that returns "message" as "message-back", acknowledges events with their attachments, and records its calls.
type probe struct {
	connect    func(*Socket) error
	events     chan Event
	sockets    chan *Socket // let in
	departures chan string  // namespace and reason
}

func newProbe() *probe {
	return &probe{
		events:     make(chan Event, 100),
		sockets:    make(chan *Socket, 100),
		departures: make(chan string, 100),
	}
}

func (p *probe) Connect(s *Socket) error {
	if err := p.connect(s); err != nil {
		return err
	}
	p.sockets <- s
	return nil
}

func (p *probe) Event(s *Socket, e Event) {
	args := arguments(e)
	switch {
	case e.WantsAck && e.Attachments != nil:
		_ = s.AckBinary(e.AckID, e.Attachments, args...)
	case e.WantsAck:
		_ = s.Ack(e.AckID, args...)
	case e.Name == "message" && e.Attachments != nil:
		_ = s.EmitBinary("message-back", e.Attachments, args...)
	case e.Name == "message":
		_ = s.Send(EncodeEvent(s.Namespace(), "message-back", args...))
	}
	p.events <- e
}

// arguments returns all arguments of an event.
func arguments(e Event) [][]byte {
	var array []json.RawMessage
	if err := json.Unmarshal(e.Array, &array); err != nil {
		panic(err)
	}
	args := make([][]byte, len(array)-1)
	for i, arg := range array[1:] {
		args[i] = arg
	}
	return args
}

func (p *probe) Disconnect(s *Socket, reason string) { p.departures <- s.Namespace() + " " + reason }

type testServer struct {
	*Server
	*probe
	url string
}

// serve starts a server that accepts all clients.
func serve(t testing.TB, cfg Config) *testServer {
	t.Helper()
	return serveAccepting(t, cfg, func(*Socket) error { return nil })
}

// serveAccepting starts a server that accepts the clients that connect accepts. All its goroutines must end with the test.
func serveAccepting(t testing.TB, cfg Config, connect func(*Socket) error) *testServer {
	t.Helper()
	handler := newProbe()
	handler.connect = connect
	cfg.Engine.NewID = rand.Text
	server, err := NewServer(cfg, handler)
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		listener.Close()
	})
	return &testServer{server, handler, listener.URL}
}

// open opens a session and returns its ID.
func (s *testServer) open(t testing.TB, revision engineio.Revision) (*websocket.Conn, string) {
	t.Helper()
	url := fmt.Sprintf("ws%s/?EIO=%d&transport=websocket", strings.TrimPrefix(s.url, "http"), revision)
	client, response, err := websocket.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = client.Close() })
	var open struct {
		SessionID string `json:"sid"`
	}
	if text := receive(t, client); json.Unmarshal([]byte(text[1:]), &open) != nil || text[0] != '0' {
		t.Fatalf("got %q, want an open packet", text)
	}
	return client, open.SessionID
}

// connectMain opens a session and connects to the main namespace; it returns the client's socket ID.
func (s *testServer) connectMain(t testing.TB, revision engineio.Revision) (*websocket.Conn, string) {
	t.Helper()
	client, id := s.open(t, revision)
	if revision == engineio.Revision3 {
		expect(t, client, "40")
		return client, id
	}
	send(t, client, "40")
	return client, receiveConnect(t, client, "/")
}

// receiveConnect reads the connect packet of revision 4 and returns the socket's ID.
func receiveConnect(t testing.TB, client *websocket.Conn, namespace string) string {
	t.Helper()
	text := receive(t, client)
	var connected struct {
		SocketID string `json:"sid"`
	}
	prefix := strings.TrimSuffix("40"+namespace+",", "/,")
	payload, found := strings.CutPrefix(text, prefix)
	if err := json.Unmarshal([]byte(payload), &connected); !found || err != nil || len(connected.SocketID) < 22 {
		t.Fatalf("got %q, want a connect packet for %s", text, namespace)
	}
	return connected.SocketID
}

func receive(t testing.TB, client *websocket.Conn) string {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(testTimeout))
	_, frame, err := client.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(frame)
}

func expect(t testing.TB, client *websocket.Conn, want ...string) {
	t.Helper()
	for _, want := range want {
		if got := receive(t, client); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func expectEnd(t testing.TB, client *websocket.Conn, code int, detail string) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(testTimeout))
	_, frame, err := client.ReadMessage()
	if !websocket.IsCloseError(err, code) || !strings.Contains(err.Error(), detail) {
		t.Fatalf("got %q, %v; want a close frame with %d %q", frame, err, code, detail)
	}
	_ = client.Close()
}

func send(t testing.TB, client *websocket.Conn, frames ...string) {
	t.Helper()
	for _, frame := range frames {
		if err := client.WriteMessage(websocket.TextMessage, []byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
}

func sendBinary(t testing.TB, client *websocket.Conn, frame string) {
	t.Helper()
	if err := client.WriteMessage(websocket.BinaryMessage, []byte(frame)); err != nil {
		t.Fatal(err)
	}
}

// next returns the next recorded call of a handler, or fails.
func next[T any](t testing.TB, noted <-chan T) T {
	t.Helper()
	select {
	case value := <-noted:
		return value
	case <-time.After(testTimeout):
		t.Fatal("nothing was received")
		panic("unreachable")
	}
}

func forBoth(t *testing.T, run func(t *testing.T, revision engineio.Revision)) {
	t.Helper()
	for _, revision := range []engineio.Revision{engineio.Revision3, engineio.Revision4} {
		t.Run(fmt.Sprint("EIO", revision), func(t *testing.T) { run(t, revision) })
	}
}

var errNoEntry = errors.New("no «entry»")
