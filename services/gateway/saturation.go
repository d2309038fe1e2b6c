package gateway

import (
	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/loadratio"
)

// registerSaturation registers how much of what the gateway may have is in use: what waits, the limits of what other metrics count, and the load for
// autoscalers.
func (g *gateway) registerSaturation() {
	g.queues.Register(g.cfg.Metrics)
	limits := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "atlas_gateway_limit",
		Help: "Limits of the gateway as a whole, by the name of their setting. That of waiting bytes is atlas_gateway_queue_budget_bytes.",
	}, []string{"name"})
	for name, limit := range map[string]int{
		"max-clients":     g.cfg.MaxClients,
		"max-connections": g.cfg.MaxConnections,
		"max-replays":     g.cfg.MaxReplays,
		"behind-readers":  g.cfg.BehindReaders,
	} {
		limits.WithLabelValues(name).Set(float64(limit))
	}
	g.cfg.Metrics.MustRegister(limits)
	loadratio.Register(g.cfg.Metrics, g.processors.Part,
		func() (used, limit float64) { return float64(g.hub.Clients()), float64(g.cfg.MaxClients) },
		func() (used, limit float64) { return float64(g.queues.Waiting()), float64(g.queues.Limit) },
	)
}
