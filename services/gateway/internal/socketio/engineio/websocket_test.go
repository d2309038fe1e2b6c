package engineio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

func TestMessagesOverWebSocket(t *testing.T) {
	server := serve(t, Config{})
	forBoth(t, func(t *testing.T, revision Revision) {
		client, _ := server.dial(t, revision)
		long := "4" + strings.Repeat("grüße", 5000)
		send(t, client, websocket.TextMessage, "4hello", "4", "6", long)
		expect(t, client, "4hello", "4", long)
		binary := string(encodeBinary(revision, []byte{1, 2, 3}).Payload())
		send(t, client, websocket.BinaryMessage, binary)
		expect(t, client, binary)
	})
}

func TestFragmentsMakeOneMessage(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.dial(t, Revision4)
	writer, err := client.NextWriter(websocket.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	want := "4" + strings.Repeat("0123456789", 1000) // longer than the client's write buffer
	if _, err := writer.Write([]byte(want)); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	expect(t, client, want)
}

func TestHeartbeatPackets(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.dial(t, Revision3)
	send(t, client, websocket.TextMessage, "2", "4x")
	expect(t, client, "3", "4x")
	client, _ = server.dial(t, Revision4)
	send(t, client, websocket.TextMessage, "3", "4x") // nobody asked, but it does no harm
	expect(t, client, "4x")
}

func TestPingFrameIsAnswered(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.dial(t, Revision4)
	answered := ""
	client.SetPongHandler(func(data string) error { answered = data; return nil })
	if err := client.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(testTimeout)); err != nil {
		t.Fatal(err)
	}
	send(t, client, websocket.TextMessage, "4x")
	expect(t, client, "4x")
	if answered != "are you there" {
		t.Fatalf("got a pong with %q", answered)
	}
}

func TestFaultsEndTheSession(t *testing.T) {
	const text, binary = websocket.TextMessage, websocket.BinaryMessage
	server := serve(t, Config{MaxPayload: 1000})
	for _, test := range []struct {
		name     string
		revision Revision
		kind     int
		frame    string
		code     int
		detail   string
		reason   string
	}{
		{"no packet type", Revision4, text, "abc", 1007, "packet type: got 'a'", "parse error"},
		{"no packet type", Revision3, text, "abc", 1007, "packet type: got 'a'", "parse error"},
		{"empty", Revision3, text, "", 1007, "got nothing", "parse error"},
		{"not UTF-8", Revision4, text, "4\xc3\x28", 1007, "UTF-8", "parse error"},
		{"open from a client", Revision4, text, "0{}", 1007, "packet type", "parse error"},
		{"upgrade of nothing", Revision4, text, "5", 1007, "packet type", "parse error"},
		{"ping by a client of revision 4", Revision4, text, "2", 1007, "revision 4 the server", "parse error"},
		{"pong by a client of revision 3", Revision3, text, "3", 1007, "in revision 3 the client pings", "parse error"},
		{"binary without type", Revision3, binary, "\x01\x02", 1007, "binary packet", "parse error"},
		{"too long", Revision4, text, "4" + strings.Repeat("x", 1000), 1009, "too long", "transport error"},
		{"too long and binary", Revision3, binary, "\x04" + strings.Repeat("x", 1000), 1009, "too long", "transport error"},
		{"close packet", Revision3, text, "1", 1000, "", "transport close"},
		{"close packet", Revision4, text, "1", 1000, "", "transport close"},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, _ := server.dial(t, test.revision)
			send(t, client, test.kind, test.frame)
			expectEnd(t, client, test.code, test.detail)
			_ = client.Close()
			server.expectEnded(t, test.reason)
		})
	}
}

func TestLongestMessagePasses(t *testing.T) {
	server := serve(t, Config{MaxPayload: 1000})
	client, _ := server.dial(t, Revision4)
	longest := "4" + strings.Repeat("x", 999)
	send(t, client, websocket.TextMessage, longest)
	expect(t, client, longest)
}

// Protocol errors that gorilla/websocket finds are sent through the queue too, not as a frame of its own in between.
func TestWebSocketFaultEndsTheSession(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.dial(t, Revision4)
	unmasked := []byte{0x81, 0x02, '4', 'x'}
	if _, err := client.NetConn().Write(unmasked); err != nil {
		t.Fatal(err)
	}
	expectEnd(t, client, websocket.CloseProtocolError, "bad MASK")
	_ = client.Close()
	server.expectEnded(t, "transport error")
}

// Frames before the handshake's response violate the protocol (RFC 6455, section 4.1), and would be lost.
func TestFrameBeforeTheHandshake(t *testing.T) {
	server := serve(t, Config{})
	client, err := net.Dial("tcp", strings.TrimPrefix(server.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_, _ = io.WriteString(client, "GET /?EIO=4&transport=websocket HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x82\x00\x00\x00\x0040")
	_ = client.SetReadDeadline(time.Now().Add(testTimeout))
	if answer, _ := io.ReadAll(client); len(answer) > 0 { // the error may be a reset
		t.Fatalf("got %q", answer)
	}
}

// Frames that arrive together are all read, although the goroutine that waits for the first does not see the others.
func TestFramesThatArriveTogether(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.dial(t, Revision4)
	var frames []byte
	for i := range 200 {
		frames = append(frames, 0x81, 0x84, 0, 0, 0, 0)
		frames = fmt.Appendf(frames, "4%03d", i)
	}
	if _, err := client.NetConn().Write(frames); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		expect(t, client, fmt.Sprintf("4%03d", i))
	}
}

func TestClientThatCloses(t *testing.T) {
	server := serve(t, Config{})
	t.Run("with a close frame", func(t *testing.T) {
		client, _ := server.dial(t, Revision4)
		frame := websocket.FormatCloseMessage(websocket.CloseGoingAway, "bye")
		if err := client.WriteControl(websocket.CloseMessage, frame, time.Now().Add(testTimeout)); err != nil {
			t.Fatal(err)
		}
		expectEnd(t, client, websocket.CloseNormalClosure, "")
		_ = client.Close()
		server.expectEnded(t, "transport close")
	})
	t.Run("without", func(t *testing.T) {
		client, _ := server.dial(t, Revision3)
		_ = client.NetConn().Close()
		server.expectEnded(t, "transport close")
	})
}

// A client whose queue is full is slow, and not gone: its heartbeat continues.
func TestFullQueueHasRoomForHeartbeats(t *testing.T) {
	simulate(t, Config{Queue: sendqueue.Limits{Bytes: 200}}, func(t *testing.T, server *testServer) {
		client, _ := dialWith(t, server.dialer(), server.url, Revision3) // the open packet just fits
		synctest.Wait()                                                  // until it is written
		session := server.newest(t)
		for session.Enqueue(wsframe.Text([]byte("4"+strings.Repeat("x", 20)))) == nil {
		}
		for session.Enqueue(wsframe.Text([]byte("4"))) == nil {
		}
		send(t, client, websocket.TextMessage, "2")
		for got := ""; got != "3"; {
			_, message, err := client.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			got = string(message)
		}
		_ = client.Close()
		server.expectEnded(t, "transport close")
	})
}

func TestNothingIsReceivedAfterTheEnd(t *testing.T) {
	server := serve(t, Config{})
	client, _ := server.dial(t, Revision4)
	session := server.newest(t)
	session.Close(CloseReason{Name: "enough", Code: 4000, Detail: "that was it"}, wsframe.Text([]byte("4last")))
	session.Close(CloseReason{Name: "more than enough"}, wsframe.Text([]byte("4second to last")))
	session.Abort(CloseReason{Name: "too much"})
	if err := session.Enqueue(wsframe.Text([]byte("4late"))); !errors.Is(err, sendqueue.ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	send(t, client, websocket.TextMessage, "4late", "nonsense")
	expect(t, client, "4last")
	expectEnd(t, client, 4000, "that was it")
	_ = client.Close()
	server.expectEnded(t, "enough")
}

func TestShutdown(t *testing.T) {
	server := serve(t, Config{})
	var clients []*websocket.Conn
	for _, revision := range []Revision{Revision3, Revision4, Revision4} {
		client, _ := server.dial(t, revision)
		clients = append(clients, client)
	}
	done := make(chan error, 1)
	go func() { done <- server.Shutdown(context.Background(), wsframe.Text([]byte("4bye"))) }()
	for _, client := range clients {
		expect(t, client, "4bye")
		expectEnd(t, client, websocket.CloseGoingAway, "shutting down")
		_ = client.Close()
		server.expectEnded(t, "server shutting down")
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestShutdownDoesNotWaitForClientsBeyondItsContext(t *testing.T) {
	server := serve(t, Config{Queue: sendqueue.Limits{CloseTimeout: time.Hour}})
	_, _ = server.dial(t, Revision4) // which never closes its side
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("got %v", err)
	}
	server.expectEnded(t, "server shutting down")
}
