package balancer

import (
	"io"
	"net"
	"sync"
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

// forwarder forwards each TCP connection to the next gateway.
type forwarder struct {
	forwarding sync.WaitGroup

	mu    sync.Mutex
	ready []string
	next  int
	conns map[net.Conn]struct{} // nil once it is closed
}

// StartTCP starts a balancer that forwards each TCP connection to the next gateway of those that are ready, as a Service of Kubernetes does.
func StartTCP(t *testing.T, gateways ...*testcluster.Process) *Balancer {
	t.Helper()
	listener := testcluster.Listen(t)
	f := &forwarder{conns: make(map[net.Conn]struct{})}
	f.forwarding.Go(func() { f.serve(listener) })
	t.Cleanup(func() {
		_ = listener.Close()
		f.closeAll()
		f.forwarding.Wait()
	})
	return start(t, listener.Addr().String(), f.take, gateways)
}

func (f *forwarder) take(ready []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ready = ready
}

func (f *forwarder) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		f.forwarding.Go(func() { f.forward(client) })
	}
}

// pick is the next gateway.
func (f *forwarder) pick() (address string, found bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.ready) == 0 {
		return "", false
	}
	f.next++
	return f.ready[f.next%len(f.ready)], true
}

// forward copies between a client and a gateway until one of them closes.
func (f *forwarder) forward(client net.Conn) {
	defer f.close(client)
	address, found := f.pick()
	if !f.open(client) || !found {
		return
	}
	gateway, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer f.close(gateway)
	if !f.open(gateway) {
		return
	}
	f.forwarding.Go(func() {
		defer f.close(gateway)
		_, _ = io.Copy(gateway, client) // its end is that of the connection
	})
	_, _ = io.Copy(client, gateway)
}

func (f *forwarder) open(conn net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conns == nil {
		return false
	}
	f.conns[conn] = struct{}{}
	return true
}

func (f *forwarder) close(conn net.Conn) {
	_ = conn.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, conn)
}

func (f *forwarder) closeAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.conns {
		_ = conn.Close()
	}
	f.conns = nil
}
