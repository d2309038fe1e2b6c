package fanout

import "github.com/prometheus/client_golang/prometheus"

// Metrics counts what the sources of a gateway deliver.
type Metrics struct {
	delivered *prometheus.CounterVec
	overflows *prometheus.CounterVec
}

// NewMetrics registers the metrics.
func NewMetrics(registerer prometheus.Registerer) *Metrics {
	metrics := &Metrics{
		delivered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_gateway_messages_delivered_total",
			Help: "Messages enqueued for clients, a record counting once for each client that gets it.",
		}, []string{"stream"}),
		overflows: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_gateway_client_overflows_total",
			Help: "Clients that could not keep up and were told so and closed.",
		}, []string{"stream"}),
	}
	registerer.MustRegister(metrics.delivered, metrics.overflows)
	return metrics
}
