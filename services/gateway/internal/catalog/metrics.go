package catalog

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	objects, bytes, changed, caughtUp, full *prometheus.GaugeVec
	rejected, abridged                      *prometheus.CounterVec
}

// tableMetrics are those of one registry.
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
		objects:  gauge("objects", "Measurements and probes that are known, and probes of which a connection event is remembered."),
		bytes:    gauge("bytes", "Memory that the objects take, about."),
		changed:  gauge("last_change_timestamp_seconds", "When an object last appeared, changed or was deleted."),
		caughtUp: gauge("caught_up", "1 once all that the log had at the start has been read."),
		full:     gauge("full", "1 once objects or texts of them were left out, as there are more than are kept."),
		rejected: counter("rejected_total", "Objects and connection events that could not be read, or for which there was no room."),
		abridged: counter("abridged_total", "Objects whose texts were left out, as there was no room for them."),
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

// show tells that something has changed, and how much there is now.
func (m *tableMetrics) show(count int, bytes int64) {
	m.bytes.Set(float64(bytes))
	m.objects.Set(float64(count))
	m.changed.SetToCurrentTime()
}
