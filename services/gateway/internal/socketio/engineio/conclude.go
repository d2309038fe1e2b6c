package engineio

import "time"

// overtakenTime is how long a poll may take that the client's close packet has overtaken.
const overtakenTime = time.Second

// conclude ends a session that polls carry. The conversation ends at once; the client has some time to ask for its last packets.
func (s *Session) conclude() {
	defer s.leave()
	s.endConversation()
	ending := s.ending.Load()
	patience := s.server.cfg.Queue.CloseTimeout
	switch {
	case ending.final:
		s.polling.leave()
	case ending.lastPacket() == packetNoop:
		patience = min(patience, overtakenTime)
	}
	tooLate := time.NewTimer(patience)
	defer tooLate.Stop()
	select {
	case <-s.polling.farewell:
	case <-tooLate.C:
		s.polling.leave()
	}
	s.out.Close()
	s.polling.probing.Wait()
}

// isOver tells whether a session that has ended is not even there to say so.
func (s *Session) isOver() bool {
	ending := s.ending.Load()
	return ending != nil && (s.polling == nil || ending.final || s.polling.isOver())
}

// cutOff ends a session without regard to what its client still has to learn.
func (s *Session) cutOff() {
	if s.polling != nil {
		s.polling.leave()
	}
	s.out.Close()
}
