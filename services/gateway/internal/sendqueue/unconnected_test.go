package sendqueue

import (
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/wsframe"
)

// unconnected makes a queue without a connection, and a channel that has an element when there is something to take.
func unconnected(limits *Limits, stats *queuebudget.Stats) (*Queue, <-chan struct{}) {
	woken := make(chan struct{}, 1)
	return NewUnconnected(limits, stats, func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	}), woken
}

func expectTaken(t *testing.T, queue *Queue, maxBytes int, wantMore bool, want ...string) {
	t.Helper()
	messages, more := queue.Take(maxBytes)
	var got []string
	for _, message := range messages {
		got = append(got, string(message.Payload()))
	}
	if !slices.Equal(got, want) || more != wantMore {
		t.Fatalf("got %q, more %v; want %q, %v", got, more, want, wantMore)
	}
}

func expectWoken(t *testing.T, woken <-chan struct{}, want bool) {
	t.Helper()
	select {
	case <-woken:
		if !want {
			t.Fatal("woken without a reason")
		}
	default:
		if want {
			t.Fatal("not woken")
		}
	}
}

func TestTakeIsBoundedInBytes(t *testing.T) {
	stats := &queuebudget.Stats{}
	queue, woken := unconnected(testLimits(), stats)
	queue.Flush()
	expectWoken(t, woken, false)
	for _, text := range []string{"aaa", "bbb", "ccccccc", "d"} {
		if err := queue.Enqueue(wsframe.Text([]byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	expectWoken(t, woken, false)
	queue.Flush()
	expectWoken(t, woken, true)
	if queue.Writing() {
		t.Error("a queue without a connection is writing")
	}
	expectTaken(t, queue, 6, true, "aaa", "bbb")
	expectTaken(t, queue, 6, true, "ccccccc")
	if stats.Messages.Load() != 1 || stats.Bytes.Load() != 3 {
		t.Errorf("stats: %d messages, %d bytes are queued", stats.Messages.Load(), stats.Bytes.Load())
	}
	expectTaken(t, queue, 0, true, "d")
	expectTaken(t, queue, 6, true)
}

func TestUnconnectedQueueHasLimits(t *testing.T) {
	limits := testLimits()
	limits.Messages = 2
	queue, _ := unconnected(limits, &queuebudget.Stats{})
	for range 2 {
		if err := queue.Enqueue(wsframe.Binary([]byte{1})); err != nil {
			t.Fatal(err)
		}
	}
	if err := queue.Enqueue(wsframe.Text([]byte("too much"))); !errors.Is(err, ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	if err := queue.Send(wsframe.Text([]byte("an answer"))); err != nil {
		t.Fatal(err)
	}
	if err := queue.Send(wsframe.Text([]byte("too much of that too"))); !errors.Is(err, ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	if messages, _ := queue.Take(1); len(messages) != 1 || !messages[0].Binary() || wsframe.Text(nil).Binary() {
		t.Errorf("got %v", messages)
	}
	_, _ = queue.Take(1)
	if err := queue.Enqueue(wsframe.Text([]byte("room again"))); err != nil {
		t.Fatal(err)
	}
}

// The last messages are taken like all others; frames for WebSockets only are not.
func TestEndsOfUnconnectedQueue(t *testing.T) {
	last := []*wsframe.Message{wsframe.Text([]byte("last")), wsframe.Close(1000, "bye")}
	for _, test := range []struct {
		name string
		end  func(*Queue)
		want []string
	}{
		{"finish", func(q *Queue) { q.Finish(last...) }, []string{"waits", "last"}},
		{"abort", func(q *Queue) { q.Abort(last...) }, []string{"last"}},
		{"finish without a word", func(q *Queue) { q.Finish() }, []string{"waits"}},
		{"close", func(q *Queue) { q.Close() }, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			stats := &queuebudget.Stats{}
			queue, woken := unconnected(testLimits(), stats)
			if err := queue.Enqueue(wsframe.Text([]byte("waits"))); err != nil {
				t.Fatal(err)
			}
			test.end(queue)
			expectWoken(t, woken, true)
			if err := queue.Enqueue(wsframe.Text(nil)); !errors.Is(err, ErrClosed) {
				t.Errorf("got %v, want ErrClosed", err)
			}
			for _, want := range test.want {
				messages, _ := queue.Take(1)
				if len(messages) != 1 || string(messages[0].Payload()) != want {
					t.Fatalf("got %v, want %q", messages, want)
				}
			}
			expectTaken(t, queue, 1, false)
			if stats.Messages.Load() != 0 || stats.Bytes.Load() != 0 {
				t.Errorf("stats: %d messages, %d bytes are queued", stats.Messages.Load(), stats.Bytes.Load())
			}
		})
	}
}

func TestAttachContinuesAfterTake(t *testing.T) {
	conn, client := connect(t)
	queue, woken := unconnected(testLimits(), &queuebudget.Stats{})
	defer queue.Close()
	for i := range 5 {
		if err := queue.Send(wsframe.Text(fmt.Append(nil, i))); err != nil {
			t.Fatal(err)
		}
	}
	expectTaken(t, queue, 2, true, "0", "1")
	<-woken
	queue.Connect(conn)
	if err := queue.Send(wsframe.Text([]byte("5"))); err != nil {
		t.Fatal(err)
	}
	for i := 2; i <= 5; i++ {
		expect(t, client, fmt.Sprint(i))
	}
	expectTaken(t, queue, 2, true)
	expectWoken(t, woken, false)
}

// Messages that are queued while others are taken, and while the connection is attached, are delivered once and in order.
func TestAttachWhileMessagesArrive(t *testing.T) {
	const messages = 3000
	conn, client := connect(t)
	limits := testLimits()
	limits.Messages = messages
	queue, woken := unconnected(limits, &queuebudget.Stats{})
	defer queue.Close()
	var offering sync.WaitGroup
	defer offering.Wait()
	offering.Go(func() {
		for i := range messages {
			if err := queue.Send(wsframe.Text(fmt.Append(nil, i))); err != nil {
				t.Error(err)
			}
		}
	})
	next := 0
	for next < messages/10 {
		<-woken
		taken, _ := queue.Take(100)
		for _, message := range taken {
			if string(message.Payload()) != fmt.Sprint(next) {
				t.Fatalf("took %q, want %d", message.Payload(), next)
			}
			next++
		}
		if len(taken) > 0 {
			queue.Flush() // so that the rest is taken too
		}
	}
	queue.Connect(conn)
	for ; next < messages; next++ {
		expect(t, client, fmt.Sprint(next))
	}
}

// Messages that wait for a slow client to read cannot be taken.
func TestNothingIsTakenFromAnAttachedQueue(t *testing.T) {
	server, client := net.Pipe()
	queue, _ := unconnected(testLimits(), &queuebudget.Stats{})
	defer queue.Close()
	queue.Connect(server)
	for _, text := range []string{"a", "b"} {
		if err := queue.Send(wsframe.Text([]byte(text))); err != nil {
			t.Fatal(err)
		}
	}
	expectTaken(t, queue, 10, true)
	queue.Finish()
	if got, err := io.ReadAll(client); err != nil || string(got) != "\x81\x01a\x81\x01b" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAttachAfterTheEnd(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*Queue)
		want string
	}{
		{"with last words", func(q *Queue) { q.Finish(wsframe.Text([]byte("last"))) }, "\x81\x04last"},
		{"when all is taken", func(q *Queue) { q.Finish(); q.Take(1) }, ""},
		{"when closed", func(q *Queue) { q.Close() }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			server, client := net.Pipe()
			queue, _ := unconnected(testLimits(), &queuebudget.Stats{})
			defer queue.Close()
			test.end(queue)
			queue.Connect(server)
			_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
			if got, err := io.ReadAll(client); err != nil || string(got) != test.want {
				t.Errorf("got %q, %v; want %q", got, err, test.want)
			}
		})
	}
}

func BenchmarkTake(b *testing.B) {
	queue := NewUnconnected(testLimits(), &queuebudget.Stats{}, func() {})
	message := wsframe.Text([]byte(strings.Repeat("x", 1000)))
	b.ReportAllocs()
	for b.Loop() {
		for range 16 {
			if err := queue.Enqueue(message); err != nil {
				b.Fatal(err)
			}
		}
		queue.Flush()
		queue.Take(100_000)
	}
}
