package outbox

// Budget is what may wait for several clients together. It is called under the outboxes' locks, so it must not wait for anything.
type Budget interface {
	// Waits is told of so many bytes more that wait, or fewer.
	Waits(bytes int)
	// IsSpent tells whether more waits than may.
	IsSpent() bool
}

// ownBytes is how many bytes may wait for a client whatever waits for those that it shares a budget with.
const ownBytes = 64 << 10

// ShareBudget counts what waits in a budget, and lets no more than 64 KiB wait while that is spent. It is called once at most.
func (o *Outbox) ShareBudget(budget Budget) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.budget = budget
	budget.Waits(o.bytes)
}

// mostBytes is how many bytes may wait now. It is called under the lock.
func (o *Outbox) mostBytes() int {
	if o.budget != nil && o.budget.IsSpent() {
		return min(o.limits.Bytes, ownBytes)
	}
	return o.limits.Bytes
}

// waits counts what waits more, or less. It is called under the lock.
func (o *Outbox) waits(messages, bytes int) {
	o.bytes += bytes
	o.stats.waits(messages, bytes)
	if o.budget != nil {
		o.budget.Waits(bytes)
	}
}
