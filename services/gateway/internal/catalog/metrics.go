package catalog

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	objects, bytes, changed, caughtUp, full *prometheus.GaugeVec
	rejected, abridged                      *prometheus.CounterVec
}

// tableMetrics are the metrics of one part of the catalog.
type tableMetrics struct {
	objects, bytes, changed, caughtUp, full prometheus.Gauge
	rejected                                prometheus.Counter
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "atlas", Subsystem: "gateway", Name: "registry_" + name, Help: help}, []string{"registry"})
	}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "atlas", Subsystem: "gateway", Name: "registry_" + name, Help: help}, []string{"registry"})
	}
	m := &metrics{
		objects:  gauge("objects", "Known measurements and probes, and probes with a recent connection event."),
		bytes:    gauge("bytes", "Approximate memory of the objects."),
		changed:  gauge("last_change_timestamp_seconds", "When an object last appeared, changed or was deleted."),
		caughtUp: gauge("caught_up", "1 once everything that the log had at the start is read."),
		full:     gauge("full", "1 once objects, or their texts, were dropped because of a limit."),
		rejected: counter("rejected_total", "Objects and connection events that could not be parsed, or exceeded a limit."),
		abridged: counter("abridged_total", "Objects kept without their texts because of the memory limit."),
	}
	registerer.MustRegister(m.objects, m.bytes, m.changed, m.caughtUp, m.full, m.rejected, m.abridged)
	return m
}

func (m *metrics) of(registry string) tableMetrics {
	return tableMetrics{
		objects:  m.objects.WithLabelValues(registry),
		bytes:    m.bytes.WithLabelValues(registry),
		changed:  m.changed.WithLabelValues(registry),
		caughtUp: m.caughtUp.WithLabelValues(registry),
		full:     m.full.WithLabelValues(registry),
		rejected: m.rejected.WithLabelValues(registry),
	}
}

// update records a change and the new totals.
func (m *tableMetrics) update(count int, bytes int64) {
	m.bytes.Set(float64(bytes))
	m.objects.Set(float64(count))
	m.changed.SetToCurrentTime()
}
