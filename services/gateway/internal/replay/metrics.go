package replay

import "github.com/prometheus/client_golang/prometheus"

// metrics counts what replays do.
type metrics struct {
	running                    prometheus.Gauge
	delivered, late, stretched prometheus.Counter
	paceError                  prometheus.Histogram
}

func newMetrics(registerer prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "atlas", Subsystem: "gateway_playback", Name: name, Help: help})
	}
	m := &metrics{
		running: prometheus.NewGauge(prometheus.GaugeOpts{
			Namespace: "atlas", Subsystem: "gateway", Name: "playbacks_running", Help: "Replays that deliver, or wait for the time or for their client.",
		}),
		delivered: counter("records_total", "Records that replays met when they were due, whether a subscription matched or not."),
		late:      counter("late_records_total", "Records that came later in the log than the window reaches, and were delivered out of order."),
		stretched: counter("stretched_seconds_total", "Time for which schedules were put off, as clients were slow."),
		paceError: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "atlas", Subsystem: "gateway_playback", Name: "pace_error_seconds",
			Help:    "How much later than it was due the first record of each write was enqueued, but for what its client made it wait.",
			Buckets: []float64{.001, .002, .005, .01, .02, .05, .1, .5, 1, 5},
		}),
	}
	registerer.MustRegister(m.running, m.delivered, m.late, m.stretched, m.paceError)
	return m
}
