package engineio

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// expectGoneAfter wants the session to end that long after start, and to be released.
func (s *testServer) expectGoneAfter(t *testing.T, start time.Time, want time.Duration, reason string) {
	t.Helper()
	if got := <-s.ended; got != reason {
		t.Errorf("the session ended by %q, want %q", got, reason)
	}
	if elapsed := time.Since(start); elapsed != want {
		t.Errorf("the session ended after %v, want %v", elapsed, want)
	}
	synctest.Wait()
	if waiting := s.cfg.Stats.Messages.Load(); waiting != 0 || s.sessions.Len() != 0 {
		t.Errorf("%d messages and %d sessions are left", waiting, s.sessions.Len())
	}
}

// The HTTP server's timeouts, which are shorter, do not end a poll.
func TestServerPingsThroughPollsInRevision4(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		for range 5 {
			start := time.Now()
			client.expect(t, "2")
			if elapsed := time.Since(start); elapsed != 25*time.Second {
				t.Errorf("the ping came after %v", elapsed)
			}
			client.post(t, "3")
		}
		if requests := server.requests.Load(); requests != 1+5*2 { // clients repeat a poll whose connection breaks, which nobody would notice
			t.Errorf("it took %d requests", requests)
		}
		client.post(t, "1")
		client.expect(t, "6")
	})
}

func TestClientPingsByPostInRevision3(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision3, "")
		for range 5 {
			waiting := client.pollLater(t)
			time.Sleep(70 * time.Second) // simulated
			client.post(t, "1:2")
			(<-waiting).expect(t, http.StatusOK, "1:3")
			client.post(t, "1:2") // and where no poll waits, the pong does
			client.expect(t, "1:3")
		}
		client.post(t, "1:1")
		client.expect(t, "1:6")
	})
}

func TestPollingClientThatVanishes(t *testing.T) {
	forBoth(t, func(t *testing.T, revision Revision) {
		simulate(t, Config{}, func(t *testing.T, server *testServer) {
			start := time.Now()
			client := server.startPolling(t, revision, "")
			if err := server.newest(t).send("4waits"); err != nil {
				t.Fatal(err)
			}
			server.expectGoneAfter(t, start, 85*time.Second, "ping timeout")
			client.expectUnknown(t)
		})
	})
}

func TestWaitingPollEndsWithTheSession(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		start := time.Now()
		client := server.startPolling(t, Revision3, "")
		client.expect(t, "1:1")
		server.expectGoneAfter(t, start, 85*time.Second, "ping timeout")
	})
}

// A client that only sends is taken for gone all the same.
func TestClientThatPingsWithoutPolling(t *testing.T) {
	for revision, heartbeat := range map[Revision]string{Revision3: "1:2", Revision4: "3"} {
		simulate(t, Config{}, func(t *testing.T, server *testServer) {
			start := time.Now()
			client := server.startPolling(t, revision, "")
			for range 10 {
				time.Sleep(20 * time.Second) // simulated
				if client.request(t, http.MethodPost, client.query, heartbeat).status != http.StatusOK {
					break
				}
			}
			// The heartbeat after 20 s counts, as the last poll was not long ago; the later ones do not.
			server.expectGoneAfter(t, start, time.Since(start), "ping timeout")
			if elapsed := time.Since(start); elapsed > 25*time.Second+85*time.Second+20*time.Second {
				t.Errorf("it took %v", elapsed)
			}
		})
	}
}

func TestLastPacketsThatAreNotPolled(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		start := time.Now()
		server.newest(t).Close(CloseReason{Name: "enough"}, wsframe.Text([]byte("4last")))
		if reason := <-server.ended; reason != "enough" || time.Since(start) != 0 {
			t.Errorf("the conversation ended by %q after %v", reason, time.Since(start))
		}
		time.Sleep(5*time.Second - 1) // simulated
		if server.sessions.Len() != 1 {
			t.Error("the session did not wait for a poll")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if server.sessions.Len() != 0 || server.cfg.Stats.Bytes.Load() != 0 {
			t.Errorf("%d sessions are left", server.sessions.Len())
		}
		client.expectUnknown(t)
	})
}

// A client that has closed its session does not poll any more, unless the poll was sent already.
func TestClosedSessionIsGoneSoon(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		start := time.Now()
		server.startPolling(t, Revision4, "").post(t, "1")
		server.expectEnded(t, "transport close")
		time.Sleep(overtakenPollTimeout) // simulated
		synctest.Wait()
		if server.sessions.Len() != 0 {
			t.Errorf("the session is still there after %v", time.Since(start))
		}
	})
}

// A late request ends the session, even if the timer is later.
func TestLateTimer(t *testing.T) {
	server := serve(t, Config{})
	client := server.startPolling(t, Revision3, "")
	heartbeat := &server.newest(t).heartbeat
	heartbeat.mu.Lock()
	heartbeat.due = time.Now()
	heartbeat.mu.Unlock()
	client.expectUnknown(t)
	server.expectEnded(t, "ping timeout")
}

// A client that does not read a poll's response has lost its packets, so its session ends.
func TestPollThatIsNotRead(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		if err := server.newest(t).send("4" + strings.Repeat("x", 100_000)); err != nil {
			t.Fatal(err)
		}
		conn, err := server.network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		start := time.Now()
		if _, err := conn.Write([]byte("GET /?" + client.query + " HTTP/1.1\r\nHost: pipe\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		server.expectGoneAfter(t, start, server.cfg.Queue.WriteTimeout, "transport error")
	})
}

// The number of a client's unread responses is limited.
func TestPollsThatAreNotReadAreBounded(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		for range maxAnswersInWriting {
			if err := server.newest(t).send("4" + strings.Repeat("x", 90_000)); err != nil {
				t.Fatal(err)
			}
			conn, err := server.network.dial(t.Context(), "", "")
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := conn.Write([]byte("GET /?" + client.query + " HTTP/1.1\r\nHost: pipe\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		client.poll(t).expectRefused(t, 400, 3, "one at a time")
		server.expectEnded(t, "transport error")
	})
}

// A client that reads a response slowly, but steadily, receives all of it.
func TestPollThatIsReadSlowly(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		want := "4" + strings.Repeat("x", 99_000)
		if err := server.newest(t).send(want); err != nil {
			t.Fatal(err)
		}
		conn, err := server.network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte("GET /?" + client.query + " HTTP/1.1\r\nHost: pipe\r\nConnection: close\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		part := make([]byte, 2000)
		for {
			n, err := conn.Read(part)
			got.Write(part[:n])
			if err != nil {
				break
			}
			time.Sleep(time.Second) // simulated; the whole takes longer than any limit of time
		}
		if !strings.HasSuffix(got.String(), want) {
			t.Errorf("got %d bytes", got.Len())
		}
		client.post(t, "4y")
		client.expect(t, "2\x1e4y") // a ping has waited meanwhile
	})
}

func TestIncompleteBody(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		conn, err := server.network.dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		start := time.Now()
		if _, err := conn.Write([]byte("POST /?" + client.query + " HTTP/1.1\r\nHost: pipe\r\nContent-Length: 100\r\n\r\n4")); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 1000)
		n, err := conn.Read(answer)
		if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 400") || time.Since(start) != 10*time.Second {
			t.Errorf("got %q, %v after %v", answer[:n], err, time.Since(start))
		}
		client.post(t, "4x")
		client.expect(t, "4x")
	})
}

func TestQueueOfPollingClientIsBounded(t *testing.T) {
	server := serve(t, Config{Queue: sendqueue.Limits{Messages: 3}})
	client := server.startPolling(t, Revision3, "")
	session := server.newest(t)
	for range 3 {
		if err := session.send("4x"); err != nil {
			t.Fatal(err)
		}
	}
	if err := session.send("4x"); !errors.Is(err, sendqueue.ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	client.post(t, "1:2") // a pong has room all the same
	client.expect(t, "2:4x2:4x2:4x1:3")
}

// Clients that vanish in any state are released.
func TestVanishedClientsAreReleased(t *testing.T) {
	for _, revision := range []Revision{Revision3, Revision4} {
		simulate(t, Config{}, func(t *testing.T, server *testServer) {
			for range 20 {
				_ = server.startPolling(t, revision, "")
				giveUpPoll(t, server.startPolling(t, revision, ""))
				server.startPolling(t, revision, "").post(t, body(revision, "4waits"))
				_ = server.startPolling(t, revision, "").dialUpgrade(t).NetConn().Close()
				_ = server.startPolling(t, revision, "").probe(t) // and sends nothing more, but leaves the connection open
				moved := server.startPolling(t, revision, "").probe(t)
				send(t, moved, websocket.TextMessage, "5")
				_ = moved.NetConn().Close()
				_, _ = dialWith(t, server.dialer(), server.url, revision)
			}
			time.Sleep(85*time.Second + server.cfg.Queue.WriteTimeout) // simulated
			synctest.Wait()
			if left, stats := server.sessions.Len(), server.cfg.Stats; left != 0 || stats.Messages.Load() != 0 || stats.Bytes.Load() != 0 {
				t.Errorf("%d sessions and %d messages are left", left, stats.Messages.Load())
			}
			if ended := len(server.ended); ended != 7*20 {
				t.Errorf("%d conversations ended, want all", ended)
			}
		})
	}
}

func giveUpPoll(t *testing.T, client *poller) {
	t.Helper()
	ctx, giveUp := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, client.server.url+"/?"+client.query, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		if response, err := client.server.client.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	synctest.Wait()
	giveUp()
	synctest.Wait()
}
