package e2e

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// tunnel is the way from a client to the gateway. It can be cut, and it can hold an upgrade at its two ends.
type tunnel struct {
	address         string
	request, answer gate // of the WebSocket that an upgrade opens: its request; what the gateway says on it first, which answers the probe

	mu      sync.Mutex
	gateway string
	broken  bool
	conns   map[net.Conn]struct{}
	copying sync.WaitGroup
}

// gate holds whoever passes it until it is opened. That somebody has come is told by closing reached.
type gate struct {
	reached, opened   chan struct{}
	reaching, opening sync.Once
}

func newGate() gate { return gate{reached: make(chan struct{}), opened: make(chan struct{})} }

func (g *gate) open() { g.opening.Do(func() { close(g.opened) }) }

func (g *gate) pass() {
	g.reaching.Do(func() { close(g.reached) })
	<-g.opened
}

func startTunnel(t *testing.T, gateway string) *tunnel {
	t.Helper()
	listener := listen(t)
	way := &tunnel{
		address: listener.Addr().String(), gateway: gateway, request: newGate(), answer: newGate(), conns: map[net.Conn]struct{}{},
	}
	way.copying.Go(func() { way.serve(listener) })
	t.Cleanup(func() {
		_ = listener.Close()
		way.letUpgrade()
		way.cut()
		way.copying.Wait()
	})
	return way
}

// letUpgrade holds no upgrade any longer.
func (t *tunnel) letUpgrade() {
	t.request.open()
	t.answer.open()
}

// cut ends every connection, and every new one at once.
func (t *tunnel) cut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = true
	for conn := range t.conns {
		_ = conn.Close()
	}
}

func (t *tunnel) mend() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.broken = false
}

// leadTo has connections that come from now on go to another gateway.
func (t *tunnel) leadTo(gateway string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.gateway = gateway
}

func (t *tunnel) leadsTo() (gateway string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.gateway
}

func (t *tunnel) serve(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		t.copying.Go(func() { t.join(client) })
	}
}

// join copies between a client and the gateway until one of them has ended.
func (t *tunnel) join(client net.Conn) {
	defer t.release(client)
	fromClient := bufio.NewReader(client)
	if !t.hold(client) {
		return
	}
	request, err := fromClient.ReadString('\n')
	if err != nil {
		return
	}
	webSocket := strings.Contains(request, "transport=websocket")
	if webSocket {
		t.request.pass()
	}
	gateway, err := net.Dial("tcp", t.leadsTo())
	if err != nil {
		return
	}
	defer t.release(gateway)
	if !t.hold(gateway) {
		return
	}
	t.copying.Go(func() {
		defer t.release(gateway)
		_, _ = io.Copy(gateway, io.MultiReader(strings.NewReader(request), fromClient))
	})
	t.copyAnswers(client, bufio.NewReader(gateway), webSocket)
}

func (t *tunnel) copyAnswers(client net.Conn, gateway *bufio.Reader, webSocket bool) {
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
		t.answer.pass()
	}
	_, _ = io.Copy(client, gateway)
}

// hold takes a connection that is to be cut with the others, unless they are cut already.
func (t *tunnel) hold(conn net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.broken {
		t.conns[conn] = struct{}{}
	}
	return !t.broken
}

func (t *tunnel) release(conn net.Conn) {
	_ = conn.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, conn)
}
