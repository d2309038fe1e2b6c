package queuebudget

import "sync/atomic"

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
	// LeastShare is how many bytes each client may have in its queue whatever else waits, so that those who read are served.
	LeastShare = 16 << 10
)

// share is how many bytes a queue may have now.
func (s *Stats) share() int {
	if s.Limit == 0 {
		return int(^uint(0) >> 1)
	}
	//mutate:total-ignored
	return max(LeastShare, s.rest()/shareOfRest)
}

// rest is what is left of the limit.
func (s *Stats) rest() int { return s.Limit - int(s.Waiting()) }

// Waiting is how many bytes wait for all clients.
func (s *Stats) Waiting() int64 { return s.Bytes.Load() + s.Sending.Load() }

// HasRoom reports whether the limit has room for a further client, which is counted as refused otherwise. When it was exhausted, so that nobody may have more
// than LeastShare, an eighth of it has to be free again.
func (s *Stats) HasRoom() bool {
	if s.Limit == 0 {
		return true
	}
	least := LeastShare * shareOfRest
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
