package engineio

import "errors"

// receive acts on a packet, and ends the session if something is wrong with it. After the session's end it does nothing.
func (s *Session) receive(p packet) error {
	s.talking.Lock()
	defer s.talking.Unlock()
	if s.ending.Load() != nil {
		return nil
	}
	err := s.act(p)
	if err != nil {
		s.Close(endMalformed(err))
	}
	return err
}

func (s *Session) act(p packet) error {
	switch p.kind {
	case packetMessage:
		return s.conversation.Message(p.binary, p.data)
	case packetPing, packetPong:
		return s.receiveHeartbeat(p.kind)
	case packetClose:
		s.Close(endClientClosed)
		return nil
	case packetNoop:
		return nil
	default:
		return errors.New("packet type: a client may send only 1, 2, 3, 4 and 6 here")
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
