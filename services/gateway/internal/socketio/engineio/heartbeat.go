package engineio

import (
	"sync"
	"time"
)

// heartbeat ends the session of a client that is gone without a word. In revision 3 the client pings, and is gone when no ping came for interval and
// timeout together; in revision 4 the server pings, and the client is gone when the answer takes longer than the timeout.
type heartbeat struct {
	mu           sync.Mutex
	timer        *time.Timer // nil when stopped
	due          time.Time   // when the client, or a ping to it, is too late
	awaitingPong bool
}

func (s *Session) startHeartbeat() {
	s.heartbeat.mu.Lock()
	defer s.heartbeat.mu.Unlock()
	s.heartbeat.due = time.Now().Add(s.quietTime())
	s.heartbeat.timer = time.AfterFunc(s.quietTime(), s.wasQuiet)
}

// quietTime is how long nothing need be heard of the client.
func (s *Session) quietTime() time.Duration {
	if s.revision == Revision3 {
		return s.server.cfg.PingInterval + s.server.cfg.PingTimeout
	}
	return s.server.cfg.PingInterval
}

// postpone is called under the lock.
func (h *heartbeat) postpone(due time.Time) {
	h.due = due
	h.timer.Reset(time.Until(due))
}

// heard notes that the client has done its part. That does not count for one that sends heartbeats, but does not poll.
func (s *Session) heard() {
	if s.polling != nil && s.polling.isNeglected(s.server.cfg.PingInterval) {
		return
	}
	s.heartbeat.mu.Lock()
	defer s.heartbeat.mu.Unlock()
	if s.heartbeat.timer != nil {
		s.heartbeat.awaitingPong = false
		s.heartbeat.postpone(time.Now().Add(s.quietTime()))
	}
}

// wasQuiet is called when the heartbeat is due, and whenever it could be: a timer may be late.
func (s *Session) wasQuiet() {
	s.heartbeat.mu.Lock()
	defer s.heartbeat.mu.Unlock()
	switch {
	case s.heartbeat.timer == nil:
	case time.Now().Before(s.heartbeat.due):
		s.heartbeat.postpone(s.heartbeat.due)
	case s.revision == Revision3, s.heartbeat.awaitingPong && !s.out.Writing():
		s.Abort(endPingTimeout)
	case s.heartbeat.awaitingPong: // the ping waits behind other messages, and the queue watches whether the client reads
		s.heartbeat.postpone(time.Now().Add(s.server.cfg.PingTimeout))
	default:
		s.heartbeat.awaitingPong = true
		s.heartbeat.postpone(s.heartbeat.due.Add(s.server.cfg.PingTimeout))
		s.say(ping)
	}
}

func (s *Session) stopHeartbeat() {
	s.heartbeat.mu.Lock()
	defer s.heartbeat.mu.Unlock()
	s.heartbeat.timer.Stop()
	s.heartbeat.timer = nil
}
