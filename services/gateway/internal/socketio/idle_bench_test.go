package socketio

import (
	"bytes"
	"crypto/rand"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/socketio/engineio"
)

// BenchmarkIdleConnection reports the heap and stack of a connection that is in the main namespace, has emitted an event and is idle. Both bare
// sockets of a connection are measured first and subtracted, as the clients are in the same process.
func BenchmarkIdleConnection(b *testing.B) {
	const connections = 1000
	for b.Loop() {
		bare, stop := idleMemory(b, connections, http.HandlerFunc(hijackAndWait))
		stop()
		server, err := NewServer(Config{Engine: engineio.Config{NewID: rand.Text}}, acknowledger{})
		if err != nil {
			b.Fatal(err)
		}
		whole, stop := idleMemory(b, connections, server)
		stop()
		if err := server.Shutdown(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(whole-bare)/connections, "B/connection")
	}
}

// acknowledger acknowledges every event.
type acknowledger struct{ ignoreAll }

func (acknowledger) Event(s *Socket, e Event) { _ = s.Ack(e.AckID) }

// bareConns are the open bare connections.
var bareConns = make(chan net.Conn, 10000)

func hijackAndWait(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	bareConns <- conn
	_, _ = io.WriteString(conn, "40")
	_, _ = conn.Read(make([]byte, 512))
	_, _ = io.WriteString(conn, "430[]")
}

func idleMemory(b *testing.B, connections int, handler http.Handler) (bytes int, stop func()) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	front := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = front.Serve(listener) }()
	before := inUse()
	clients := make([]net.Conn, connections)
	for i := range clients {
		clients[i] = connectBare(b, listener.Addr().String())
	}
	used := inUse() - before
	return used, func() {
		for _, client := range clients {
			_ = client.Close()
		}
		for len(bareConns) > 0 {
			_ = (<-bareConns).Close()
		}
		_ = front.Close()
	}
}

// connectBare makes a handshake, emits an event and reads up to its acknowledgement, with as little memory of its own as possible.
func connectBare(b *testing.B, address string) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	_, _ = io.WriteString(conn, "GET /?EIO=3&transport=websocket HTTP/1.1\r\nHost: test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	const event = `420["x",{"stream_type":"result","msm":1001}]`
	readUntil(b, conn, "40")
	_, _ = io.WriteString(conn, string([]byte{0x81, 0x80 | byte(len(event)), 0, 0, 0, 0})+event)
	readUntil(b, conn, "430[]")
	return conn
}

func readUntil(b *testing.B, conn net.Conn, last string) {
	b.Helper()
	var received []byte
	chunk := make([]byte, 512)
	for !bytes.HasSuffix(received, []byte(last)) {
		n, err := conn.Read(chunk)
		if err != nil {
			b.Fatal(err)
		}
		received = append(received, chunk[:n]...)
	}
}

func inUse() int {
	for range 4 {
		runtime.GC() // stacks shrink by half at each
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc + stats.StackInuse)
}
