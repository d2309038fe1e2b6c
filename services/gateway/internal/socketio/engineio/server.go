package engineio

import (
	"context"
	"net/http"

	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/wsconn"
	"atlasstream/services/gateway/internal/wsframe"
)

// Server opens and serves sessions. It is an http.Handler for the path of the endpoint.
type Server struct {
	cfg      Config
	open     func(*Session) Conversation
	sockets  *wsconn.Settings
	sessions *connset.Set[string, Session]
}

// NewServer makes a server that calls open for every new session. What open sends is sent after the open packet.
func NewServer(cfg Config, open func(*Session) Conversation) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	return &Server{cfg: cfg, open: open, sockets: socketSettings(&cfg), sessions: connset.New[string, Session](cfg.MaxSessions)}, nil
}

// ServeHTTP returns as soon as a WebSocket session is open, so that nothing of the HTTP server stays in memory for it. For a poll it returns when there are
// packets.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if refused := s.serve(w, r); refused != nil {
		refused.write(w, s.cfg.Queue.WriteTimeout)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) *refusal {
	shake, refused := s.cfg.parseHandshake(r)
	switch {
	case refused != nil:
		return refused
	case shake.sessionID == "":
		return s.openSession(w, r, shake)
	}
	session := s.sessions.Find(shake.sessionID)
	if session == nil {
		return unknownSession()
	}
	return session.serve(w, r, shake.transport)
}

// Each calls visit for each open session. visit must not use the server.
func (s *Server) Each(visit func(*Session)) { s.sessions.Each(visit) }

// Refuse refuses new sessions from now on.
func (s *Server) Refuse() { s.sessions.Refuse() }

// Departures returns a function for each session, which sends the client its queued and the last packets and ends the session. It returns false if that had
// ended before.
func (s *Server) Departures(last ...*wsframe.Message) []func() bool {
	return s.sessions.Departures(func(session *Session) { session.shutDown(last) })
}

// Reroute has the client of a session make another request, which may come through another way: a client that polls is answered, even if there are no packets;
// one with a WebSocket is sent its queued and the last packets, and its session ends. It returns false if there is no such session.
func (s *Server) Reroute(id string, last ...*wsframe.Message) bool {
	session := s.sessions.Find(id)
	if session != nil {
		session.reroute(last)
	}
	return session != nil
}

// Shutdown refuses new sessions, sends the queued and the last packets to every client, and returns when all sessions and their goroutines have ended. When
// ctx ends first, it closes the remaining connections, waits for busy conversations, and returns the context's error. The HTTP server must accept requests
// meanwhile, as polling clients have to fetch their last packets.
func (s *Server) Shutdown(ctx context.Context, last ...*wsframe.Message) error {
	return s.sessions.Shutdown(ctx, func(session *Session) { session.shutDown(last) }, (*Session).cutOff)
}

func (s *Session) reroute(last []*wsframe.Message) {
	//mutate:rerouted-poll-ends-session
	if s.polling == nil || s.polling.currentTransport() == transportWebSocket {
		s.shutDown(last)
		return
	}
	s.polling.answerNext()
}

// serve answers a request after the first.
func (s *Session) serve(w http.ResponseWriter, r *http.Request, transport string) *refusal {
	s.checkHeartbeat()
	switch {
	case s.isUnknown():
		return unknownSession()
	case s.polling == nil:
		return badRequest("sid: the session has had a WebSocket from the start")
	case transport == nameWebSocket:
		return s.upgrade(w, r)
	case r.Method == http.MethodGet:
		return s.poll(w, r)
	case r.Method == http.MethodPost:
		return s.post(w, r)
	default:
		return badRequest("method: got " + r.Method + ", want GET or POST")
	}
}
