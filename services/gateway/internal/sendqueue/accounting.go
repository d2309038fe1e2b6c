package sendqueue

import "sync/atomic"

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
	budget.Add(q.bytes + q.sending)
}

// maxBytes is the present limit of bytes. It is called with the lock held.
func (q *Queue) maxBytes() int {
	most := min(q.limits.Bytes, q.stats.share())
	if q.budget != nil && q.budget.IsSpent() {
		return min(most, bytesBeyondBudget)
	}
	return most
}

// countQueued counts messages and bytes that are added, or removed. It is called with the lock held.
func (q *Queue) countQueued(messages, bytes int) {
	q.bytes += bytes
	q.stats.Messages.Add(int64(messages))
	q.stats.Bytes.Add(int64(bytes))
	if q.budget != nil {
		q.budget.Add(bytes)
	}
}

// CountSending counts bytes that were taken from the queue and are held until the client has read them, or subtracts them.
func (q *Queue) CountSending(bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.countSending(bytes)
}

func (q *Queue) countSending(bytes int) {
	q.sending += bytes
	q.stats.Sending.Add(int64(bytes))
	if q.budget != nil {
		q.budget.Add(bytes)
	}
}

// countUnread counts what the kernel holds for a client that does not read; 0 once it reads. It is called with the lock held.
func (q *Queue) countUnread(bytes int) {
	q.countSending(bytes - q.unread)
	q.unread = bytes
}

// Stats sum up the queues of a server, and limit them together.
type Stats struct {
	Limit    int          // of what waits, in bytes; 0 for none
	Messages atomic.Int64 // queued now
	Bytes    atomic.Int64 // queued now
	Sending  atomic.Int64 // bytes that are held outside the queues until clients read them, by the kernel among others
	Blocked  atomic.Int64 // times that a client's socket buffer was full

	Curtailed atomic.Int64 // times that a queue took no more though its own limits would have allowed it
	Refused   atomic.Int64 // clients
	isFull    atomic.Bool  // HasRoom has returned false
}

const (
	// shareOfRest is the part of what is left of the limit that each queue may have. Queues that grow meet where they have all but a little of it (the dynamic
	// thresholds of Choudhury and Hahne, IEEE/ACM Transactions on Networking 6, 1998): the longest stop first, and there is always something for others.
	shareOfRest = 64
	// leastShare is how many bytes each client may have in its queue whatever else waits, so that those who read are served.
	leastShare = 16 << 10
)

// share is how many bytes a queue may have now.
func (s *Stats) share() int {
	if s.Limit == 0 {
		return int(^uint(0) >> 1)
	}
	//mutate:total-ignored
	return max(leastShare, s.rest()/shareOfRest)
}

// rest is what is left of the limit.
func (s *Stats) rest() int { return s.Limit - int(s.Waiting()) }

// Waiting is how many bytes wait for all clients.
func (s *Stats) Waiting() int64 { return s.Bytes.Load() + s.Sending.Load() }

// HasRoom reports whether the limit has room for a further client, which is counted as refused otherwise. When it was exhausted, so that nobody may have more
// than leastShare, an eighth of it has to be free again.
func (s *Stats) HasRoom() bool {
	if s.Limit == 0 {
		return true
	}
	least := leastShare * shareOfRest
	if s.isFull.Load() {
		least = max(least, s.Limit/8)
	}
	isFull := s.rest() <= least
	s.isFull.Store(isFull)
	if isFull {
		s.Refused.Add(1)
	}
	return !isFull
}
