package fanout

import "github.com/prometheus/client_golang/prometheus"

// metrics counts what a hub does.
type metrics struct {
	delivered  *prometheus.CounterVec
	overflows  prometheus.Counter
	fellBehind prometheus.Counter
}

// newMetrics registers the metrics; clients tells how many there are.
func newMetrics(registerer prometheus.Registerer, clients func() float64) *metrics {
	metrics := &metrics{
		delivered: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_gateway_messages_delivered_total",
			Help: "Records enqueued for clients, by the stream of the log; a record counts once for each client and event that it goes to.",
		}, []string{"stream"}),
		overflows: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_client_overflows_total",
			Help: "Clients that could not keep up and were told so and closed.",
		}),
		fellBehind: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_fell_behind_total",
			Help: "Times that a client could not take a record of the feed and went on to read the log, once for each partition.",
		}),
	}
	registerer.MustRegister(metrics.delivered, metrics.overflows, metrics.fellBehind, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_gateway_clients", Help: "Clients that are connected.",
	}, clients))
	return metrics
}
