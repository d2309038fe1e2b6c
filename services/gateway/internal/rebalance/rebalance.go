// Package rebalance has clients reconnect that have been connected for long, while another gateway has far fewer: connections live for days, so a gateway that
// was just started would stay empty otherwise, and one that was full would stay full.
package rebalance

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/jitter"
)

const (
	// interval is how often the gateways are compared.
	interval = time.Second
	// emptier is which part of the own clients another gateway has at most, if it is to get some of them.
	emptier = 0.8
	// perSecond is which part of the own clients reconnects in a second at most, but at least one client in some seconds.
	perSecond = 0.005
)

// Settings are what a Rebalancer goes by.
type Settings struct {
	MaxAge time.Duration // around which age clients reconnect, each at another one, by jitter.Around
	// Clients are how many this gateway has.
	Clients func() int
	// Fewest is how many clients the emptiest of the other gateways has that takes clients. It is false where there is none, or none is known.
	Fewest func() (clients int, known bool)
	Asked  prometheus.Counter // counts the clients that were asked to reconnect
}

// Rebalancer knows how old connections are.
type Rebalancer struct {
	settings Settings

	mu      sync.Mutex
	clients map[*client]struct{}
}

// client is one that may be asked to reconnect.
type client struct {
	due   time.Time
	leave func()
}

// New makes a Rebalancer without clients.
func New(settings Settings) *Rebalancer {
	return &Rebalancer{settings: settings, clients: make(map[*client]struct{})}
}

// Add adds a client that has just connected. Leave asks it to reconnect, does not wait, and is called once at most. Remove must be called when the client is
// gone.
func (r *Rebalancer) Add(leave func()) (remove func()) {
	added := &client{due: time.Now().Add(jitter.Around(r.settings.MaxAge)), leave: leave}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clients[added] = struct{}{}
	return func() { r.remove(added) }
}

func (r *Rebalancer) remove(gone *client) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.clients, gone)
}

// Run asks clients to reconnect until ctx ends.
func (r *Rebalancer) Run(ctx context.Context) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	allowed := 0.0
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if !r.isUneven() {
			allowed = 0
			continue
		}
		//mutate:rebalance-unbounded
		allowed = min(allowed, 1) + perSecond*float64(r.settings.Clients())*interval.Seconds()
		for _, due := range r.takeDue(int(allowed)) {
			allowed--
			r.settings.Asked.Inc()
			due.leave()
		}
	}
}

// isUneven reports whether another gateway has so much fewer clients that some should go there.
func (r *Rebalancer) isUneven() bool {
	fewest, known := r.settings.Fewest()
	//mutate:rebalance-always
	return known && float64(fewest) < emptier*float64(r.settings.Clients())
}

// takeDue returns clients that are as old as may be, any of them, and knows them no longer.
func (r *Rebalancer) takeDue(most int) (due []*client) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for each := range r.clients {
		if len(due) >= most {
			break
		}
		//mutate:rebalance-young
		if !each.due.After(now) {
			due = append(due, each)
			delete(r.clients, each)
		}
	}
	return due
}
