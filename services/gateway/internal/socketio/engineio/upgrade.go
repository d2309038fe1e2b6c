package engineio

import (
	"net/http"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsconn"
)

var (
	probeAnswer    = sendqueue.Text([]byte("3probe"))
	errorOfProbe   = sendqueue.Close(websocket.CloseProtocolError, "want 2probe and then 5")
	upgradeRefused = sendqueue.Close(websocket.ClosePolicyViolation, "the session has a WebSocket already, or has ended")
)

// upgrade opens a WebSocket that the session may move to. The client probes it (2probe, answered by 3probe), ends its polls, and moves (5). Until then,
// the session is as if there were no WebSocket, whatever becomes of that.
func (s *Session) upgrade(w http.ResponseWriter, r *http.Request) *refusal {
	if s.ending.Load() == nil && !s.admits(0) {
		return tooMany()
	}
	if !s.polling.reserve() {
		s.refuseUpgrade(w, r)
		return nil
	}
	socket, err := s.server.sockets.UpgradeFor(s.out, w, r)
	if err != nil {
		s.server.cfg.Logger.Debug("a WebSocket handshake failed", zap.Error(err))
		s.polling.giveUp(nil)
		s.polling.probing.Done()
		return nil
	}
	s.polling.opened(socket)
	go s.probe(socket)
	return nil
}

// refuseUpgrade says no in the WebSocket, as many clients take a failed handshake for a fault of the network.
func (s *Session) refuseUpgrade(w http.ResponseWriter, r *http.Request) {
	socket, err := s.server.sockets.UpgradeFor(nil, w, r)
	if err != nil {
		return
	}
	_ = socket.WriteDirectly(upgradeRefused, s.server.cfg.Queue.WriteTimeout) // the client may be gone
	socket.CutOff()
}

// probe reads from a WebSocket that the session may move to, and for the rest of the session if it does.
func (s *Session) probe(socket *wsconn.Conn) {
	defer s.polling.probing.Done()
	timeout := time.AfterFunc(s.server.cfg.UpgradeTimeout, func() { s.polling.giveUp(socket) })
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
		s.concludeOn(socket, end)
		return
	}
	s.polling.giveUp(socket)
}

// receiveProbe returns true when the session has moved to the WebSocket.
func (s *Session) receiveProbe(socket *wsconn.Conn, binary bool, frame string) bool {
	patience := s.server.cfg.Queue.WriteTimeout
	switch {
	case !binary && frame == "2probe":
		if socket.WriteDirectly(probeAnswer, patience) == nil {
			s.polling.probed(socket)
		}
	case !binary && frame == "5":
		return s.move(socket)
	default:
		_ = socket.WriteDirectly(errorOfProbe, patience) // the connection is closed in any case
		s.polling.giveUp(socket)
	}
	return false
}

// move makes the WebSocket carry the session from where the last poll ended.
func (s *Session) move(socket *wsconn.Conn) bool {
	if !s.polling.move(socket) {
		return false
	}
	socket.Attach()
	s.polling.wake() // a poll that still waits, against the protocol, is refused
	return true
}
