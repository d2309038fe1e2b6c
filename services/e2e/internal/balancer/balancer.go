// Package balancer puts a load balancer in front of gateways, which takes those that are ready in turn and keeps no client at one of them.
//
//	nginx.go     Debian's nginx, for each request
//	requests.go  what nginx has logged
//	tcp.go       one that forwards TCP connections, as a Service of Kubernetes does
//	balancer.go  Balancer: which gateways there are, and which are ready
package balancer

import (
	"slices"
	"sync"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/testcluster"
)

// readinessInterval is how often gateways are asked whether they are ready.
const readinessInterval = time.Second

// Balancer is a load balancer that is running.
type Balancer struct {
	Address string // host:port

	take    func(ready []string) // called with the public addresses of those that are ready, when these change
	stop    chan struct{}
	running sync.WaitGroup

	mu       sync.Mutex
	gateways []*testcluster.Process
	ready    []string
}

// start watches gateways until the test ends.
func start(t *testing.T, address string, take func(ready []string), gateways []*testcluster.Process) *Balancer {
	b := &Balancer{Address: address, take: take, stop: make(chan struct{}), gateways: gateways}
	b.ask()
	b.running.Go(b.watch)
	t.Cleanup(func() {
		close(b.stop)
		b.running.Wait()
	})
	return b
}

func (b *Balancer) watch() {
	ticker := time.NewTicker(readinessInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			b.ask()
		case <-b.stop:
			return
		}
	}
}

func (b *Balancer) ask() {
	var ready []string
	for _, gateway := range b.All() {
		if testcluster.AnswersOK(gateway.Admins[0], "/readyz") {
			ready = append(ready, gateway.Public)
		}
	}
	if slices.Equal(ready, b.readyNow()) {
		return
	}
	b.take(ready)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ready = ready
}

func (b *Balancer) readyNow() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ready
}

// All are the gateways that the balancer knows.
func (b *Balancer) All() []*testcluster.Process {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.gateways)
}

// Add adds a gateway, which gets clients once it is ready.
func (b *Balancer) Add(gateway *testcluster.Process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gateways = append(b.gateways, gateway)
}

// Remove removes a gateway.
func (b *Balancer) Remove(gateway *testcluster.Process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gateways = slices.DeleteFunc(b.gateways, func(known *testcluster.Process) bool { return known == gateway })
}

// IsReady reports whether a gateway gets clients.
func (b *Balancer) IsReady(gateway *testcluster.Process) bool {
	return slices.Contains(b.readyNow(), gateway.Public)
}
