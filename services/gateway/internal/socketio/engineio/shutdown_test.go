package engineio

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload/payloadtest"
	"atlasstream/services/gateway/internal/wsframe"
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
		go func() { done <- server.Shutdown(context.Background(), wsframe.Text([]byte("4bye"))) }()
		synctest.Wait()
		server.request(t, http.MethodGet, "EIO=4&transport=polling", http.NoBody).expectRefused(t, 503, 3, "shutting down")
		(<-waiting).expect(t, http.StatusOK, "4:4bye")
		waits.expect(t, "1:1")
		expectCutOff(t, probe)
		time.Sleep(4 * time.Second) // simulated
		busy.expect(t, "4waits\x1e4bye", "1")
		probing.expect(t, "4bye", "1")
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
	simulate(t, Config{Queue: sendqueue.Limits{CloseTimeout: time.Hour}}, func(t *testing.T, server *testServer) {
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

// slow is a slow conversation.
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

// Closed is called after the conversation has returned from Message.
func TestConversationIsNeverCalledTwiceAtATime(t *testing.T) {
	server := serve(t, Config{})
	heard, goOn := make(chan string, 2), make(chan struct{})
	echoing := server.open
	server.open = func(s *Session) Conversation { return slow{echoing(s).(echo), heard, goOn} }
	client := server.startPolling(t, Revision4, "")
	posted := make(chan reply, 1)
	go func() { posted <- client.request(t, http.MethodPost, client.query, "4x\x1e4never heard") }()
	<-heard
	server.newest(t).Close(CloseReason{Name: "enough"})
	client.expect(t, "1")
	if len(server.ended) > 0 {
		t.Error("the conversation was called while it was busy")
	}
	close(goOn)
	server.expectEnded(t, "enough")
	(<-posted).expect(t, http.StatusOK, "ok")
	if len(heard) > 0 {
		t.Errorf("it was called with %q after the end", <-heard)
	}
}

// However the server ends a session, the close packet is sent alone, as real clients handle it before the packets before it in the body.
func TestClosePacketIsSentAlone(t *testing.T) {
	last := wsframe.Text([]byte("4last"))
	for name, end := range map[string]func(*testServer, *Session){
		"close":            func(_ *testServer, s *Session) { s.Close(CloseReason{Name: "enough"}, last) },
		"abort":            func(_ *testServer, s *Session) { s.Abort(CloseReason{Name: "too slow"}, last) },
		"shutdown message": func(_ *testServer, s *Session) { s.SetShutdownMessage(last); s.shutDown(nil) },
		"shutdown":         func(_ *testServer, s *Session) { s.shutDown([]*wsframe.Message{last}) },
		"overflow": func(server *testServer, s *Session) {
			for range server.cfg.Queue.Messages * 2 {
				s.MustEnqueue(last)
			}
		},
		"too many messages": func(_ *testServer, s *Session) { s.Close(CloseReason{Name: "too many messages"}, last) },
	} {
		forBoth(t, func(t *testing.T, revision Revision) {
			simulate(t, Config{Queue: sendqueue.Limits{Messages: 20}}, func(t *testing.T, server *testServer) {
				client := server.startPolling(t, revision, "")
				for range 10 {
					_ = server.newest(t).Enqueue(last)
				}
				end(server, server.newest(t))
				for alone := body(revision, "1"); ; {
					got := client.poll(t)
					if got.body == alone {
						break
					}
					packets, err := payloadtest.Decode(detectForm(revision, []byte(got.body)), []byte(got.body), pollpayload.Limits{Packets: pollpayload.MaxPackets, Bytes: 1000})
					if err != nil || slices.ContainsFunc(packets, func(p pollpayload.Packet) bool { return string(p.Data) == "1" }) {
						t.Fatalf("%s: got %d %q, %v", name, got.status, got.body, err)
					}
				}
				client.expectUnknown(t)
			})
		})
	}
}
