package engineio

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/wsconn"
	"atlasstream/services/gateway/internal/wsframe"
)

var (
	probeAnswer    = wsframe.Text([]byte("3probe"))
	probeError     = wsframe.Close(websocket.CloseProtocolError, "want 2probe and then 5")
	upgradeRefused = wsframe.Close(websocket.ClosePolicyViolation, "the session has a WebSocket already, or has ended")
)

// upgrade opens a WebSocket that the session may move to. The client probes it (2probe, answered by 3probe), ends its polls, and moves (5). Until then the
// session is not affected by the WebSocket, whether that fails or not.
func (s *Session) upgrade(w http.ResponseWriter, r *http.Request) *refusal {
	if s.closeReason.Load() == nil && !s.admits(0) {
		return tooMany()
	}
	if !s.polling.beginUpgrade() {
		s.refuseUpgrade(w, r)
		return nil
	}
	socket, err := s.server.sockets.UpgradeFor(s.out, w, r)
	if err != nil {
		s.server.cfg.Logger.Debug("a WebSocket handshake failed", zap.Error(err))
		s.polling.cancelUpgrade(nil)
		s.polling.probing.Done()
		return nil
	}
	s.polling.opened(socket)
	go s.probe(socket)
	return nil
}

// refuseUpgrade refuses in the open WebSocket, as many clients take a failed handshake for a network error.
func (s *Session) refuseUpgrade(w http.ResponseWriter, r *http.Request) {
	socket, err := s.server.sockets.UpgradeFor(nil, w, r)
	if err != nil {
		return
	}
	_ = socket.WriteDirectly(upgradeRefused, s.server.cfg.Queue.WriteTimeout) // the client may be gone
	socket.CutOff()
}

// probe reads from a WebSocket that the session may move to, and for the rest of the session if it does move.
func (s *Session) probe(socket *wsconn.Conn) {
	defer s.polling.probing.Done()
	timeout := time.AfterFunc(s.server.cfg.UpgradeTimeout, func() { s.polling.cancelUpgrade(socket) })
	moved := false
	end := socket.ReadAll(s.admits, func(binary bool, frame []byte) {
		if moved {
			s.receiveFrame(binary, frame)
			return
		}
		moved = s.receiveProbe(socket, binary, string(frame))
	})
	timeout.Stop()
	if moved {
		s.closeWebSocket(socket, end)
		return
	}
	s.polling.cancelUpgrade(socket)
}

// receiveProbe returns true when the session has moved to the WebSocket.
func (s *Session) receiveProbe(socket *wsconn.Conn, binary bool, frame string) bool {
	timeout := s.server.cfg.Queue.WriteTimeout
	switch {
	case !binary && frame == "2probe":
		if socket.WriteDirectly(probeAnswer, timeout) == nil {
			s.polling.probed(socket)
		}
	case !binary && frame == "5":
		return s.move(socket)
	default:
		_ = socket.WriteDirectly(probeError, timeout) // the connection is closed in any case
		s.polling.cancelUpgrade(socket)
	}
	return false
}

// move makes the WebSocket the session's transport, from where the last poll ended.
func (s *Session) move(socket *wsconn.Conn) bool {
	if !s.polling.move(socket) {
		return false
	}
	socket.ConnectQueue()
	s.polling.wake() // a poll that still waits violates the protocol and is refused
	return true
}
