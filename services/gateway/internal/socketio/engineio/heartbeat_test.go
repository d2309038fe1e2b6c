package engineio

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// inSimulatedTime runs a test with a server, all of whose goroutines must end, and a client.
func inSimulatedTime(t *testing.T, revision Revision, run func(t *testing.T, server *testServer, client *websocket.Conn)) {
	t.Helper()
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client, _ := dialWith(t, server.dialer(), server.url, revision)
		_ = client.SetReadDeadline(time.Time{})
		run(t, server, client)
	})
}

// readAll reads until the connection ends and passes on each frame with its simulated time.
func readAll(t *testing.T, client *websocket.Conn, received func(at time.Duration, frame string)) {
	t.Helper()
	start := time.Now()
	for {
		_, frame, err := client.ReadMessage()
		if err != nil {
			if !websocket.IsCloseError(err, websocket.CloseGoingAway, websocket.CloseNormalClosure) && !errors.Is(err, io.EOF) {
				t.Errorf("got %v", err)
			}
			return
		}
		received(time.Since(start), string(frame))
	}
}

func TestServerPingsInRevision4(t *testing.T) {
	inSimulatedTime(t, Revision4, func(t *testing.T, server *testServer, client *websocket.Conn) {
		pings := 0
		readAll(t, client, func(at time.Duration, frame string) {
			pings++
			answered := time.Duration(pings-1) * 3 * time.Second
			if want := time.Duration(pings)*25*time.Second + answered; frame != "2" || at != want {
				t.Errorf("got %q after %v, want a ping after %v", frame, at, want)
			}
			if pings == 4 {
				send(t, client, websocket.TextMessage, "1")
				return
			}
			time.Sleep(3 * time.Second) // simulated: the client takes its time
			send(t, client, websocket.TextMessage, "3")
		})
		if pings != 4 {
			t.Errorf("got %d pings", pings)
		}
		server.expectEnded(t, "transport close")
	})
}

func TestClientThatDoesNotAnswerIsGoneInRevision4(t *testing.T) {
	inSimulatedTime(t, Revision4, func(t *testing.T, server *testServer, client *websocket.Conn) {
		start, pings := time.Now(), 0
		readAll(t, client, func(time.Duration, string) { pings++ })
		if elapsed := time.Since(start); elapsed != 85*time.Second || pings != 1 {
			t.Errorf("the session ended after %v and %d pings, want 1m25s and 1", elapsed, pings)
		}
		server.expectEnded(t, "ping timeout")
	})
}

func TestClientThatDoesNotPingIsGoneInRevision3(t *testing.T) {
	inSimulatedTime(t, Revision3, func(t *testing.T, server *testServer, client *websocket.Conn) {
		start := time.Now()
		for range 3 {
			time.Sleep(80 * time.Second) // simulated: late, but not too late
			send(t, client, websocket.TextMessage, "2")
			expect(t, client, "3")
		}
		_ = client.SetReadDeadline(time.Time{})
		readAll(t, client, func(_ time.Duration, frame string) { t.Errorf("got %q", frame) })
		if elapsed := time.Since(start); elapsed != (3*80+85)*time.Second {
			t.Errorf("the session ended after %v, want 5m25s", elapsed)
		}
		server.expectEnded(t, "ping timeout")
	})
}

// A client whose connection is dead, so that not even a close frame can be sent, is released as well.
func TestDeadConnectionIsReleased(t *testing.T) {
	inSimulatedTime(t, Revision4, func(t *testing.T, server *testServer, _ *websocket.Conn) {
		start := time.Now()
		select {
		case reason := <-server.ended:
			if elapsed := time.Since(start); elapsed > 85*time.Second+server.cfg.Queue.WriteTimeout {
				t.Errorf("ended by %q after %v", reason, elapsed)
			}
		case <-time.After(time.Hour):
			t.Fatal("the session did not end")
		}
	})
}
