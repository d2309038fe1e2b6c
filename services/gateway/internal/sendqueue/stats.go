package sendqueue

import "sync/atomic"

// Stats sums up the queues of a server.
type Stats struct {
	Messages atomic.Int64 // waiting now
	Bytes    atomic.Int64 // waiting now
	Blocked  atomic.Int64 // times that a client's socket had no room
}

func (s *Stats) waits(messages, bytes int) {
	s.Messages.Add(int64(messages))
	s.Bytes.Add(int64(bytes))
}

func (s *Stats) blocks() { s.Blocked.Add(1) }
