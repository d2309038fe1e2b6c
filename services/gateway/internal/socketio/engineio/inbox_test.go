package engineio

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/footprint"

	"github.com/gorilla/websocket"
)

// busy is a conversation that blocks until it is released, and echoes then.
type busy struct {
	echo
	goOn <-chan struct{}
}

func (b busy) Message(binary bool, data []byte) error {
	<-b.goOn
	return b.echo.Message(binary, data)
}

// block makes the conversations of new sessions block until goOn is called.
func (s *testServer) block() (goOn func()) {
	waiting, echoing := make(chan struct{}), s.open
	s.open = func(session *Session) Conversation { return busy{echoing(session).(echo), waiting} }
	return func() { close(waiting) }
}

// While a client's messages wait, its upgrade and heartbeats proceed, and everything is handled in order.
func TestRequestsDoNotWaitForTheConversation(t *testing.T) {
	forBoth(t, func(t *testing.T, revision Revision) {
		simulate(t, Config{}, func(t *testing.T, server *testServer) {
			goOn := server.block()
			start := time.Now()
			client := server.startPolling(t, revision, "")
			post := func(packets ...string) {
				client.request(t, http.MethodPost, client.query, body(revision, packets...)).expect(t, http.StatusOK, "ok")
			}
			post("4a", "4b")
			post("4c")
			socket := client.probe(t)
			client.expect(t, body(revision, "6"))
			send(t, socket, websocket.TextMessage, "5", "4d")
			for range 10 {
				_ = socket.SetReadDeadline(time.Time{})
				if revision == Revision3 {
					time.Sleep(20 * time.Second) // simulated
					send(t, socket, websocket.TextMessage, "2")
					expectSoon(t, socket, "3")
				} else {
					expectSoon(t, socket, "2")
					send(t, socket, websocket.TextMessage, "3")
				}
			}
			if time.Since(start) < 200*time.Second {
				t.Errorf("it took %v only", time.Since(start))
			}
			goOn()
			for _, want := range []string{"4a", "4b", "4c", "4d"} {
				expectSoon(t, socket, want)
			}
			_ = socket.Close()
			server.expectEnded(t, "transport close")
		})
	})
}

// Packets after a close packet are ignored, whether or not the close packet is handled yet.
func TestFaultsAfterAQueuedClose(t *testing.T) {
	forBoth(t, func(t *testing.T, revision Revision) {
		simulate(t, Config{}, func(t *testing.T, server *testServer) {
			goOn := server.block()
			client := server.startPolling(t, revision, "")
			client.request(t, http.MethodPost, client.query, body(revision, "4a", "1", "7")).expect(t, http.StatusOK, "ok")
			client.request(t, http.MethodPost, client.query, body(revision, "7")).expect(t, http.StatusOK, "ok")
			goOn()
			server.expectEnded(t, "transport close")
		})
	})
}

// expectSoon reads without a deadline, which would count simulated time.
func expectSoon(t *testing.T, socket *websocket.Conn, want string) {
	t.Helper()
	if _, frame, err := socket.ReadMessage(); err != nil || string(frame) != want {
		t.Fatalf("got %q, %v; want %q", frame, err, want)
	}
}

// The inbox is bounded: a client that sends more has to wait, and loses nothing.
func TestAbuseInboxIsBounded(t *testing.T) {
	simulate(t, Config{MaxPayload: 1000}, func(t *testing.T, server *testServer) {
		goOn := server.block()
		client := server.startPolling(t, Revision4, "")
		session := server.newest(t)
		var want strings.Builder
		posted := make(chan reply, 1)
		bodies := 0
		for waits := false; !waits; bodies++ {
			text := fmt.Sprintf("4%d", bodies) + strings.Repeat("\x1e4"+strings.Repeat("x", 20), 20)
			want.WriteString("\x1e" + text)
			go func() { posted <- client.request(t, http.MethodPost, client.query, text) }()
			synctest.Wait()
			select {
			case got := <-posted:
				got.expect(t, http.StatusOK, "ok")
			default:
				waits = true
			}
			if session.inbox.bytes > 2*1000 || bodies > 10 {
				t.Fatalf("%d bytes are queued after %d bodies", session.inbox.bytes, bodies+1)
			}
		}
		goOn()
		(<-posted).expect(t, http.StatusOK, "ok")
		var got strings.Builder
		for got.Len() < want.Len() {
			got.WriteString("\x1e" + client.poll(t).body)
		}
		if got.String() != want.String() {
			t.Errorf("got %q, want %q", got.String(), want.String())
		}
	})
}

// A request that waits for room ends with the session.
func TestEndOfASessionWithAFullInbox(t *testing.T) {
	server := serve(t, Config{MaxPayload: 100})
	goOn := server.block()
	client, _ := server.dial(t, Revision4)
	for range 10 {
		send(t, client, websocket.TextMessage, "4"+strings.Repeat("x", 90))
	}
	session := server.newest(t)
	waitUntil(t, func() bool {
		session.inbox.mu.Lock()
		defer session.inbox.mu.Unlock()
		return session.inbox.bytes+90+packetOverhead > session.inbox.maxBytes
	})
	session.Close(CloseReason{Name: "enough", Code: websocket.CloseNormalClosure})
	expectEnd(t, client, websocket.CloseNormalClosure, "")
	_ = client.Close()
	goOn()
	server.expectEnded(t, "enough")
	waitUntil(t, func() bool { return server.sessions.Len() == 0 })
}

// A small queued packet does not keep the memory of its long body.
func TestAbusePacketsDoNotKeepTheirBody(t *testing.T) {
	const clients, long = 20, 100_000
	server := serve(t, Config{})
	goOn := server.block()
	defer goOn()
	filling := strings.Repeat("\x1e6", 1000) + "\x1e6" + strings.Repeat("x", long-3000)
	before := footprint.Heap()
	for range clients {
		client := server.startPolling(t, Revision4, "")
		client.request(t, http.MethodPost, client.query, "4a\x1e4b"+filling).expect(t, http.StatusOK, "ok")
	}
	if got := footprint.Heap() - before; got > clients*long/4 {
		t.Errorf("%d clients keep %d bytes", clients, got)
	}
}
