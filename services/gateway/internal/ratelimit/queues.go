package ratelimit

import "sync/atomic"

// QueueBudget is what waits for the clients of an address together, and of the wider networks that it is counted in. Its methods may be called from any
// goroutine, and wait for nothing.
type QueueBudget struct {
	maxBytes int64 // bytes; 0 for any number
	waiting  atomic.Int64
	wider    *QueueBudget // nil if there is none
}

// Waits counts so many bytes more, or fewer.
func (q *QueueBudget) Waits(bytes int) {
	for ; q != nil; q = q.wider {
		q.waiting.Add(int64(bytes))
	}
}

// IsSpent tells whether more waits than may.
func (q *QueueBudget) IsSpent() bool {
	for ; q != nil; q = q.wider {
		if q.maxBytes > 0 && q.waiting.Load() > q.maxBytes {
			return true
		}
	}
	return false
}
