package wsconn

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// everything admits all messages.
func everything(int) bool { return true }

// echo sends every message back, and reports why reading ended.
func echo(t *testing.T) (client *websocket.Conn, ended <-chan End) {
	t.Helper()
	settings := &Settings{
		MaxMessage: 1000,
		Limits:     &sendqueue.Limits{Bytes: 1 << 20, Messages: 100, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second},
		Stats:      &queuebudget.Stats{},
	}
	ends := make(chan End, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := settings.Upgrade(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		go func() {
			defer close(ends)
			end := conn.ReadAll(everything, func(binary bool, message []byte) {
				if binary {
					_ = conn.Send(wsframe.Binary(message))
					return
				}
				_ = conn.Send(wsframe.Text(message))
			})
			conn.Finish(wsframe.Close(end.Code, end.Text))
			conn.Drain()
			conn.Close()
			ends <- end
		}()
	}))
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() {
		_ = client.Close()
		for range ends { // until the server's goroutine has ended
		}
		server.Close()
	})
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	return client, ends
}

func TestMessagesOfBothKindsAndInParts(t *testing.T) {
	client, _ := echo(t)
	for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
		if err := client.WriteMessage(kind, []byte("whole")); err != nil {
			t.Fatal(err)
		}
		if got, message, err := client.ReadMessage(); err != nil || got != kind || string(message) != "whole" {
			t.Errorf("got kind %d, %q, %v", got, message, err)
		}
	}
	parts, err := client.NextWriter(websocket.TextMessage)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 999) // more than the server's read buffer
	for _, part := range []string{long[:400], long[400:]} {
		if _, err := parts.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	if err := parts.Close(); err != nil {
		t.Fatal(err)
	}
	if _, message, err := client.ReadMessage(); err != nil || string(message) != long {
		t.Errorf("got %d bytes, %v", len(message), err)
	}
}

func TestPingIsAnswered(t *testing.T) {
	client, _ := echo(t)
	answer := ""
	client.SetPongHandler(func(data string) error { answer = data; return nil })
	if err := client.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := client.WriteMessage(websocket.TextMessage, []byte("after it")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := client.ReadMessage(); err != nil || answer != "there?" {
		t.Errorf("got the pong %q, %v", answer, err)
	}
}

func TestEnds(t *testing.T) {
	for _, test := range []struct {
		name string
		do   func(client *websocket.Conn) error
		code int
		gone bool
	}{
		{"the client closes", func(client *websocket.Conn) error {
			return client.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "bye"), time.Now().Add(time.Second))
		}, websocket.CloseNormalClosure, true},
		{"too long", func(client *websocket.Conn) error {
			return client.WriteMessage(websocket.TextMessage, make([]byte, 1001))
		}, websocket.CloseMessageTooBig, false},
		{"an unmasked frame", func(client *websocket.Conn) error {
			_, err := client.NetConn().Write([]byte{0x81, 0x01, 'x'})
			return err
		}, websocket.CloseProtocolError, false},
		{"a frame with reserved bits", func(client *websocket.Conn) error {
			_, err := client.NetConn().Write([]byte{0xF1, 0x80, 0, 0, 0, 0})
			return err
		}, websocket.CloseProtocolError, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, ended := echo(t)
			if err := test.do(client); err != nil {
				t.Fatal(err)
			}
			if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, test.code) {
				t.Errorf("got %v, want a close frame with %d", err, test.code)
			}
			_ = client.Close()
			if end := <-ended; end.Gone != test.gone || end.Code != test.code {
				t.Errorf("got %+v", end)
			}
		})
	}
}

func TestVanishedClient(t *testing.T) {
	client, ended := echo(t)
	_ = client.NetConn().Close()
	if end := <-ended; !end.Gone {
		t.Errorf("got %+v", end)
	}
}
