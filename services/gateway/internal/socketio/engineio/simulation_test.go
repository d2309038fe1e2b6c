package engineio

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"
)

// pipes is a listener within the process, so that time can be simulated.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (p *pipes) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	p.conns <- server
	return client, nil
}

// dialer opens WebSockets to a simulated server.
func (s *testServer) dialer() *websocket.Dialer {
	return &websocket.Dialer{NetDialContext: s.network.dial}
}

// simulate runs a test with a server in simulated time, all of whose goroutines must end. The HTTP server's timeouts are shorter
// than a poll may wait.
func simulate(t *testing.T, cfg Config, run func(t *testing.T, server *testServer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cfg.PingInterval, cfg.PingTimeout = 25*time.Second, 60*time.Second
		server := newEchoServer(t, cfg)
		server.url, server.network = "http://pipe", &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		transport := &http.Transport{DialContext: server.network.dial}
		server.client = &http.Client{Transport: transport}
		counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			server.requests.Add(1)
			server.ServeHTTP(w, r)
		})
		front := http.Server{Handler: counted, ReadTimeout: 12 * time.Second, WriteTimeout: 15 * time.Second, IdleTimeout: time.Hour}
		go func() { _ = front.Serve(server.network) }()
		t.Cleanup(func() {
			if err := server.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
			transport.CloseIdleConnections()
			if err := front.Close(); err != nil {
				t.Error(err)
			}
		})
		run(t, server)
	})
}
