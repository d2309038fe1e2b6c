package engineio

import (
	"net/http"

	"atlasstream/services/gateway/internal/wsconn"
)

func socketSettings(cfg *Config) *wsconn.Settings {
	return &wsconn.Settings{
		MaxMessage:       int64(cfg.MaxPayload),
		HandshakeTimeout: cfg.Queue.WriteTimeout,
		Limits:           &cfg.Queue,
		Stats:            cfg.Stats,
		Refuse: func(w http.ResponseWriter, _ int, reason error) {
			badRequest(reason.Error()).write(w, cfg.Queue.WriteTimeout)
		},
	}
}

// run reads from the socket until the session has ended.
func (s *Session) run(socket *wsconn.Conn) {
	s.concludeOn(socket, socket.ReadAll(s.admits, s.receiveFrame))
}

// concludeOn ends a session when nothing more is read from its socket.
func (s *Session) concludeOn(socket *wsconn.Conn, end wsconn.End) {
	defer s.leave()
	defer socket.Close()
	s.Close(endOf(end))
	s.endConversation()
	socket.Drain()
}

// receiveFrame acts on what a WebSocket client sent. After the session's end it is read only so that the client can read what was sent last.
func (s *Session) receiveFrame(binary bool, frame []byte) {
	decoded, err := s.decodeFrame(binary, frame)
	if err != nil {
		s.Close(endMalformed(err))
		return
	}
	_ = s.receive(decoded) // which has ended the session
}

func (s *Session) decodeFrame(binary bool, frame []byte) (packet, error) {
	if binary {
		return decodeBinary(s.revision, frame)
	}
	return decodeText(frame)
}

// endOf tells why the session ends when nothing more is read from its socket.
func endOf(socket wsconn.End) Ending {
	if socket.Gone {
		return endClientClosed
	}
	return Ending{Reason: endTransportError.Reason, Code: socket.Code, Detail: socket.Words}
}
