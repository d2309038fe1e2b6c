package engineio

import "errors"

// receive handles a packet, or queues it for the conversation. It closes the session if the packet is invalid.
func (s *Session) receive(p packet) error {
	err := s.accept(p)
	if err != nil {
		s.Close(malformedReason(err))
	}
	return err
}

func (s *Session) accept(p packet) error {
	switch p.kind {
	case packetClose:
		s.clientClosing.Store(true)
		s.inbox.put(p, s.handleInbox)
		return nil
	case packetMessage:
		s.inbox.put(p, s.handleInbox)
		return nil
	case packetPing, packetPong:
		return s.receiveHeartbeat(p.kind)
	case packetNoop:
		return nil
	default:
		return errors.New("packet type: a client may send only 1, 2, 3, 4 and 6 here")
	}
}

// handleInbox handles queued packets until there are none.
func (s *Session) handleInbox() {
	for p, ok := s.inbox.take(); ok; p, ok = s.inbox.take() {
		s.handle(p)
	}
}

// handle handles a queued packet, unless the session has ended.
func (s *Session) handle(p packet) {
	s.conversationMu.Lock()
	defer s.conversationMu.Unlock()
	if s.closeReason.Load() != nil {
		return
	}
	if p.kind == packetClose {
		s.Close(reasonTransportClose)
		return
	}
	if err := s.conversation.Message(p.binary, p.data); err != nil {
		s.Close(malformedReason(err))
	}
}

func (s *Session) receiveHeartbeat(kind packetKind) error {
	if (kind == packetPing) != (s.revision == Revision3) {
		return errors.New("packet type: in revision 3 the client pings (2), in revision 4 the server (answered by 3)")
	}
	s.heard()
	if kind == packetPing {
		s.sendHeartbeat(pong)
	}
	return nil
}
