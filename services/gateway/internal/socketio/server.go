package socketio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsframe"
)

// Handler handles the clients for the embedder. For one client, its methods are called one after the other, never at the same time.
type Handler interface {
	// Connect accepts a client in a namespace, or refuses it with an error, whose text the client receives. What is sent to the socket from here on
	// follows the packet that confirms the connection.
	Connect(*Socket) error
	// Event handles an event of the client. While it runs, nothing more is read from the client, and Shutdown waits for it.
	Event(*Socket, Event)
	// Disconnect is called exactly once for every socket that Connect accepted. Reason is one of the reference server's or of this package's.
	Disconnect(socket *Socket, reason string)
}

// Server serves Socket.IO clients. It is an http.Handler for the path of the endpoint.
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

// ServeHTTP serves a request of a session, or opens one.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Each calls visit for each client, with whether its connection is a WebSocket now. visit must not use the server.
func (s *Server) Each(visit func(hasWebSocket bool)) {
	s.engine.Each(func(session *engineio.Session) { visit(session.HasWebSocket()) })
}

// Refuse refuses new clients from now on.
func (s *Server) Refuse() { s.engine.Refuse() }

// Departures returns a function for each client, which sends it the queued and the last packets and disconnects it. It returns false if the client had
// disconnected before.
func (s *Server) Departures(last ...*wsframe.Message) []func() bool {
	return s.engine.Departures(last...)
}

// Reroute has one client make another request, or reconnect if it has a WebSocket, as engineio.Server's does.
func (s *Server) Reroute(sessionID string, last ...*wsframe.Message) bool {
	return s.engine.Reroute(sessionID, last...)
}

// Shutdown refuses new clients, sends the queued and the last packets to every client, and returns when every connection and goroutine has ended.
// When ctx ends first, it closes the remaining connections and returns the context's error.
func (s *Server) Shutdown(ctx context.Context, last ...*wsframe.Message) error {
	return s.engine.Shutdown(ctx, last...)
}

const (
	mainNamespace         = "/"
	defaultConnectTimeout = 45 * time.Second
)

// Config are the settings of a Server.
type Config struct {
	Engine         engineio.Config // its NewID also makes the IDs of sockets
	ConnectTimeout time.Duration   // for connecting to the first namespace; 0 for defaultConnectTimeout
	Namespaces     []string        // that clients may connect to; only the main one, "/", if empty
	// Attachments makes the server read the binary parts of events, up to Engine.MaxPayload bytes for one event. Otherwise they are dropped, and
	// their event is passed on without them.
	Attachments bool
}

// Validate returns all faults of the settings, joined.
func (c Config) Validate() error {
	faults := []error{c.Engine.Validate()}
	if c.ConnectTimeout < 0 {
		faults = append(faults, fmt.Errorf("ConnectTimeout: got %v, want a positive duration, or 0 for the default", c.ConnectTimeout))
	}
	for _, namespace := range c.Namespaces {
		if !strings.HasPrefix(namespace, "/") || strings.ContainsAny(namespace, ",?") {
			faults = append(faults, fmt.Errorf(`Namespaces: got %q, want a name that starts with "/" and has no "," or "?"`, namespace))
		}
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	c.Engine = c.Engine.WithDefaults()
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = defaultConnectTimeout
	}
	if len(c.Namespaces) == 0 {
		c.Namespaces = []string{mainNamespace}
	}
	return c
}

func (c *Config) knows(namespace string) bool { return slices.Contains(c.Namespaces, namespace) }
