package engineio

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/wsframe"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// testTimeout is how long a test waits for what should happen soon.
const testTimeout = 10 * time.Second

// echo is a conversation that returns what it receives and records how it ended.
type echo struct {
	session *Session
	ended   chan<- string
}

func (e echo) Message(binary bool, data []byte) error {
	if binary {
		_ = e.session.EnqueueBinary(data) // the client may be gone
	} else {
		_ = e.session.Enqueue(wsframe.Text(append([]byte{byte(packetMessage)}, data...)))
	}
	e.session.Flush()
	return nil
}

func (e echo) Closed(reason string) { e.ended <- reason }

type testServer struct {
	*Server
	url      string
	client   *http.Client
	network  *pipes       // in simulated time
	requests atomic.Int64 // in simulated time
	ended    chan string  // reasons of ended sessions

	mu     sync.Mutex
	opened []*Session
}

// serve starts a server that echoes. It is shut down after the test, and then all its goroutines must end.
func serve(t testing.TB, cfg Config) *testServer {
	t.Helper()
	server := newEchoServer(t, cfg)
	listener := httptest.NewServer(server)
	server.url, server.client = listener.URL, listener.Client()
	t.Cleanup(func() {
		server.abandonPolling()
		ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
		defer cancel()
		if err := server.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		listener.Close()
	})
	return server
}

func newEchoServer(t testing.TB, cfg Config) *testServer {
	t.Helper()
	if cfg.NewID == nil {
		cfg.NewID = rand.Text
	}
	server := &testServer{ended: make(chan string, 1000)}
	var err error
	server.Server, err = NewServer(cfg, func(s *Session) Conversation {
		server.mu.Lock()
		defer server.mu.Unlock()
		server.opened = append(server.opened, s)
		return echo{s, server.ended}
	})
	if err != nil {
		t.Fatal(err)
	}
	return server
}

// abandonPolling ends sessions whose clients do not poll any more, as Shutdown would wait for them.
func (s *testServer) abandonPolling() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.opened {
		if session.polling != nil && session.polling.currentTransport() != transportWebSocket {
			session.Close(reasonTransportError)
			session.polling.finish()
		}
	}
}

// newest returns the session that was opened last.
func (s *testServer) newest(t testing.TB) *Session {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.opened) == 0 {
		t.Fatal("there is no session")
	}
	return s.opened[len(s.opened)-1]
}

// dial opens a WebSocket session and reads its open packet.
func (s *testServer) dial(t testing.TB, revision Revision) (*websocket.Conn, openPacket) {
	t.Helper()
	return dialWith(t, websocket.DefaultDialer, s.url, revision)
}

func dialWith(t testing.TB, dialer *websocket.Dialer, url string, revision Revision) (*websocket.Conn, openPacket) {
	t.Helper()
	client, response, err := dialer.Dial(fmt.Sprintf("ws%s/?EIO=%d&transport=websocket", strings.TrimPrefix(url, "http"), revision), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = client.Close() })
	text := receive(t, client)
	var open openPacket
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "0")), &open); err != nil || text[0] != '0' {
		t.Fatalf("got %q, want an open packet", text)
	}
	return client, open
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

// expectEnd reads the close frame.
func expectEnd(t testing.TB, client *websocket.Conn, code int, detail string) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(testTimeout))
	_, frame, err := client.ReadMessage()
	if !websocket.IsCloseError(err, code) || !strings.Contains(err.Error(), detail) {
		t.Fatalf("got %q, %v; want a close frame with %d %q", frame, err, code, detail)
	}
}

func (s *testServer) expectEnded(t testing.TB, reason string) {
	t.Helper()
	select {
	case got := <-s.ended:
		if got != reason {
			t.Fatalf("the session ended by %q, want %q", got, reason)
		}
	case <-time.After(testTimeout):
		t.Fatalf("the session did not end; want %q", reason)
	}
}

func send(t testing.TB, client *websocket.Conn, kind int, frames ...string) {
	t.Helper()
	for _, frame := range frames {
		if err := client.WriteMessage(kind, []byte(frame)); err != nil {
			t.Fatal(err)
		}
	}
}

// forBoth runs a test for each revision.
func forBoth(t *testing.T, run func(t *testing.T, revision Revision)) {
	t.Helper()
	for _, revision := range []Revision{Revision3, Revision4} {
		t.Run(fmt.Sprint("EIO", revision), func(t *testing.T) { run(t, revision) })
	}
}
