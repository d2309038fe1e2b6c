package netproxy

import "sync"

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
