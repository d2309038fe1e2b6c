package gateway

import (
	"context"
	"net/http"
	"net/netip"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/peerload"
	"atlasstream/services/gateway/internal/rebalance"
)

// balancing has clients reconnect while another gateway has far fewer.
type balancing struct {
	rebalancer *rebalance.Rebalancer
	loads      *peerload.Watcher
	asking     *http.Transport // of the loads
}

// newBalancing is nil where clients may stay for as long as they like.
func (g *gateway) newBalancing() *balancing {
	if g.cfg.MaxAge == 0 {
		return nil
	}
	b := &balancing{asking: &http.Transport{}}
	b.loads = peerload.NewWatcher(peerload.Settings{
		Peers:  g.peering.peers.Others,
		Sign:   func(request *http.Request) { g.peering.signing.Sign(request, netip.Addr{}) },
		Client: &http.Client{Transport: b.asking},
		Logger: g.cfg.Logger,
	})
	asked := prometheus.NewCounter(prometheus.CounterOpts{
		Name: "atlas_gateway_rebalanced_clients_total", Help: "Clients that were asked to reconnect because another gateway had fewer.",
	})
	g.cfg.Metrics.MustRegister(asked)
	b.rebalancer = rebalance.New(rebalance.Settings{
		MaxAge: g.cfg.MaxAge, Clients: g.hub.Clients, Asked: asked,
		Fewest: func() (clients int, known bool) {
			clients, known = b.loads.Fewest()
			return clients, known && !g.admin.Drains()
		},
	})
	return b
}

// run compares the gateways until ctx ends.
func (b *balancing) run(ctx context.Context) {
	defer b.asking.CloseIdleConnections()
	var parts sync.WaitGroup
	parts.Go(func() { b.loads.Run(ctx) })
	parts.Go(func() { b.rebalancer.Run(ctx) })
	parts.Wait()
}

// load is what this gateway tells the others.
func (g *gateway) load(ctx context.Context) peerload.Load {
	return peerload.Load{Clients: g.hub.Clients(), Serving: !g.admin.Drains() && g.ready(ctx) == nil}
}
