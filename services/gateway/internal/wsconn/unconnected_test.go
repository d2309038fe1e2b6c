package wsconn

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// connectUnconnected returns the server's end with a queue that is not connected, and the client.
func connectUnconnected(t *testing.T) (*Conn, *websocket.Conn) {
	t.Helper()
	settings := &Settings{
		MaxMessage: 1000,
		Limits:     &sendqueue.Limits{Bytes: 1 << 20, Messages: 100, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second},
		Stats:      &queuebudget.Stats{},
	}
	conns := make(chan *Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := settings.UpgradeFor(sendqueue.NewUnconnected(settings.Limits, settings.Stats, func() {}), w, r)
		if err != nil {
			t.Error(err)
			return
		}
		conns <- conn
	}))
	t.Cleanup(server.Close)
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = client.Close() })
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	return <-conns, client
}

func TestConnectedQueueFollowsWhatWasWrittenDirectly(t *testing.T) {
	conn, client := connectUnconnected(t)
	if err := conn.Send(wsframe.Text([]byte("waits"))); err != nil {
		t.Fatal(err)
	}
	if err := conn.WriteDirectly(wsframe.Text([]byte("directly")), 10*time.Second); err != nil {
		t.Fatal(err)
	}
	conn.ConnectQueue()
	for _, want := range []string{"directly", "waits"} {
		if _, got, err := client.ReadMessage(); err != nil || string(got) != want {
			t.Errorf("got %q, %v; want %q", got, err, want)
		}
	}
	conn.Close()
	if _, _, err := client.ReadMessage(); err == nil {
		t.Error("the connection is still open")
	}
}

func TestCutOffDoesNotCloseTheQueue(t *testing.T) {
	conn, client := connectUnconnected(t)
	conn.CutOff()
	if _, _, err := client.ReadMessage(); err == nil {
		t.Error("the connection is still open")
	}
	if err := conn.WriteDirectly(wsframe.Text(nil), 10*time.Second); err == nil {
		t.Error("something was written to a connection that is cut off")
	}
	if err := conn.Send(wsframe.Text([]byte("waits"))); err != nil {
		t.Error(err)
	}
	if messages, more := conn.Take(100); len(messages) != 1 || !more {
		t.Errorf("got %d messages, more %v", len(messages), more)
	}
	conn.Close()
}
