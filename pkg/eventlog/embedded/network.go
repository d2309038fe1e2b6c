package embedded

import (
	"net"
	"sync"

	"go.uber.org/zap"
)

// network has the broker's listeners, one a node, and their connections.
type network struct {
	listen    string // of the first node
	logger    *zap.Logger
	mu        sync.Mutex
	listeners []*listener
}

// open listens for the next node; kfake asks for the nodes in order, and always on 127.0.0.1.
func (n *network) open(protocol, _ string) (net.Listener, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	address := n.listen
	if len(n.listeners) > 0 {
		host, _, err := net.SplitHostPort(n.listen)
		if err != nil {
			return nil, err
		}
		address = net.JoinHostPort(host, "0")
	}
	inner, err := net.Listen(protocol, address)
	if err != nil {
		return nil, err
	}
	opened := &listener{Listener: inner, logger: n.logger, connections: map[*connection]struct{}{}}
	n.listeners = append(n.listeners, opened)
	return opened, nil
}

func (n *network) addrs() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	addrs := make([]string, len(n.listeners))
	for i, listener := range n.listeners {
		addrs[i] = listener.Addr().String()
	}
	return addrs
}

func (n *network) node(node int) *listener {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.listeners[node]
}

func (n *network) disconnect() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, listener := range n.listeners {
		listener.disconnect()
	}
}

// listener holds its open connections, to close them: kfake does not close those of a removed node, nor idle ones on Close.
type listener struct {
	net.Listener
	logger      *zap.Logger
	mu          sync.Mutex
	closed      bool
	connections map[*connection]struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	inner, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	accepted := newConnection(inner, l)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		_ = inner.Close()
		return nil, net.ErrClosed
	}
	l.connections[accepted] = struct{}{}
	return accepted, nil
}

func (l *listener) Close() error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	return l.Listener.Close()
}

func (l *listener) disconnect() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for connection := range l.connections {
		_ = connection.Conn.Close()
	}
	clear(l.connections)
}

func (l *listener) forget(c *connection) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.connections, c)
}
