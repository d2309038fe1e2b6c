package engineio

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/outbox"
)

func TestShutdownOfPollingSessions(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		waits, busy, absent := server.startPolling(t, Revision3, ""), server.startPolling(t, Revision4, ""), server.startPolling(t, Revision4, "")
		probing, moved := server.startPolling(t, Revision4, ""), server.startPolling(t, Revision3, "")
		probe, socket := probing.probe(t), moved.probe(t)
		send(t, socket, websocket.TextMessage, "5")
		waiting := waits.pollLater(t)
		busy.post(t, "4waits")
		synctest.Wait()

		start, done := time.Now(), make(chan error, 1)
		go func() { done <- server.Shutdown(context.Background(), outbox.Text([]byte("4bye"))) }()
		synctest.Wait()
		server.request(t, http.MethodGet, "EIO=4&transport=polling", http.NoBody).expectRefused(t, 503, 3, "shutting down")
		(<-waiting).expect(t, http.StatusOK, "4:4bye1:1")
		expectCut(t, probe)
		time.Sleep(4 * time.Second) // simulated
		busy.expect(t, "4waits\x1e4bye\x1e1")
		probing.expect(t, "4bye\x1e1")
		expect(t, socket, "4bye")
		expectEnd(t, socket, websocket.CloseGoingAway, "shutting down")
		_ = socket.Close()
		for range 5 {
			server.expectEnded(t, "server shutting down")
		}
		if err := <-done; err != nil || time.Since(start) != 5*time.Second { // for the one that is absent
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		absent.expectUnknown(t)
	})
}

func TestShutdownDoesNotWaitForPollsBeyondItsContext(t *testing.T) {
	simulate(t, Config{Queue: outbox.Limits{CloseTimeout: time.Hour}}, func(t *testing.T, server *testServer) {
		_ = server.startPolling(t, Revision4, "")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %v", err, time.Since(start))
		}
		server.expectEnded(t, "server shutting down")
	})
}

// slow is a conversation that takes its time.
type slow struct {
	echo
	heard chan<- string
	goOn  <-chan struct{}
}

func (s slow) Message(_ bool, data []byte) error {
	s.heard <- string(data)
	<-s.goOn
	return nil
}

// The conversation learns of the end when it is done with what it does.
func TestConversationIsNeverCalledTwiceAtATime(t *testing.T) {
	server := serve(t, Config{})
	heard, goOn := make(chan string, 2), make(chan struct{})
	echoing := server.open
	server.open = func(s *Session) Conversation { return slow{echoing(s).(echo), heard, goOn} }
	client := server.startPolling(t, Revision4, "")
	posted := make(chan reply, 1)
	go func() { posted <- client.request(t, http.MethodPost, client.query, "4x\x1e4never heard") }()
	<-heard
	server.newest(t).Close(Ending{Reason: "enough"})
	client.expect(t, "1")
	if len(server.ended) > 0 {
		t.Error("the conversation was told while it was busy")
	}
	close(goOn)
	server.expectEnded(t, "enough")
	(<-posted).expect(t, http.StatusOK, "ok")
	if len(heard) > 0 {
		t.Errorf("it was told %q after the end", <-heard)
	}
}
