package socketio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

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

const mainNamespace = "/"

// Config are the settings of a Server.
type Config struct {
	Engine         engineio.Config // of the layer below; its NewID also makes the IDs of sockets
	ConnectTimeout time.Duration   // how long a client may take to connect to its first namespace; 0 for 45 s
	Namespaces     []string        // those that clients may connect to; the main one, "/", if there are none
	// Attachments has the binary parts of events read, of which a client may have as many bytes waiting as Engine.MaxPayload allows. Otherwise they are
	// dropped as they come, and their event comes without them.
	Attachments bool
}

// Validate tells everything that is wrong with the settings.
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
		c.ConnectTimeout = 45 * time.Second
	}
	if len(c.Namespaces) == 0 {
		c.Namespaces = []string{mainNamespace}
	}
	return c
}

func (c *Config) knows(namespace string) bool { return slices.Contains(c.Namespaces, namespace) }
