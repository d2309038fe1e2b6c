package engineio

import (
	"net/http"
	"sync"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/wsconn"
)

// Server opens sessions for the clients that connect to it, and keeps them. It is an http.Handler for the path that clients are told.
type Server struct {
	cfg     Config
	open    func(*Session) Conversation
	sockets *wsconn.Settings

	mu       sync.Mutex
	sessions map[string]*Session
	closing  bool
	running  sync.WaitGroup // the sessions' goroutines
}

// NewServer makes a server that calls open for every new session. What open offers to the session follows the open packet.
func NewServer(cfg Config, open func(*Session) Conversation) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.WithDefaults()
	return &Server{cfg: cfg, open: open, sockets: socketSettings(&cfg), sessions: map[string]*Session{}}, nil
}

// ServeHTTP returns as soon as a WebSocket session is open, so that nothing of the HTTP server stays in memory for it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	shake, refused := parseHandshake(r)
	switch {
	case refused != nil:
	case !s.cfg.CheckOrigin(r):
		refused = forbiddenOrigin()
	case shake.sessionID != "":
		refused = unknownSession()
	default:
		refused = s.openWebSocket(w, r, shake.revision)
	}
	if refused != nil {
		refused.write(w)
	}
}

func (s *Server) openWebSocket(w http.ResponseWriter, r *http.Request, revision Revision) *refusal {
	if !s.enter() {
		return unavailable("the server is shutting down")
	}
	socket, err := s.sockets.Upgrade(w, r)
	if err != nil {
		s.running.Done()
		s.cfg.Logger.Debug("a WebSocket handshake failed", zap.Error(err))
		return nil
	}
	session := &Session{id: s.cfg.NewID(), revision: revision, request: s.keep(r), server: s, out: socket.Outbox}
	session.start()
	go session.run(socket)
	return nil
}

// enter counts a session in, unless the server is shutting down.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closing {
		s.running.Add(1)
	}
	return !s.closing
}

func (s *Server) add(session *Session) {
	s.mu.Lock()
	closing := s.closing
	s.sessions[session.id] = session
	s.mu.Unlock()
	if closing {
		session.Close(endShutdown)
	}
}

func (s *Server) remove(session *Session) {
	s.mu.Lock()
	delete(s.sessions, session.id)
	s.mu.Unlock()
	s.running.Done()
}
