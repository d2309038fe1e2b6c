package engineio

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload/payloadtest"
	"atlasstream/services/gateway/internal/wsframe"
)

// dialUpgrade opens a WebSocket beside the polls.
func (p *poller) dialUpgrade(t testing.TB) *websocket.Conn {
	t.Helper()
	dialer := websocket.DefaultDialer
	if p.server.network != nil {
		dialer = p.server.dialer()
	}
	url := "ws" + strings.TrimPrefix(p.server.url, "http") + "/?" + strings.Replace(p.query, "polling", "websocket", 1)
	client, response, err := dialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func (p *poller) probe(t testing.TB) *websocket.Conn {
	t.Helper()
	client := p.dialUpgrade(t)
	send(t, client, websocket.TextMessage, "2probe")
	expect(t, client, "3probe")
	return client
}

// expectCutOff wants the connection to end without a close frame.
func expectCutOff(t testing.TB, client *websocket.Conn) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(testTimeout))
	if kind, frame, err := client.ReadMessage(); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Fatalf("got %d %q, %v; want the end", kind, frame, err)
	}
}

func TestUpgrade(t *testing.T) {
	server := serve(t, Config{})
	forBoth(t, func(t *testing.T, revision Revision) {
		client := server.startPolling(t, revision, "")
		client.post(t, body(revision, "4before"))
		client.expect(t, body(revision, "4before"))
		waiting := client.pollLater(t)
		waitUntil(t, server.newest(t).polling.isGetting)
		socket := client.probe(t)
		(<-waiting).expect(t, http.StatusOK, body(revision, "6"))
		client.expect(t, body(revision, "6"), body(revision, "6")) // each
		client.post(t, body(revision, "4a", "4b"))                 // polling still works
		client.expect(t, body(revision, "4a", "4b"), body(revision, "6"))
		client.post(t, body(revision, "4c"))
		send(t, socket, websocket.TextMessage, "5", "4d")
		expect(t, socket, "4c", "4d") // queued packets come first
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			client.request(t, method, client.query, body(revision, "4x")).expectRefused(t, 400, 3, "moved to a WebSocket")
		}
		expectEnd(t, client.dialUpgrade(t), websocket.ClosePolicyViolation, "has a WebSocket already")
		binary := string(encodeBinary(revision, []byte{1, 2, 3}).Payload())
		send(t, socket, websocket.BinaryMessage, binary)
		expect(t, socket, binary)
		_ = socket.NetConn().Close()
		server.expectEnded(t, "transport close")
		waitUntil(t, func() bool { return server.sessions.Len() == 0 })
		client.expectUnknown(t)
	})
}

// The client need not wait for the response to its probe.
func TestUpgradeAtOnce(t *testing.T) {
	server := serve(t, Config{})
	client := server.startPolling(t, Revision4, "")
	socket := client.dialUpgrade(t)
	send(t, socket, websocket.TextMessage, "2probe", "5", "4hello")
	expect(t, socket, "3probe", "4hello")
	client.poll(t).expectRefused(t, 400, 3, "moved to a WebSocket")
	expectEnd(t, client.dialUpgrade(t), websocket.ClosePolicyViolation, "has a WebSocket already")
	send(t, socket, websocket.TextMessage, "4still here")
	expect(t, socket, "4still here")
	server.newest(t).Close(CloseReason{Name: "enough", Code: 4000}, wsframe.Text([]byte("4last")))
	expect(t, socket, "4last")
	expectEnd(t, socket, 4000, "")
	_ = socket.Close()
	server.expectEnded(t, "enough")
}

// A poll that waits although the client has moved violates the protocol, and must not take packets from the WebSocket.
func TestPollThatOverlapsTheUpgrade(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		socket := client.probe(t)
		synctest.Wait() // until the server knows that its answer has left
		start := time.Now()
		waiting := client.pollLater(t)
		synctest.Wait()
		send(t, socket, websocket.TextMessage, "5", "4hello")
		(<-waiting).expectRefused(t, 400, 3, "moved to a WebSocket")
		if time.Since(start) >= noopDelay {
			t.Errorf("the poll waited for %v", time.Since(start))
		}
		expect(t, socket, "4hello")
	})
}

// Polls during the upgrade are delayed briefly, so that the client does not poll in a busy loop, and not longer.
func TestPollsDuringTheUpgrade(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision3, "")
		_ = client.probe(t)
		synctest.Wait() // until the server knows that its answer has left
		start := time.Now()
		client.expect(t, "1:6", "1:6")
		if elapsed := time.Since(start); elapsed != 2*noopDelay {
			t.Errorf("two polls took %v", elapsed)
		}
		client.post(t, "2:4x")
		start = time.Now()
		client.expect(t, "2:4x")
		if elapsed := time.Since(start); elapsed != 0 {
			t.Errorf("a poll took %v although a message was queued", elapsed)
		}
	})
}

func TestFailedProbeLeavesPollingIntact(t *testing.T) {
	server := serve(t, Config{MaxPayload: 1000})
	const text, binary = websocket.TextMessage, websocket.BinaryMessage
	for _, test := range []struct {
		name   string
		kind   int
		frames []string
	}{
		{"another packet", text, []string{"4hello"}},
		{"another packet after the probe", text, []string{"2probe", "4hello"}},
		{"a ping that is no probe", text, []string{"2"}},
		{"a binary probe", binary, []string{"2probe"}},
		{"too long", text, []string{"2probe", "4" + strings.Repeat("x", 1000)}},
		{"no packet", text, []string{""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			client := server.startPolling(t, Revision4, "")
			socket := client.dialUpgrade(t)
			send(t, socket, test.kind, test.frames...)
			for _, frame := range test.frames[1:] {
				_ = frame
				expect(t, socket, "3probe")
			}
			expectCutOff(t, socket)
			client.post(t, "4x")
			client.expect(t, "4x")
			waitUntil(t, func() bool { return server.newest(t).polling.currentTransport() == transportPolling })
			again := client.probe(t)
			send(t, again, text, "5", "4y")
			expect(t, again, "4y")
		})
	}
	t.Run("the client goes", func(t *testing.T) {
		client := server.startPolling(t, Revision3, "")
		_ = client.probe(t).NetConn().Close()
		waitUntil(t, func() bool { return server.newest(t).polling.currentTransport() == transportPolling })
		waiting := client.pollLater(t)
		client.post(t, "2:4x")
		(<-waiting).expect(t, http.StatusOK, "2:4x")
	})
}

func TestUpgradeTimeout(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		client := server.startPolling(t, Revision4, "")
		socket := client.probe(t)
		_ = socket.SetReadDeadline(time.Time{})
		start := time.Now()
		if _, _, err := socket.ReadMessage(); err == nil || time.Since(start) != 10*time.Second {
			t.Errorf("got %v after %v, want the end after 10 s", err, time.Since(start))
		}
		synctest.Wait()
		waiting := client.pollLater(t) // which is not answered by a NOOP any more
		synctest.Wait()
		client.post(t, "4x")
		(<-waiting).expect(t, http.StatusOK, "4x")
		again := client.probe(t)
		time.Sleep(9 * time.Second) // simulated; more than the time that the first upgrade had left
		send(t, again, websocket.TextMessage, "5", "4y")
		expect(t, again, "4y")
		time.Sleep(5 * time.Second) // simulated
		send(t, again, websocket.TextMessage, "4z")
		expect(t, again, "4z")
	})
}

func TestSecondUpgradeAtATimeIsRefused(t *testing.T) {
	server := serve(t, Config{})
	client := server.startPolling(t, Revision4, "")
	first := client.dialUpgrade(t)
	expectEnd(t, client.dialUpgrade(t), websocket.ClosePolicyViolation, "has a WebSocket already")
	send(t, first, websocket.TextMessage, "2probe")
	expect(t, first, "3probe")
	expectEnd(t, client.dialUpgrade(t), websocket.ClosePolicyViolation, "has a WebSocket already")
	send(t, first, websocket.TextMessage, "5", "4hello")
	expect(t, first, "4hello")
}

func TestSessionThatEndsDuringTheUpgrade(t *testing.T) {
	server := serve(t, Config{Queue: sendqueue.Limits{CloseTimeout: time.Minute}})
	client := server.startPolling(t, Revision4, "")
	socket := client.probe(t)
	server.newest(t).Close(CloseReason{Name: "enough"}, wsframe.Text([]byte("4last")))
	expectCutOff(t, socket)
	client.expect(t, "4last", "1")
	server.expectEnded(t, "enough")
	client.expectUnknown(t)
}

func TestHeartbeatsGoOnAfterTheUpgrade(t *testing.T) {
	simulate(t, Config{}, func(t *testing.T, server *testServer) {
		start := time.Now()
		client := server.startPolling(t, Revision4, "")
		client.expect(t, "2") // answered after the upgrade
		socket := client.probe(t)
		send(t, socket, websocket.TextMessage, "5", "3")
		_ = socket.SetReadDeadline(time.Time{})
		pings := 0
		readAll(t, socket, func(time.Duration, string) { pings++ })
		if elapsed := time.Since(start); elapsed != 2*25*time.Second+60*time.Second || pings != 1 {
			t.Errorf("the session ended after %v and %d pings", elapsed, pings)
		}
		server.expectEnded(t, "ping timeout")
	})
}

// Messages that are sent at any moment of the upgrade arrive once, and in order.
func TestNothingIsLostInTheUpgrade(t *testing.T) {
	const rounds, most = 100, 50_000
	server := serve(t, Config{Queue: sendqueue.Limits{Messages: most, Bytes: most * 10}})
	forBoth(t, func(t *testing.T, revision Revision) {
		for round := range rounds {
			client := server.startPolling(t, revision, "")
			ctx, stop := context.WithCancel(t.Context())
			sent := make(chan int, 1)
			go func() { sent <- sendUntil(ctx, server.newest(t), round%3) }()
			received := client.receiveAndMove(t, revision, round%7)
			stop()
			total := <-sent
			expectNumbers(t, received.fromPolls, 0)
			for i := len(received.fromPolls); i < total; i++ {
				expect(t, received.socket, fmt.Sprintf("4%d", i))
			}
			_ = received.socket.Close()
			server.expectEnded(t, "transport close")
		}
	})
}

// sendUntil sends numbers, several of them at a time, and returns how many.
func sendUntil(ctx context.Context, session *Session, together int) int {
	for i := 0; ; i++ {
		if ctx.Err() != nil {
			session.Flush()
			return i
		}
		if session.Enqueue(wsframe.Text(fmt.Appendf(nil, "4%d", i))) != nil {
			session.Flush()
			return i
		}
		if i%(together+1) == 0 {
			session.Flush()
		}
	}
}

type received struct {
	fromPolls []string
	socket    *websocket.Conn
}

// receiveAndMove polls as clients do while they upgrade: until the end of the poll during which the response to the probe arrives.
func (p *poller) receiveAndMove(t *testing.T, revision Revision, pollsBefore int) received {
	t.Helper()
	var got received
	take := func() {
		reply := p.poll(t)
		packets, err := payloadtest.Decode(detectForm(revision, []byte(reply.body)), []byte(reply.body), pollpayload.Limits{Packets: 16, Bytes: 1 << 20})
		if err != nil {
			t.Fatalf("%v: %q", err, reply.body)
		}
		for _, packet := range packets {
			if string(packet.Data) != "6" {
				got.fromPolls = append(got.fromPolls, string(packet.Data))
			}
		}
	}
	for range pollsBefore {
		take()
	}
	got.socket = p.dialUpgrade(t)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		send(t, got.socket, websocket.TextMessage, "2probe")
		expect(t, got.socket, "3probe")
	}()
	for done := false; !done; {
		select {
		case <-answered:
			done = true
		default:
			take()
		}
	}
	send(t, got.socket, websocket.TextMessage, "5")
	return got
}

func expectNumbers(t *testing.T, got []string, first int) {
	t.Helper()
	var want []string
	for i := range got {
		want = append(want, fmt.Sprintf("4%d", first+i))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got %q", got)
	}
}
