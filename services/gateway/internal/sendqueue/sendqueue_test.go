package sendqueue

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/socketwrite"
	"atlasstream/services/gateway/internal/wsframe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testLimits() *Limits {
	return &Limits{Bytes: 1 << 20, Messages: 1000, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second}
}

// connect returns the server's connection after the handshake, and a real client that reads from it.
func connect(t testing.TB) (net.Conn, *websocket.Conn) {
	t.Helper()
	upgraded := make(chan net.Conn, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrader := websocket.Upgrader{}
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		upgraded <- conn.NetConn()
	}))
	t.Cleanup(server.Close)
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	t.Cleanup(func() { _ = client.Close() })
	conn := <-upgraded
	t.Cleanup(func() { _ = conn.Close() })
	return conn, client
}

func expect(t *testing.T, client *websocket.Conn, want string) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, payload, err := client.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	if string(payload) != want {
		t.Fatalf("got %.40q, want %.40q", payload, want)
	}
}

// fillSocket queues messages until the client's socket is full and a goroutine waits for it; it returns their number.
func fillSocket(t *testing.T, queue *Queue) int {
	t.Helper()
	payload := strings.Repeat("x", 100<<10)
	for sent := 1; sent < 1000; sent++ {
		if err := queue.Send(wsframe.Text([]byte(payload))); err != nil {
			t.Fatal(err)
		}
		if queue.account.Stats.Blocked.Load() > 0 {
			return sent
		}
	}
	t.Fatal("the socket took 100 MB that nobody read")
	return 0
}

func TestMessagesArriveInOrder(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 300000} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			conn, client := connect(t)
			queue := New(conn, testLimits(), &queuebudget.Stats{})
			defer queue.Close()
			for i := range 3 {
				if err := queue.Enqueue(wsframe.Text([]byte(strings.Repeat(fmt.Sprint(i), size)))); err != nil {
					t.Fatal(err)
				}
			}
			queue.Flush()
			for i := range 3 {
				expect(t, client, strings.Repeat(fmt.Sprint(i), size))
			}
		})
	}
}

func TestEnqueueRefusesBeyondTheLimits(t *testing.T) {
	for _, test := range []struct {
		name   string
		limits Limits
	}{
		{"messages", Limits{Messages: 2, Bytes: 1000}},
		{"bytes", Limits{Messages: 100, Bytes: 2 * 12}},
	} {
		t.Run(test.name, func(t *testing.T) {
			conn, client := connect(t)
			test.limits.CloseTimeout = 10 * time.Second
			stats := &queuebudget.Stats{}
			queue := New(conn, &test.limits, stats)
			defer queue.Close()
			message := wsframe.Text([]byte("0123456789"))
			for range 2 {
				if err := queue.Enqueue(message); err != nil {
					t.Fatal(err)
				}
			}
			if err := queue.Enqueue(message); !errors.Is(err, ErrFull) {
				t.Fatalf("got %v, want ErrFull", err)
			}
			if stats.Messages.Load() != 2 || stats.Bytes.Load() != 24 {
				t.Errorf("stats: %d messages, %d bytes are queued", stats.Messages.Load(), stats.Bytes.Load())
			}
			queue.Abort(wsframe.Text([]byte("too slow")), wsframe.Close(1008, "too slow"))
			expect(t, client, "too slow")
			if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, 1008) {
				t.Errorf("got %v, want a close frame with 1008", err)
			}
			if err := queue.Enqueue(message); !errors.Is(err, ErrClosed) {
				t.Errorf("got %v, want ErrClosed", err)
			}
		})
	}
}

func TestEnqueueTogetherTakesAllOrNone(t *testing.T) {
	server, _ := net.Pipe()
	limits := testLimits()
	limits.Messages = 3
	queue := New(server, limits, &queuebudget.Stats{})
	defer queue.Close()
	pair := []*wsframe.Message{wsframe.Text([]byte("announces")), wsframe.Binary([]byte("attachment"))}
	for i, want := range []error{nil, ErrFull} {
		if err := queue.EnqueueTogether(pair...); !errors.Is(err, want) {
			t.Errorf("pair %d: got %v, want %v", i, err, want)
		}
	}
	if got := queue.account.Stats.Messages.Load(); got != 2 {
		t.Errorf("%d messages are queued, want those of one pair", got)
	}
	limits.Messages, limits.Bytes = 100, 3*pair[1].Size()
	if err := queue.EnqueueTogether(pair...); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull for too many bytes", err)
	}
	queue.Finish()
	if err := queue.EnqueueTogether(pair...); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
}

func TestSlowClientGetsEverything(t *testing.T) {
	conn, client := connect(t)
	limits := testLimits()
	limits.Bytes = 100 << 20
	stats := &queuebudget.Stats{}
	queue := New(conn, limits, stats)
	defer queue.Close()
	waiting := fillSocket(t, queue)
	queue.Finish(wsframe.Text([]byte("last")), wsframe.Close(1000, ""))
	for range waiting {
		expect(t, client, strings.Repeat("x", 100<<10))
	}
	expect(t, client, "last")
	if _, _, err := client.ReadMessage(); !websocket.IsCloseError(err, 1000) {
		t.Errorf("got %v, want a close frame", err)
	}
	_, _ = io.Copy(io.Discard, client.NetConn()) // to the end, when written messages are not counted any more
	if stats.Messages.Load() != 0 || stats.Bytes.Load() != 0 {
		t.Errorf("%d messages and %d bytes are queued after everything was read", stats.Messages.Load(), stats.Bytes.Load())
	}
}

// An aborted client receives whole frames up to the last message, and none of those that were queued.
func TestAbortKeepsFramesWhole(t *testing.T) {
	conn, client := connect(t)
	limits := testLimits()
	limits.Bytes = 100 << 20
	queue := New(conn, limits, &queuebudget.Stats{})
	defer queue.Close()
	sent := fillSocket(t, queue)
	for range socketwrite.MaxBytes/(100<<10) + 2 { // more than the batch that is being written, which Abort does not drop
		sent++
		if err := queue.Enqueue(wsframe.Text([]byte(strings.Repeat("x", 100<<10)))); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		if err := queue.Enqueue(wsframe.Text([]byte("dropped"))); err != nil {
			t.Fatal(err)
		}
	}
	queue.Abort(wsframe.Text([]byte("last words")))
	for received := 0; ; received++ {
		_, payload, err := client.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if string(payload) == "last words" {
			return
		}
		if len(payload) != 100<<10 || received > sent {
			t.Fatalf("got %.40q, the message %d of %d", payload, received, sent)
		}
	}
}

func TestWriteTimeoutClosesTheConnection(t *testing.T) {
	conn, client := connect(t)
	limits := testLimits()
	limits.Bytes, limits.WriteTimeout = 100<<20, 50*time.Millisecond
	stats := &queuebudget.Stats{}
	queue := New(conn, limits, stats)
	if err := queue.Send(wsframe.Text(make([]byte, 50<<20))); err != nil { // more than a socket takes that nobody reads
		t.Fatal(err)
	}
	// The server's own read ends after the write timeout.
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want a closed connection", err)
	}
	if err := queue.Send(wsframe.Text(nil)); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v, want ErrClosed", err)
	}
	queue.Close()
	if stats.Messages.Load() != 0 {
		t.Errorf("%d messages are queued after the close", stats.Messages.Load())
	}
	_ = client.Close()
}

// A client that reads slowly and steadily is not cut off.
func TestSteadyClientIsNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe() // without any buffer between the two
		limits := testLimits()
		queue := New(server, limits, &queuebudget.Stats{})
		defer queue.Close()
		const size = 4000
		if err := queue.Send(wsframe.Text([]byte(strings.Repeat("x", size)))); err != nil {
			t.Fatal(err)
		}
		for read := 0; read < size; {
			time.Sleep(limits.WriteTimeout - 1)
			n, err := client.Read(make([]byte, size/10))
			if err != nil {
				t.Fatalf("cut off after %d bytes: %v", read, err)
			}
			read += n
		}
	})
}

func TestFinishWaitsForTheClientToClose(t *testing.T) {
	conn, client := connect(t)
	limits := testLimits()
	limits.CloseTimeout = 50 * time.Millisecond
	queue := New(conn, limits, &queuebudget.Stats{})
	queue.Finish()
	queue.Finish() // once is enough
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("got %v, want the read to end by its deadline", err)
	}
	queue.Close()
	if _, _, err := client.ReadMessage(); err == nil {
		t.Error("the client's read goes on")
	}
}

// A pipe is no socket: every write goes through the goroutine.
func TestConnectionWithoutDescriptor(t *testing.T) {
	server, client := net.Pipe()
	queue := New(server, testLimits(), &queuebudget.Stats{})
	if err := queue.Send(wsframe.Text([]byte("hello"))); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 7)
	if _, err := client.Read(buffer); err != nil || string(buffer) != "\x81\x05hello" {
		t.Errorf("got %q, %v", buffer, err)
	}
	queue.Finish()
	if _, err := client.Read(buffer); err == nil {
		t.Error("the connection is still open")
	}
	queue.Close()
}

func TestEnqueueFromManyGoroutines(t *testing.T) {
	conn, client := connect(t)
	limits := testLimits()
	limits.Messages = 1 << 20
	queue := New(conn, limits, &queuebudget.Stats{})
	const goroutines, each = 8, 500
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for i := range each {
				if err := queue.Send(wsframe.Text(fmt.Appendf(nil, "%d %d", g, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var next [goroutines]int
	for range goroutines * each {
		_, payload, err := client.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		var g, i int
		if _, err := fmt.Sscanf(string(payload), "%d %d", &g, &i); err != nil || next[g] != i {
			t.Fatalf("got %q, want number %d of its goroutine", payload, next[g])
		}
		next[g]++
	}
	group.Wait()
	queue.Close()
}

func BenchmarkSend(b *testing.B) {
	for _, waiting := range []int{1, 16} {
		b.Run(fmt.Sprintf("%d-messages", waiting), func(b *testing.B) {
			conn, client := connect(b)
			go func() {
				buffer := make([]byte, 1<<20)
				for {
					if _, err := client.NetConn().Read(buffer); err != nil {
						return
					}
				}
			}()
			queue := New(conn, testLimits(), &queuebudget.Stats{})
			defer queue.Close()
			message := wsframe.Text([]byte(strings.Repeat("x", 1000)))
			b.ReportAllocs()
			for b.Loop() {
				for range waiting {
					for queue.Enqueue(message) != nil {
						queue.Flush()
					}
				}
				queue.Flush()
			}
		})
	}
}
