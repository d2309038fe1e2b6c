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
	s.closeWebSocket(socket, socket.ReadAll(s.admits, s.receiveFrame))
}

// closeWebSocket ends a session after the last read from its WebSocket.
func (s *Session) closeWebSocket(socket *wsconn.Conn, end wsconn.End) {
	defer s.release()
	defer socket.Close()
	s.Close(closeReasonOf(end))
	s.endConversation()
	socket.Drain()
}

// receiveFrame handles a frame of the client. After the session's end frames are read only so that the client can read the last messages.
func (s *Session) receiveFrame(binary bool, frame []byte) {
	decoded, err := s.decodeFrame(binary, frame)
	if err != nil {
		s.Close(malformedReason(err))
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

// closeReasonOf returns the reason for a session's end by the end of its WebSocket.
func closeReasonOf(socket wsconn.End) CloseReason {
	if socket.Gone {
		return reasonTransportClose
	}
	return CloseReason{Name: reasonTransportError.Name, Code: socket.Code, Detail: socket.Text}
}
