package registry

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	objects, changed, caughtUp, full *prometheus.GaugeVec
	rejected                         *prometheus.CounterVec
}

// tableMetrics are those of one registry.
type tableMetrics struct {
	objects, changed, caughtUp, full prometheus.Gauge
	rejected                         prometheus.Counter
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	gauge := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "atlas", Subsystem: "gateway", Name: "registry_" + name, Help: help}, []string{"registry"})
	}
	m := &metrics{
		objects:  gauge("objects", "Measurements and probes that are known, and probes of which a connection event is remembered."),
		changed:  gauge("last_change_timestamp_seconds", "When an object last appeared, changed or was deleted."),
		caughtUp: gauge("caught_up", "1 once all that the log had at the start has been read."),
		full:     gauge("full", "1 once objects were left out, as there are more than are kept."),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "atlas", Subsystem: "gateway", Name: "registry_rejected_total",
			Help: "Objects and connection events that could not be read, or for which there was no room.",
		}, []string{"registry"}),
	}
	registerer.MustRegister(m.objects, m.changed, m.caughtUp, m.full, m.rejected)
	return m
}

func (m *metrics) of(registry string) tableMetrics {
	return tableMetrics{
		objects:  m.objects.WithLabelValues(registry),
		changed:  m.changed.WithLabelValues(registry),
		caughtUp: m.caughtUp.WithLabelValues(registry),
		full:     m.full.WithLabelValues(registry),
		rejected: m.rejected.WithLabelValues(registry),
	}
}

// show tells that something has changed, and how much there is now.
func (m *tableMetrics) show(count int) {
	m.objects.Set(float64(count))
	m.changed.SetToCurrentTime()
}
