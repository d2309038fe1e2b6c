package sendqueue

import (
	"sync/atomic"
)

// Budget limits the queues of several clients together. It is called with a queue's lock held, so it must not block.
type Budget interface {
	// Add adds queued bytes, or subtracts them.
	Add(bytes int)
	// IsSpent reports whether the budget is exceeded.
	IsSpent() bool
}

// bytesBeyondBudget is how many bytes each client may have in its queue even if the budget is exceeded.
const bytesBeyondBudget = 64 << 10

// ShareBudget counts the queue in a budget, and limits it to bytesBeyondBudget while that is exceeded. It is called at most once.
func (q *Queue) ShareBudget(budget Budget) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.budget = budget
	budget.Add(q.bytes)
}

// maxBytes is the present limit of bytes. It is called with the lock held.
func (q *Queue) maxBytes() int {
	if q.budget != nil && q.budget.IsSpent() {
		return min(q.limits.Bytes, bytesBeyondBudget)
	}
	return q.limits.Bytes
}

// countQueued counts messages and bytes that are added, or removed. It is called with the lock held.
func (q *Queue) countQueued(messages, bytes int) {
	q.bytes += bytes
	q.stats.add(messages, bytes)
	if q.budget != nil {
		q.budget.Add(bytes)
	}
}

// Stats sum up the queues of a server.
type Stats struct {
	Messages atomic.Int64 // queued now
	Bytes    atomic.Int64 // queued now
	Blocked  atomic.Int64 // times that a client's socket buffer was full
}

func (s *Stats) add(messages, bytes int) {
	s.Messages.Add(int64(messages))
	s.Bytes.Add(int64(bytes))
}

func (s *Stats) addBlocked() { s.Blocked.Add(1) }
