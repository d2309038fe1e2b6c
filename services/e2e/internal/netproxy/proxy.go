// Package netproxy puts a TCP proxy between a client and a gateway: it cuts connections, sends new ones to another gateway, and delays an upgrade from polling
// to a WebSocket at each of its steps.
package netproxy

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

// Proxy forwards connections of clients to a gateway.
type Proxy struct {
	Address                       string
	UpgradeRequest, UpgradeAnswer Gate // for the request of a WebSocket, and for what the gateway sends on it first: its answer to the probe of an upgrade

	mu      sync.Mutex
	gateway string
	cut     bool
	conns   map[net.Conn]struct{}
	copying sync.WaitGroup
}

// Start starts a proxy that delays upgrades until AllowUpgrades.
func Start(t *testing.T, gateway string) *Proxy {
	t.Helper()
	listener := testcluster.Listen(t)
	proxy := &Proxy{
		Address: listener.Addr().String(), gateway: gateway, UpgradeRequest: NewGate(), UpgradeAnswer: NewGate(), conns: map[net.Conn]struct{}{},
	}
	proxy.copying.Go(func() { proxy.serve(listener) })
	t.Cleanup(func() {
		_ = listener.Close()
		proxy.AllowUpgrades()
		proxy.Cut()
		proxy.copying.Wait()
	})
	return proxy
}

// AllowUpgrades opens both gates.
func (p *Proxy) AllowUpgrades() {
	p.UpgradeRequest.Open()
	p.UpgradeAnswer.Open()
}

// Cut closes every connection, and every new one at once.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for conn := range p.conns {
		_ = conn.Close()
	}
}

// Restore lets clients connect again.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
}

// ForwardTo forwards new connections to another gateway.
func (p *Proxy) ForwardTo(gateway string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gateway = gateway
}

func (p *Proxy) target() (gateway string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gateway
}

func (p *Proxy) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		p.copying.Go(func() { p.forward(client) })
	}
}

// forward copies between a client and the gateway until one of them closes.
func (p *Proxy) forward(client net.Conn) {
	defer p.remove(client)
	fromClient := bufio.NewReader(client)
	if !p.add(client) {
		return
	}
	request, err := fromClient.ReadString('\n')
	if err != nil {
		return
	}
	webSocket := strings.Contains(request, "transport=websocket")
	if webSocket {
		p.UpgradeRequest.Pass()
	}
	gateway, err := net.Dial("tcp", p.target())
	if err != nil {
		return
	}
	defer p.remove(gateway)
	if !p.add(gateway) {
		return
	}
	p.copying.Go(func() {
		defer p.remove(gateway)
		_, _ = io.Copy(gateway, io.MultiReader(strings.NewReader(request), fromClient))
	})
	p.copyAnswers(client, bufio.NewReader(gateway), webSocket)
}

func (p *Proxy) copyAnswers(client net.Conn, gateway *bufio.Reader, webSocket bool) {
	for line := ""; webSocket && line != "\r\n"; {
		var err error
		if line, err = gateway.ReadString('\n'); err != nil {
			return
		}
		if _, err := io.WriteString(client, line); err != nil {
			return
		}
	}
	if _, err := gateway.Peek(1); err != nil {
		return
	}
	if webSocket {
		p.UpgradeAnswer.Pass()
	}
	_, _ = io.Copy(client, gateway)
}

// add registers a connection that Cut is to close. It reports whether the proxy is not cut.
func (p *Proxy) add(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.cut {
		p.conns[conn] = struct{}{}
	}
	return !p.cut
}

func (p *Proxy) remove(conn net.Conn) {
	_ = conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
}

// Gate blocks everything that passes it until it is opened. Reached is closed when the first has arrived.
type Gate struct {
	Reached, opened   chan struct{}
	reaching, opening sync.Once
}

// NewGate makes a closed gate.
func NewGate() Gate { return Gate{Reached: make(chan struct{}), opened: make(chan struct{})} }

// Open lets everything pass from now on.
func (g *Gate) Open() { g.opening.Do(func() { close(g.opened) }) }

// Pass waits until the gate is open.
func (g *Gate) Pass() {
	g.reaching.Do(func() { close(g.Reached) })
	<-g.opened
}
