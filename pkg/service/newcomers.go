package service

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// newcomerPatience is how long a request may be on its way when the server stops.
const newcomerPatience = 100 * time.Millisecond

// newcomers are the connections on which no request has come yet. Browsers open some ahead of need, and load balancers to see whether somebody answers:
// http.Server would wait for seconds for what they may say.
type newcomers struct {
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// watchNewcomers must be called before the server serves.
func watchNewcomers(server *http.Server) *newcomers {
	n, told := &newcomers{conns: make(map[net.Conn]struct{})}, server.ConnState
	server.ConnState = func(conn net.Conn, state http.ConnState) {
		n.note(conn, state)
		if told != nil {
			told(conn, state)
		}
	}
	return n
}

func (n *newcomers) note(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(n.conns, conn)
	case n.closed: // it was accepted before the server stopped to listen
		_ = conn.Close()
	default:
		n.conns[conn] = struct{}{}
	}
}

// close closes the connections, which lets their goroutines end.
func (n *newcomers) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for conn := range n.conns {
		_ = conn.Close() // nothing is to be done about a connection that fails to close
	}
}
