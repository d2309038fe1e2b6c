package eventlog

import "github.com/prometheus/client_golang/prometheus"

// readMetrics are the metrics of one kind of reader of one topic.
type readMetrics struct{ read, repeats, undecodable, unreadable, errors prometheus.Counter }

func (m *metrics) reading(topic, reader string) readMetrics {
	return readMetrics{
		read:        m.recordsRead.WithLabelValues(topic, reader),
		repeats:     m.repeats.WithLabelValues(topic, reader),
		undecodable: m.undecodable.WithLabelValues(topic, reader),
		unreadable:  m.unreadable.WithLabelValues(topic, reader),
		errors:      m.fetchErrors.WithLabelValues(topic, reader),
	}
}

func (m readMetrics) observe(counts readCounts) {
	m.read.Add(float64(counts.read))
	m.repeats.Add(float64(counts.repeats))
	m.undecodable.Add(float64(counts.undecodable))
}

// uncounted is for what is counted elsewhere.
func uncounted() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "uncounted_total", Help: "Nobody sees it."})
}
