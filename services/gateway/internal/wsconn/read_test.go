package wsconn

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/outbox"
)

// longMessage is as long as a gateway takes by default.
var longMessage = bytes.Repeat([]byte("7"), 100_000)

// flood serves a client that sends long messages, one after the other, and calls taken for each.
func flood(t testing.TB, messages int, taken func()) {
	t.Helper()
	settings := &Settings{MaxMessage: int64(len(longMessage)), Limits: &outbox.Limits{Bytes: 1 << 20, Messages: 100}, Stats: &outbox.Stats{}}
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := settings.Upgrade(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		go func() {
			defer close(done)
			defer conn.Close()
			conn.ReadAll(everything, func(_ bool, message []byte) {
				if !bytes.Equal(message, longMessage) {
					t.Errorf("got %d bytes, want %d", len(message), len(longMessage))
				}
				taken()
			})
		}()
	}))
	defer server.Close()
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	sendPrepared(t, client.NetConn(), messages)
	_ = client.Close()
	<-done
}

// sendPrepared sends long messages with little work for the sender: they are masked with zeros.
func sendPrepared(t testing.TB, conn net.Conn, messages int) {
	t.Helper()
	const text, masked, length64 = 0x81, 0x80, 127
	size := len(longMessage)
	frame := append([]byte{text, masked | length64, 0, 0, 0, 0, 0, byte(size >> 16), byte(size >> 8), byte(size), 0, 0, 0, 0}, longMessage...)
	for range messages {
		if _, err := conn.Write(frame); err != nil {
			t.Fatal(err)
		}
	}
}

// Long messages are read into memory that is used again: what is not admitted must cost little.
func TestAbuseLongMessages(t *testing.T) {
	const messages = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := 0
	flood(t, messages, func() { got++ })
	runtime.ReadMemStats(&after)
	if got != messages {
		t.Errorf("%d messages were taken, want %d", got, messages)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > uint64(messages*len(longMessage)) {
		t.Errorf("%d bytes were allocated for %d messages of %d", allocated, messages, len(longMessage))
	}
}

// BenchmarkLongMessages has a client of the same process, which costs something too.
func BenchmarkLongMessages(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(longMessage)))
	flood(b, b.N, func() {})
}
