package sources

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"atlasstream/services/collector/internal/publish"
)

// metrics have the name of a source as a label: one of the file, or an empty one for requests of nobody whom it names.
type metrics struct {
	records  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	refusals *prometheus.CounterVec
}

func newMetrics(registerer prometheus.Registerer, faulty prometheus.Collector, count func() float64) *metrics {
	if registerer != nil {
		registerer.MustRegister(faulty)
	}
	factory := promauto.With(registerer)
	factory.NewGaugeFunc(prometheus.GaugeOpts{Name: "atlas_collector_sources", Help: "Sources of the file that may send records."}, count)
	m := &metrics{
		records: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_collector_source_records_total",
			Help: "Records by source and outcome: accepted (Kafka has them), rejected (they are not valid, or not the source's own), failed (Kafka did not take them).",
		}, []string{"source", "topic", "outcome"}),
		bytes: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_collector_source_bytes_total", Help: "Bytes of records by source, once decompressed.",
		}, []string{"source", "topic"}),
		refusals: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "atlas_collector_source_refusals_total", Help: "Refused requests by source and reason.",
		}, []string{"source", "reason"}),
	}
	for _, reason := range []Reason{ReasonUnknown, ReasonRight, ReasonRate, ReasonShare, ReasonKafka, ReasonRequest} {
		m.refusals.WithLabelValues("", string(reason)) // so that the first refusal of nobody's request shows as an increase
	}
	return m
}

// forget removes a source's series: names come and go with the file.
func (m *metrics) forget(source string) {
	for _, vector := range []*prometheus.CounterVec{m.records, m.bytes, m.refusals} {
		vector.DeletePartialMatch(prometheus.Labels{"source": source})
	}
}

// Reason is why a request was refused.
type Reason string

// The reasons.
const (
	ReasonUnknown Reason = "unknown" // it is of no source of the file
	ReasonRight   Reason = "right"   // the source may not send that kind of records
	ReasonRate    Reason = "rate"    // the source has sent more than its rate
	ReasonShare   Reason = "share"   // its requests hold all that they may, or those of all sources do
	ReasonKafka   Reason = "kafka"   // Kafka did not take records
	ReasonRequest Reason = "request" // the request itself is wrong, or too slow
)

// Refused counts a refused request of a source, by name.
func (s *Sources) Refused(source string, reason Reason) {
	s.metrics.refusals.WithLabelValues(source, string(reason)).Inc()
}

// Published counts records of a source, and their bytes.
func (s *Sources) Published(source, topic string, bytes int, outcome publish.Outcome, failed int) {
	s.metrics.bytes.WithLabelValues(source, topic).Add(float64(bytes))
	for name, count := range map[string]int{"accepted": outcome.Accepted, "rejected": outcome.RejectedTotal, "failed": failed} {
		s.metrics.records.WithLabelValues(source, topic, name).Add(float64(count))
	}
}
