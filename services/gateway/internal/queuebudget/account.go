package queuebudget

// Budget limits the queues of several clients together. It is called with a queue's lock held, so it must not block.
type Budget interface {
	// Add adds queued bytes, or subtracts them.
	Add(bytes int)
	// IsSpent reports whether the budget is exceeded.
	IsSpent() bool
}

// BytesBeyondBudget is how many bytes each client may have in its queue even if its budget is exceeded.
const BytesBeyondBudget = 64 << 10

// Account is what one queue has, counted in the stats of all and in a budget. It is guarded by the queue's lock.
type Account struct {
	Stats  *Stats
	Queued int // bytes in the queue

	budget  Budget // nil until Share
	sending int    // bytes that are held outside the queue until the client has read them
	unread  int    // of these, what the kernel holds
}

// Share counts the account in a budget, and limits it to BytesBeyondBudget while that is exceeded. It is called at most once.
func (a *Account) Share(budget Budget) {
	a.budget = budget
	budget.Add(a.Queued + a.sending)
}

// MaxQueued is how many bytes a queue may have now that by itself may have so many.
func (a *Account) MaxQueued(most int) int {
	most = min(most, a.Stats.share())
	if a.budget != nil && a.budget.IsSpent() {
		return min(most, BytesBeyondBudget)
	}
	return most
}

// CountQueued counts messages and bytes that are added to the queue, or removed.
func (a *Account) CountQueued(messages, bytes int) {
	a.Queued += bytes
	a.Stats.Messages.Add(int64(messages))
	a.Stats.Bytes.Add(int64(bytes))
	if a.budget != nil {
		a.budget.Add(bytes)
	}
}

// CountSending counts bytes that were taken from the queue and are held until the client has read them, or subtracts them.
func (a *Account) CountSending(bytes int) {
	a.sending += bytes
	a.Stats.Sending.Add(int64(bytes))
	if a.budget != nil {
		a.budget.Add(bytes)
	}
}

// CountUnread counts what the kernel holds for a client that does not read; 0 once it reads.
func (a *Account) CountUnread(bytes int) {
	a.CountSending(bytes - a.unread)
	a.unread = bytes
}
