package socketio

import (
	"context"
	"net/http"

	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// Handler is what an embedder does with the clients. For one client, its methods are called one after the other, never at the same time.
type Handler interface {
	// Connect lets a client into a namespace; an error refuses it, and the client is told the error's text. Whatever is sent to the socket from here on
	// comes after the packet that tells the client that it is connected.
	Connect(*Socket) error
	// Event takes what the client emitted. While it runs, nothing more is read from the client, and Shutdown waits for it.
	Event(*Socket, Event)
	// Disconnect is called exactly once for every socket that Connect let in. Reason is one of the reference server's or of this package's.
	Disconnect(socket *Socket, reason string)
}

// Server speaks Socket.IO with all the clients that connect to it. It is an http.Handler for the path that clients are told.
type Server struct {
	cfg     Config
	handler Handler
	engine  *engineio.Server
}

// NewServer makes a server for the clients that handler serves.
func NewServer(cfg Config, handler Handler) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	server := &Server{cfg: cfg.withDefaults(), handler: handler}
	engine, err := engineio.NewServer(cfg.Engine, server.converse)
	if err != nil {
		return nil, err
	}
	server.engine = engine
	return server, nil
}

// ServeHTTP opens a connection, or answers why not.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Shutdown refuses newcomers, sends what waits and the last packets to every client, and returns when every connection and goroutine has ended.
// When ctx ends first, it closes the connections that are left and returns the context's error.
func (s *Server) Shutdown(ctx context.Context, last ...*sendqueue.Message) error {
	return s.engine.Shutdown(ctx, last...)
}
