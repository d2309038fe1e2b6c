package ratelimit

import (
	"fmt"
	"sync/atomic"
)

// Usage is what the subscriptions of a connection use of its address's limits.
type Usage struct {
	Subscriptions int
	Bytes         int // of memory
}

func (u Usage) plus(other Usage) Usage {
	return Usage{u.Subscriptions + other.Subscriptions, u.Bytes + other.Bytes}
}

func (u Usage) minus(other Usage) Usage {
	return Usage{u.Subscriptions - other.Subscriptions, u.Bytes - other.Bytes}
}

// checkUsage returns ErrTooManySubscriptions if so many subscriptions would exceed the limits of an address. It is called with the lock held.
func (g *Guard) checkUsage(from *address, count, bytes int) error {
	used, mostSubscriptions, mostBytes := from.usage, g.limits.Subscriptions*from.network.Factor, g.limits.SubscriptionBytes*from.network.Factor
	switch {
	case used.Subscriptions >= mostSubscriptions:
		g.metrics.subscriptions.Inc()
		return fmt.Errorf("%w: there are %d from %s, and no more are allowed", ErrTooManySubscriptions, used.Subscriptions, from.network.Describe())
	case used.Subscriptions+count > mostSubscriptions:
		g.metrics.subscriptions.Inc()
		return fmt.Errorf("%w: there are %d from %s, these would be %d more, and no more than %d are allowed", ErrTooManySubscriptions,
			used.Subscriptions, from.network.Describe(), count, mostSubscriptions)
	case used.Bytes+bytes > mostBytes:
		g.metrics.subscriptionBytes.Inc()
		return fmt.Errorf("%w: those from %s take %d bytes of memory, this one would take %d, and no more than %d are allowed", ErrTooManySubscriptions,
			from.network.Describe(), used.Bytes, bytes, mostBytes)
	}
	return nil
}

// QueueBudget implements queuebudget.Budget for the queues of all clients of an address, and of its wider networks. Its methods may be called from any
// goroutine, and do not block.
type QueueBudget struct {
	maxBytes int64 // 0 for no limit
	waiting  atomic.Int64
	wider    *QueueBudget // nil if there is none
}

// Add adds queued bytes, or subtracts them.
func (q *QueueBudget) Add(bytes int) {
	for ; q != nil; q = q.wider {
		q.waiting.Add(int64(bytes))
	}
}

// IsSpent reports whether the budget is exceeded.
func (q *QueueBudget) IsSpent() bool {
	for ; q != nil; q = q.wider {
		if q.maxBytes > 0 && q.waiting.Load() > q.maxBytes {
			return true
		}
	}
	return false
}
