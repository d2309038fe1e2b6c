package sendqueue

import (
	"errors"
	"testing"

	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/wsframe"
)

// testBudget is a budget of maxBytes.
type testBudget struct{ maxBytes, waiting int }

func (p *testBudget) Add(bytes int) { p.waiting += bytes }
func (p *testBudget) IsSpent() bool { return p.waiting > p.maxBytes }

// The queues of clients that read nothing are bounded by their budget and a little for each, and a client that reads continues.
func TestAbuseByManyClientsThatReadNothing(t *testing.T) {
	const clients, bytes, budget, size = 100, 2 << 20, 4 << 20, 1000
	shared, message := &testBudget{maxBytes: budget}, wsframe.Text(make([]byte, size))
	idle := make([]*Queue, clients)
	for n := range idle {
		idle[n] = NewUnconnected(&Limits{Bytes: bytes, Messages: 10_000}, &queuebudget.Stats{}, func() {})
		idle[n].ShareBudget(shared)
	}
	for _, q := range idle {
		for q.Enqueue(message) == nil {
		}
	}
	if most := budget + clients*(queuebudget.BytesBeyondBudget+2*size); shared.waiting > most {
		t.Errorf("%d bytes are queued, want at most %d", shared.waiting, most)
	}
	reader := idle[clients-1]
	room, err := reader.Writable()
	if room == nil || err != nil {
		t.Fatalf("with %d bytes: got %v, %v, want no room", queuebudget.BytesBeyondBudget, room, err)
	}
	for !isClosed(room) {
		reader.Take(size)
	}
	if err := reader.Enqueue(message); err != nil {
		t.Errorf("once it has read: %v", err)
	}
	for _, q := range idle {
		q.Close()
	}
	if shared.waiting != 0 {
		t.Errorf("%d bytes are counted for closed queues", shared.waiting)
	}
}

// Whatever happens to queued messages, the budget counts them.
func TestBudgetFollowsTheQueue(t *testing.T) {
	shared, message := &testBudget{maxBytes: 1 << 20}, wsframe.Text(make([]byte, 98)) // with its frame, 100 bytes
	q := NewUnconnected(&Limits{Bytes: 1000, Messages: 100}, &queuebudget.Stats{}, func() {})
	offer := func(want error) {
		t.Helper()
		if err := q.Enqueue(message); !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	expect := func(want int) {
		t.Helper()
		if shared.waiting != want {
			t.Errorf("got %d bytes, want %d", shared.waiting, want)
		}
	}
	offer(nil)
	q.ShareBudget(shared)
	expect(100)
	offer(nil)
	q.Take(1)
	expect(100)
	_ = q.EnqueueTogether(message, message)
	expect(300)
	q.Abort(message)
	expect(100)
	q.Close()
	expect(0)
	offer(ErrClosed)
	q.Close()
	expect(0)
}
