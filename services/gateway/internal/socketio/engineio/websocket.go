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
		Refuse:           func(w http.ResponseWriter, _ int, reason error) { badRequest(reason.Error()).write(w) },
	}
}

// receiveFrame acts on what a WebSocket client sent. After the session's end it is read only so that the client can read what was sent last.
func (s *Session) receiveFrame(binary bool, frame []byte) {
	if s.ending.Load() != nil {
		return
	}
	decoded, err := decodeText(frame)
	if binary {
		decoded, err = decodeBinary(s.revision, frame)
	}
	if err == nil {
		err = s.receive(decoded)
	}
	if err != nil {
		s.Close(endMalformed(err))
	}
}

// endOf tells why the session ends when nothing more is read from its socket.
func endOf(socket wsconn.End) Ending {
	if socket.Gone {
		return endClientClosed
	}
	return Ending{Reason: "transport error", Code: socket.Code, Detail: socket.Words}
}
