package service

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// unusedGrace is how long a first request may take to arrive once the server stops.
const unusedGrace = 100 * time.Millisecond

// unusedConns are the connections on which no request has arrived yet. Browsers open some ahead of need, and load balancers to check the server. At a stop,
// http.Server would wait seconds for their requests.
type unusedConns struct {
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// trackUnusedConns must be called before the server serves.
func trackUnusedConns(server *http.Server) *unusedConns {
	n, previous := &unusedConns{conns: make(map[net.Conn]struct{})}, server.ConnState
	server.ConnState = func(conn net.Conn, state http.ConnState) {
		n.note(conn, state)
		if previous != nil {
			previous(conn, state)
		}
	}
	return n
}

func (n *unusedConns) note(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(n.conns, conn)
	case n.closed: // accepted before the server stopped listening
		_ = conn.Close()
	default:
		n.conns[conn] = struct{}{}
	}
}

// close closes the connections, which lets their goroutines end.
func (n *unusedConns) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for conn := range n.conns {
		_ = conn.Close() // an error needs no action
	}
}
