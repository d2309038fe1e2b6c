package engineio

import "errors"

// receive acts on a packet, or has the conversation do so in its turn. It ends the session if something is wrong with the packet.
func (s *Session) receive(p packet) error {
	err := s.accept(p)
	if err != nil {
		s.Close(endMalformed(err))
	}
	return err
}

func (s *Session) accept(p packet) error {
	switch p.kind {
	case packetClose:
		s.leaving.Store(true)
		s.inbox.put(p, s.converse)
		return nil
	case packetMessage:
		s.inbox.put(p, s.converse)
		return nil
	case packetPing, packetPong:
		return s.receiveHeartbeat(p.kind)
	case packetNoop:
		return nil
	default:
		return errors.New("packet type: a client may send only 1, 2, 3, 4 and 6 here")
	}
}

// converse deals with what waits.
func (s *Session) converse() {
	for p, ok := s.inbox.take(); ok; p, ok = s.inbox.take() {
		s.act(p)
	}
}

// act does nothing after the session's end.
func (s *Session) act(p packet) {
	s.talking.Lock()
	defer s.talking.Unlock()
	if s.ending.Load() != nil {
		return
	}
	if p.kind == packetClose {
		s.Close(endClientClosed)
		return
	}
	if err := s.conversation.Message(p.binary, p.data); err != nil {
		s.Close(endMalformed(err))
	}
}

func (s *Session) receiveHeartbeat(kind packetKind) error {
	if (kind == packetPing) != (s.revision == Revision3) {
		return errors.New("packet type: in revision 3 the client pings (2), in revision 4 the server (answered by 3)")
	}
	s.heard()
	if kind == packetPing {
		s.say(pong)
	}
	return nil
}
