package ratelimit

import "github.com/prometheus/client_golang/prometheus"

// metrics counts what was refused, by the limit.
type metrics struct {
	connections, subscriptions, subscriptionBytes, messages prometheus.Counter
}

// newMetrics registers the metrics; addresses tells how many are known.
func newMetrics(registerer prometheus.Registerer, addresses func() float64) *metrics {
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "atlas_gateway_refused_total",
		Help: "Connections, subscriptions and messages beyond the limits of an address or, for messages, of a connection.",
	}, []string{"limit"})
	registerer.MustRegister(refused, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_addresses", Help: "Addresses that have connections, or had some seconds ago.",
	}, addresses))
	return &metrics{
		connections:       refused.WithLabelValues("connections"),
		subscriptions:     refused.WithLabelValues("subscriptions"),
		subscriptionBytes: refused.WithLabelValues("subscription-bytes"),
		messages:          refused.WithLabelValues("messages"),
	}
}
