package engineio

import (
	"errors"
	"net/http"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio/pollpayload"
	"atlasstream/services/gateway/internal/wsframe"
)

func (s *Server) openSession(w http.ResponseWriter, r *http.Request, shake handshake) *refusal {
	id, refused := s.reserveID()
	if refused != nil {
		return refused
	}
	admission, err := s.cfg.Admit(r)
	if err != nil {
		s.sessions.Remove(id)
		return notAdmitted(err)
	}
	session := &Session{id: id, revision: shake.revision, server: s, admission: admission, inbox: newInbox(s.cfg.MaxPayload)}
	if shake.transport == namePolling {
		session.openPolling(w, shake.mode)
	} else {
		session.openWebSocket(w, r)
	}
	return nil
}

// reserveID reserves the ID of a new session, which no other session has.
func (s *Server) reserveID() (id string, refused *refusal) {
	const attempts = 3
	for range attempts {
		id := s.cfg.NewID()
		err := connset.ErrTaken
		if id != "" {
			err = s.sessions.Reserve(id)
		}
		if err == nil {
			return id, nil
		}
		if !errors.Is(err, connset.ErrTaken) {
			return "", unavailable(err.Error())
		}
	}
	s.cfg.Logger.Error("cannot open a session: NewID returned nothing, or IDs of other sessions", zap.Int("attempts", attempts))
	return "", unavailable("the server has no ID for a new session")
}

func (s *Session) openWebSocket(w http.ResponseWriter, r *http.Request) {
	socket, err := s.server.sockets.Upgrade(w, r)
	if err != nil {
		s.server.cfg.Logger.Debug("a WebSocket handshake failed", zap.Error(err))
		s.release()
		return
	}
	s.out = socket.Queue
	s.start(wsframe.Text(s.openText()))
	go s.run(socket)
}

// openPolling answers with the open packet alone: some old clients read only one packet of the first response.
func (s *Session) openPolling(w http.ResponseWriter, mode payloadMode) {
	s.polling = newPolling(mode)
	s.out = sendqueue.NewUnconnected(&s.server.cfg.Queue, s.server.cfg.Stats, s.polling.wake)
	s.start()
	if err := s.answerPoll(w, []pollpayload.Packet{{Data: s.openText()}}); err != nil {
		s.Close(reasonTransportError)
	}
}
