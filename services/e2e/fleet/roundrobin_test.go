//go:build fleet

package fleet

import (
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/testcluster"
)

// balancer forwards each TCP connection to the next gateway of those that are ready, as a Service of Kubernetes does.
type balancer struct {
	address string
	stop    chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex
	gateways []*testcluster.Process
	ready    []string // the public addresses of those that were ready when they were last asked
	next     int
	accepted []time.Time
	conns    map[net.Conn]struct{}
}

// readinessInterval is how often the balancer asks gateways whether they are ready.
const readinessInterval = time.Second

func startBalancer(t *testing.T, gateways ...*testcluster.Process) *balancer {
	t.Helper()
	listener := testcluster.Listen(t)
	b := &balancer{address: listener.Addr().String(), stop: make(chan struct{}), gateways: gateways, conns: make(map[net.Conn]struct{})}
	b.askAll()
	b.running.Go(b.watch)
	b.running.Go(func() { b.serve(listener) })
	t.Cleanup(func() {
		close(b.stop)
		_ = listener.Close()
		b.closeAll()
		b.running.Wait()
	})
	return b
}

func (b *balancer) watch() {
	ticker := time.NewTicker(readinessInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			b.askAll()
		case <-b.stop:
			return
		}
	}
}

func (b *balancer) askAll() {
	var ready []string
	for _, gateway := range b.all() {
		if testcluster.AnswersOK(gateway.Admins[0], "/readyz") {
			ready = append(ready, gateway.Public)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = ready
}

// all are the gateways that the balancer knows.
func (b *balancer) all() []*testcluster.Process {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.gateways)
}

func (b *balancer) add(gateway *testcluster.Process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gateways = append(b.gateways, gateway)
}

func (b *balancer) remove(gateway *testcluster.Process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gateways = slices.DeleteFunc(b.gateways, func(known *testcluster.Process) bool { return known == gateway })
}

// isReady reports whether a gateway gets connections.
func (b *balancer) isReady(gateway *testcluster.Process) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Contains(b.ready, gateway.Public)
}

func (b *balancer) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		b.running.Go(func() { b.forward(client) })
	}
}

// pick is the next gateway.
func (b *balancer) pick() (address string, found bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accepted = append(b.accepted, time.Now())
	if len(b.ready) == 0 {
		return "", false
	}
	b.next++
	return b.ready[b.next%len(b.ready)], true
}

// acceptedSince are the times at which connections came from a time on.
func (b *balancer) acceptedSince(begin time.Time) (times []time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, at := range b.accepted {
		if !at.Before(begin) {
			times = append(times, at)
		}
	}
	return times
}

// forward copies between a client and a gateway until one of them closes.
func (b *balancer) forward(client net.Conn) {
	defer b.close(client)
	address, found := b.pick()
	if !b.open(client) || !found {
		return
	}
	gateway, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer b.close(gateway)
	if !b.open(gateway) {
		return
	}
	b.running.Go(func() {
		defer b.close(gateway)
		_, _ = io.Copy(gateway, client) // its end is that of the connection
	})
	_, _ = io.Copy(client, gateway)
}

func (b *balancer) open(conn net.Conn) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.conns == nil {
		return false
	}
	b.conns[conn] = struct{}{}
	return true
}

func (b *balancer) close(conn net.Conn) {
	_ = conn.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.conns, conn)
}

func (b *balancer) closeAll() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for conn := range b.conns {
		_ = conn.Close()
	}
	b.conns = nil
}
