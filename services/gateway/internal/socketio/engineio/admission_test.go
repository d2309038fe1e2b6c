package engineio

import (
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// counting is an admission that records its calls and returns a configured error.
type counting struct {
	limit   func(messages int) error // nil admits everything
	release func()

	mu    sync.Mutex
	sizes []int
}

func (c *counting) Message(size int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sizes = append(c.sizes, size)
	if c.limit == nil {
		return nil
	}
	return c.limit(len(c.sizes))
}

func (c *counting) Release() {
	if c.release != nil {
		c.release()
	}
}

func (c *counting) messages() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sizes)
}

// serveCounting starts a server that counts the messages of each session; limit returns what Message does.
func serveCounting(t *testing.T, limit func(messages int) error) (server *testServer, counted *counting) {
	t.Helper()
	counted = &counting{limit: limit}
	return serve(t, Config{Admit: func(*http.Request) (Admission, error) { return counted, nil }}), counted
}

// firstOnly drops everything but the first messages.
func firstOnly(most int) func(int) error {
	return func(messages int) error {
		if messages > most {
			return ErrTooMany
		}
		return nil
	}
}

// Everything that a client sends over a WebSocket is counted, and beyond the limit it is not parsed: none of it is well-formed.
func TestAbuseEverythingOnAWebSocketIsCounted(t *testing.T) {
	server, counted := serveCounting(t, firstOnly(1))
	client, _ := server.dial(t, Revision4)
	send(t, client, websocket.TextMessage, "4first", "3", "6", "4\xff", "nonsense", "")
	send(t, client, websocket.BinaryMessage, "\x04")
	for _, kind := range []int{websocket.PingMessage, websocket.PongMessage} {
		if err := client.WriteControl(kind, []byte("there?"), time.Now().Add(testTimeout)); err != nil {
			t.Fatal(err)
		}
	}
	client.SetPongHandler(func(string) error { t.Error("a ping beyond the limit was answered"); return nil })
	expect(t, client, "4first")
	waitUntil(t, func() bool { return counted.messages() == 9 })
	_ = client.Close()
	server.expectEnded(t, "transport close")
}

// Each packet of a body counts; the body itself, with its bytes, counts as the first one.
func TestAbuseEveryPacketOfABodyIsCounted(t *testing.T) {
	server, counted := serveCounting(t, firstOnly(2))
	client := server.startPolling(t, Revision4, "")
	body := "4a\x1e4b" + strings.Repeat("\x1enonsense", 1000) + "\x1ebX"
	client.post(t, body)
	client.expect(t, "4a\x1e4b")
	if counted.messages() != 1003 || counted.sizes[0] != len(body) {
		t.Errorf("%d messages were counted, the first of %d bytes", counted.messages(), counted.sizes[0])
	}
}

// A body beyond the limit is not decoded, and one that is too long or incomplete counts as well.
func TestAbuseBodiesAreCounted(t *testing.T) {
	server, counted := serveCounting(t, firstOnly(1))
	client := server.startPolling(t, Revision4, "")
	for range 2 {
		client.request(t, http.MethodPost, client.query, strings.Repeat("4", 200_000)).expectRefused(t, http.StatusRequestEntityTooLarge, 3, "want at most")
	}
	client.post(t, "nonsense")
	client.post(t, "")
	if counted.messages() != 4 {
		t.Errorf("%d messages were counted", counted.messages())
	}
}

// Requests for an upgrade count too, and so do messages on the WebSocket before the session has moved to it.
func TestAbuseUpgradesAreCounted(t *testing.T) {
	server, counted := serveCounting(t, firstOnly(3))
	client := server.startPolling(t, Revision4, "")
	socket := client.probe(t) // 1 and 2
	send(t, socket, websocket.TextMessage, "2probe")
	expect(t, socket, "3probe") // 3
	send(t, socket, websocket.TextMessage, "nonsense", "2probe")
	waitUntil(t, func() bool { return counted.messages() == 5 })
	upgrade := strings.Replace(client.query, namePolling, nameWebSocket, 1)
	client.request(t, http.MethodGet, upgrade, "").expectRefused(t, http.StatusTooManyRequests, 6, "too many messages")
	_ = socket.Close()
}

// A client that goes on sending may be disconnected.
func TestAdmissionMayEndTheSession(t *testing.T) {
	forEachTransport(t, func(t *testing.T, transport string) {
		enough := func(int) error { return errors.New("that is enough") }
		if transport == namePolling {
			server, _ := serveCounting(t, enough)
			client := server.startPolling(t, Revision4, "")
			client.post(t, "4x")
			client.expect(t, "1")
			server.expectEnded(t, "too many messages")
			return
		}
		server, _ := serveCounting(t, enough)
		client, _ := server.dial(t, Revision4)
		send(t, client, websocket.TextMessage, "4x")
		expectEnd(t, client, websocket.ClosePolicyViolation, "that is enough")
		_ = client.Close()
		server.expectEnded(t, "too many messages")
	})
}

// A long body beyond the limit uses pooled memory only. The pool may lose some buffers.
func TestAbuseLongBodies(t *testing.T) {
	server, _ := serveCounting(t, firstOnly(0))
	client := server.startPolling(t, Revision4, "")
	long, least := strings.Repeat("4", server.cfg.MaxPayload), uint64(math.MaxUint64)
	for range 20 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/?"+client.query, strings.NewReader(long)))
		if answer.Code != http.StatusOK {
			t.Fatalf("got status %d", answer.Code)
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > uint64(len(long)) {
		t.Errorf("%d bytes were allocated for a body of %d", least, len(long))
	}
}
