package engineio

import (
	"sync"
	"time"

	"atlasstream/services/gateway/internal/wsframe"
)

// heartbeat ends the session of a client that is silently gone. In revision 3 the client pings, and is gone after interval and timeout without a ping; in
// revision 4 the server pings, and the client is gone if the answer takes longer than the timeout.
type heartbeat struct {
	mu           sync.Mutex
	timer        *time.Timer // nil when stopped
	due          time.Time   // when to ping the client, or when its ping or pong is late
	awaitingPong bool
}

func (s *Session) startHeartbeat() {
	s.heartbeat.mu.Lock()
	defer s.heartbeat.mu.Unlock()
	s.heartbeat.due = time.Now().Add(s.quietTime())
	s.heartbeat.timer = time.AfterFunc(s.quietTime(), s.checkHeartbeat)
}

// quietTime is how long the client may be silent.
func (s *Session) quietTime() time.Duration {
	if s.revision == Revision3 {
		return s.server.cfg.PingInterval + s.server.cfg.PingTimeout
	}
	return s.server.cfg.PingInterval
}

// postpone is called with the lock held.
func (h *heartbeat) postpone(due time.Time) {
	h.due = due
	h.timer.Reset(time.Until(due))
}

// heard notes a heartbeat of the client. It does not count for a client that sends heartbeats but does not poll.
func (s *Session) heard() {
	if s.polling != nil && s.polling.isOverdue(s.server.cfg.PingInterval) {
		return
	}
	s.heartbeat.mu.Lock()
	defer s.heartbeat.mu.Unlock()
	if s.heartbeat.timer != nil {
		s.heartbeat.awaitingPong = false
		s.heartbeat.postpone(time.Now().Add(s.quietTime()))
	}
}

// checkHeartbeat is called when the heartbeat is due, and with each request, as a timer may be late.
func (s *Session) checkHeartbeat() {
	s.heartbeat.mu.Lock()
	defer s.heartbeat.mu.Unlock()
	switch {
	case s.heartbeat.timer == nil:
	case time.Now().Before(s.heartbeat.due):
		s.heartbeat.postpone(s.heartbeat.due)
	case s.revision == Revision3, s.heartbeat.awaitingPong && !s.out.Writing():
		s.Abort(reasonPingTimeout)
	case s.heartbeat.awaitingPong: // the ping is queued behind other messages, and the queue detects a client that does not read
		s.heartbeat.postpone(time.Now().Add(s.server.cfg.PingTimeout))
	default:
		s.heartbeat.awaitingPong = true
		s.heartbeat.postpone(s.heartbeat.due.Add(s.server.cfg.PingTimeout))
		s.sendHeartbeat(ping)
	}
}

func (s *Session) stopHeartbeat() {
	s.heartbeat.mu.Lock()
	defer s.heartbeat.mu.Unlock()
	s.heartbeat.timer.Stop()
	s.heartbeat.timer = nil
}

// sendHeartbeat sends a heartbeat, unless the queue is full: then the queue detects whether the client reads.
func (s *Session) sendHeartbeat(message *wsframe.Message) {
	_ = s.EnqueueControl(message)
	s.Flush()
}
