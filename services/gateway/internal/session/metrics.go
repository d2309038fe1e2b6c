package session

import (
	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/overload"
	"atlasstream/services/gateway/internal/subscription"
)

// metrics counts what a hub does.
type metrics struct {
	delivered *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	refused   prometheus.Counter
	overflows prometheus.Counter
	detached  prometheus.Counter
	overload  *overload.Metrics
	work      work
}

// work counts what subscriptions have had done with records.
type work struct{ bytes, conditions, sets, payloads, parts prometheus.Counter }

func newWork(registerer prometheus.Registerer) work {
	done := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "atlas_gateway_matching_work_total",
		Help: "What subscriptions have had done with records: bytes read to find members, conditions asked, sets of acceptedFields looked up or united, " +
			"payloads pruned, and parts of records looked at for that.",
	}, []string{"kind"})
	registerer.MustRegister(done)
	of := func(kind string) prometheus.Counter { return done.WithLabelValues(kind) }
	return work{bytes: of("bytes"), conditions: of("conditions"), sets: of("sets"), payloads: of("payloads"), parts: of("parts")}
}

func (w *work) add(done subscription.Stats) {
	w.bytes.Add(float64(done.Bytes))
	w.conditions.Add(float64(done.Conditions))
	w.sets.Add(float64(done.Sets))
	w.payloads.Add(float64(done.Payloads))
	w.parts.Add(float64(done.Parts))
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
		detached: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_fell_behind_total",
			Help: "Times that a client could not take a live record and went on to read the log, once for each partition.",
		}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "atlas_gateway_delivery_seconds",
			Help: "Time from Kafka's response with live records until they were written to the sockets of all clients that wanted any of them and had room, " +
				"once for up to 256 records of a partition; those that nobody wanted do not count, and neither do clients that are behind.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"stream"}),
		refused: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "atlas_gateway_clients_refused_total", Help: "Clients that were refused, as there were as many as there may be (--max-clients).",
		}),
		overload: overload.NewMetrics(registerer),
		work:     newWork(registerer),
	}
	registerer.MustRegister(metrics.delivered, metrics.seconds, metrics.refused, metrics.overflows, metrics.detached)
	registerer.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "atlas_gateway_clients", Help: "Clients that are connected."}, clients))
	return metrics
}
