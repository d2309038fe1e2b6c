package sendqueue

// Budget is what may wait for several clients together. It is called under the queues' locks, so it must not wait for anything.
type Budget interface {
	// Waits is told of so many bytes more that wait, or fewer.
	Waits(bytes int)
	// IsSpent tells whether more waits than may.
	IsSpent() bool
}

// ownBytes is how many bytes may wait for a client whatever waits for those that it shares a budget with.
const ownBytes = 64 << 10

// ShareBudget counts what waits in a budget, and lets no more than 64 KiB wait while that is spent. It is called once at most.
func (q *Queue) ShareBudget(budget Budget) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.budget = budget
	budget.Waits(q.bytes)
}

// mostBytes is how many bytes may wait now. It is called under the lock.
func (q *Queue) mostBytes() int {
	if q.budget != nil && q.budget.IsSpent() {
		return min(q.limits.Bytes, ownBytes)
	}
	return q.limits.Bytes
}

// waits counts what waits more, or less. It is called under the lock.
func (q *Queue) waits(messages, bytes int) {
	q.bytes += bytes
	q.stats.waits(messages, bytes)
	if q.budget != nil {
		q.budget.Waits(bytes)
	}
}
