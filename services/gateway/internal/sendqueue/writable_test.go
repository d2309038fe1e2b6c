package sendqueue

import (
	"errors"
	"testing"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/wsframe"
)

//notices:queue-reserve-used
func TestWritableAgainAtAQuarter(t *testing.T) {
	q := NewUnconnected(&Limits{Bytes: 1000, Messages: 8}, &queuebudget.Stats{}, func() {})
	message := wsframe.Text([]byte("x"))
	offer := func(times int) {
		t.Helper()
		for range times {
			if err := q.Enqueue(message); err != nil {
				t.Fatal(err)
			}
		}
	}
	offer(4)
	if room, err := q.Writable(); room != nil || err != nil {
		t.Fatalf("at half: got %v, %v, want room", room, err)
	}
	offer(1)
	room, err := q.Writable()
	if room == nil || err != nil {
		t.Fatalf("beyond half: got %v, %v, want none", room, err)
	}
	q.Take(2)
	if isClosed(room) {
		t.Fatal("the queue is writable when more than a quarter full")
	}
	q.Take(1)
	if !isClosed(room) {
		t.Fatal("the queue is not writable when a quarter full")
	}
}

//notices:queue-reserve-used
func TestWritableIsBoundedInBytes(t *testing.T) {
	long := wsframe.Text(make([]byte, 300))
	q := NewUnconnected(&Limits{Bytes: 1000, Messages: 100}, &queuebudget.Stats{}, func() {})
	_, _ = q.Enqueue(long), q.Enqueue(long)
	room, err := q.Writable()
	if room == nil || err != nil {
		t.Fatalf("beyond half: got %v, %v, want none", room, err)
	}
	if q.Take(1); isClosed(room) {
		t.Fatal("the queue is writable when more than a quarter full")
	}
	if q.Take(1); !isClosed(room) {
		t.Fatal("the queue is not writable when empty")
	}
}

func TestWritableEndsWithTheQueue(t *testing.T) {
	for name, end := range map[string]func(*Queue){
		"finish": func(q *Queue) { q.Finish() }, "abort": func(q *Queue) { q.Abort() }, "close": (*Queue).Close,
	} {
		t.Run(name, func(t *testing.T) {
			q := NewUnconnected(&Limits{Bytes: 1000, Messages: 1}, &queuebudget.Stats{}, func() {})
			_ = q.Enqueue(wsframe.Text(nil))
			room, _ := q.Writable()
			end(q)
			if !isClosed(room) {
				t.Error("the channel is not closed")
			}
			if _, err := q.Writable(); !errors.Is(err, ErrClosed) {
				t.Errorf("got %v, want ErrClosed", err)
			}
		})
	}
}

func isClosed(room <-chan struct{}) bool {
	select {
	case <-room:
		return true
	default:
		return false
	}
}

// The limits of messages and bytes are a quarter higher for control messages.
func TestControlMessagesHaveHigherLimits(t *testing.T) {
	for name, test := range map[string]struct {
		limits       Limits
		offers, more int
	}{
		"messages":     {Limits{Bytes: 1 << 20, Messages: 8}, 8, 2},
		"few messages": {Limits{Bytes: 1 << 20, Messages: 2}, 2, 1},
		"bytes":        {Limits{Bytes: 1000, Messages: 100}, 10, 2},
	} {
		t.Run(name, func(t *testing.T) {
			q := NewUnconnected(&test.limits, &queuebudget.Stats{}, func() {})
			message := wsframe.Text(make([]byte, 98)) // with its frame, 100 bytes
			count := func(enqueue func(*wsframe.Message) error) (taken int) {
				for enqueue(message) == nil {
					taken++
				}
				return taken
			}
			if offers, more := count(q.Enqueue), count(q.EnqueueControl); offers != test.offers || more != test.more {
				t.Errorf("took %d records and %d control messages, want %d and %d", offers, more, test.offers, test.more)
			}
		})
	}
}
