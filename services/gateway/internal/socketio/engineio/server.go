package engineio

import (
	"context"
	"net/http"

	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsconn"
)

// Server opens sessions for the clients that connect to it, and keeps them. It is an http.Handler for the path that clients are told.
type Server struct {
	cfg      Config
	open     func(*Session) Conversation
	sockets  *wsconn.Settings
	sessions *connset.Set[string, Session]
}

// NewServer makes a server that calls open for every new session. What open offers to the session follows the open packet.
func NewServer(cfg Config, open func(*Session) Conversation) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	return &Server{cfg: cfg, open: open, sockets: socketSettings(&cfg), sessions: connset.New[string, Session](cfg.MaxSessions)}, nil
}

// ServeHTTP returns as soon as a WebSocket session is open, so that nothing of the HTTP server stays in memory for it. A poll it keeps for as long as there
// is nothing to tell.
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

// Shutdown refuses newcomers, sends what waits and the last packets to every client, and returns when all sessions and their goroutines have ended.
// When ctx ends first, it closes the connections that are left, waits for conversations that are busy, and returns the context's error.
// The HTTP server must go on accepting requests meanwhile, as clients that poll have to ask for their last packets.
func (s *Server) Shutdown(ctx context.Context, last ...*sendqueue.Message) error {
	return s.sessions.Shutdown(ctx, func(session *Session) { session.shutDown(last) }, (*Session).cutOff)
}
