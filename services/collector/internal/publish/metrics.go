package publish

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	records *prometheus.CounterVec
	late    *prometheus.CounterVec
	repeats *prometheus.CounterVec
	seconds *prometheus.HistogramVec
}

func newMetrics(source string, registerer prometheus.Registerer) *metrics {
	labels := prometheus.Labels{"source": source}
	factory := promauto.With(registerer)
	return &metrics{
		records: factory.NewCounterVec(prometheus.CounterOpts{
			Name:        "atlas_collector_records_total",
			ConstLabels: labels,
			Help:        "Records by outcome: accepted (Kafka has them), rejected (they are not valid), failed (Kafka did not take them).",
		}, []string{"topic", "outcome"}),
		late: factory.NewCounterVec(prometheus.CounterOpts{
			Name:        "atlas_collector_late_results_total",
			ConstLabels: labels,
			Help:        "Accepted results and connection events that arrived so late (--history-lateness) that replays may miss them.",
		}, []string{"topic"}),
		repeats: factory.NewCounterVec(prometheus.CounterOpts{
			Name:        "atlas_collector_repeated_results_total",
			ConstLabels: labels,
			Help:        "Accepted results and connection events that repeat what this collector wrote before; clients do not receive them.",
		}, []string{"topic"}),
		seconds: factory.NewHistogramVec(prometheus.HistogramOpts{
			Name:        "atlas_collector_append_seconds",
			ConstLabels: labels,
			Help:        "Time until Kafka had all valid records of a batch, or the append failed.",
			Buckets:     prometheus.ExponentialBuckets(0.002, 2, 15),
		}, []string{"topic"}),
	}
}

func (m *metrics) rejected(to Destination, count int) {
	m.records.WithLabelValues(to.Topic, "rejected").Add(float64(count))
}

func (m *metrics) appended(to Destination, accepted, failed int, took time.Duration) {
	m.records.WithLabelValues(to.Topic, "accepted").Add(float64(accepted))
	m.records.WithLabelValues(to.Topic, "failed").Add(float64(failed))
	m.seconds.WithLabelValues(to.Topic).Observe(took.Seconds())
}

func (m *metrics) countedLate(to Destination, count int) {
	m.late.WithLabelValues(to.Topic).Add(float64(count))
}

func (m *metrics) repeated(to Destination, count int) {
	m.repeats.WithLabelValues(to.Topic).Add(float64(count))
}
