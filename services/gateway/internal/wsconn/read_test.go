package wsconn

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/sendqueue"
)

// longest is the longest message that a gateway accepts by default.
var longest = bytes.Repeat([]byte("7"), 100_000)

// framed is a message in frames of a size, masked with zeros.
func framed(message []byte, size int) (frames []byte) {
	const final, text, masked, length64 = 0x80, 0x01, 0x80, 127
	opcode := byte(text)
	for len(message) > 0 {
		part := message[:min(len(message), size)]
		if message = message[len(part):]; len(message) == 0 {
			opcode |= final
		}
		frames = binary.BigEndian.AppendUint64(append(frames, opcode, masked|length64), uint64(len(part)))
		frames = append(append(frames, 0, 0, 0, 0), part...)
		opcode = 0
	}
	return frames
}

// singleListener is a listener for a single connection.
type singleListener struct {
	conn net.Conn
	gone context.Context
	shut context.CancelFunc
}

func newDoor(conn net.Conn) *singleListener {
	gone, shut := context.WithCancel(context.Background())
	return &singleListener{conn, gone, shut}
}

func (d *singleListener) Accept() (net.Conn, error) {
	if conn := d.conn; conn != nil {
		d.conn = nil
		return conn, nil
	}
	<-d.gone.Done()
	return nil, net.ErrClosed
}

func (d *singleListener) Close() error {
	d.shut()
	return nil
}

func (d *singleListener) Addr() net.Addr { return &net.TCPAddr{} }

// counted counts the reads of a connection.
type counted struct {
	net.Conn
	reads int
}

func (c *counted) Read(p []byte) (int, error) {
	c.reads++
	return c.Conn.Read(p)
}

// flood sends the frames of the longest message repeatedly, and returns the number of reads.
func flood(t testing.TB, messages int, frames []byte) (reads int) {
	t.Helper()
	settings := &Settings{MaxMessage: int64(len(longest)), Limits: &sendqueue.Limits{Bytes: 1 << 20, Messages: 100}, Stats: &queuebudget.Stats{}}
	near, far := net.Pipe()
	server, done := &counted{Conn: far}, make(chan int)
	listener := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := settings.Upgrade(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		server.reads = 0
		go func() {
			defer conn.Close()
			taken := 0
			conn.ReadAll(everything, func(_ bool, message []byte) {
				taken++
				if !bytes.Equal(message, longest) {
					t.Errorf("got %d bytes, want %d", len(message), len(longest))
				}
			})
			done <- taken
		}()
	}))
	listener.Listener = newDoor(server)
	listener.Start()
	defer listener.Close()
	dialer := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return near, nil }}
	client, response, err := dialer.Dial("ws://gateway", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	for range messages {
		if _, err := near.Write(frames); err != nil {
			t.Fatal(err)
		}
	}
	_ = client.Close()
	if taken := <-done; taken != messages {
		t.Errorf("%d messages were taken, want %d", taken, messages)
	}
	return server.reads
}

// Long messages are read into buffers that are reused: messages that are not admitted must cost little. The pool may lose some buffers.
func TestAbuseMemoryOfLongMessages(t *testing.T) {
	least, frames := uint64(math.MaxUint64), framed(longest, len(longest))
	for range 20 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		flood(t, 1, frames)
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > uint64(len(longest)) {
		t.Errorf("%d bytes were allocated for a message of %d, with its connection", least, len(longest))
	}
}

// A long message is read in few reads, however small its frames are.
func TestAbuseSmallFramesOfLongMessages(t *testing.T) {
	const messages = 10
	for _, frame := range []int{len(longest), 4096, 300} {
		if reads := flood(t, messages, framed(longest, frame)); reads > 25*messages {
			t.Errorf("%d reads for %d messages in frames of %d bytes", reads, messages, frame)
		}
	}
}

// BenchmarkLongMessages includes the cost of a client in the same process.
func BenchmarkLongMessages(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(longest)))
	flood(b, b.N, framed(longest, 4096))
}
