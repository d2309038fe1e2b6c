package eventlog

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	recordsRead, repeats, undecodable, fetchErrors, gaps *prometheus.CounterVec
	unreadable, reusedBatches                            *prometheus.CounterVec
	tails                                                *prometheus.GaugeVec
	tailLag, tailHeld                                    *prometheus.GaugeVec
	appendBatches, appendRecords, appendBytes            *prometheus.CounterVec
	appendErrors                                         *prometheus.CounterVec
	waitingBytes, sharedBytes, connections               prometheus.Gauge
	requestTimes                                         *requestTimes
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	r := collectors{registerer: registerer}
	m := &metrics{
		recordsRead:   r.counter("records_read_total", "Records read from Kafka, including repeats and those read only to find repeats.", "topic", "reader"),
		repeats:       r.counter("repeats_dropped_total", "Records dropped because an earlier record within the horizon has the same event ID.", "topic", "reader"),
		undecodable:   r.counter("undecodable_records_total", "Records skipped because they are not valid events.", "topic", "reader"),
		unreadable:    r.counter("unreadable_batches_total", "Batches skipped because they are damaged or too large.", "topic", "reader"),
		fetchErrors:   r.counter("fetch_errors_total", "Fetches that failed and were retried.", "topic", "reader"),
		gaps:          r.counter("tail_gaps_total", "Gaps: a tail missed records because the log did not have them any more.", "topic"),
		tails:         r.gauge("tails_running", "Partitions that are followed.", "topic"),
		tailLag:       r.gauge("tail_lag_records", "Records in Kafka that the tail has not read yet.", "topic", "partition"),
		tailHeld:      r.gauge("tail_held_records", "Records in Kafka that cannot be read before a producer's transaction ends.", "topic", "partition"),
		appendBatches: r.counter("append_batches_total", "Batches sent to Kafka, retries not counted.", "topic"),
		appendRecords: r.counter("append_records_total", "Records that Kafka acknowledged.", "topic"),
		appendBytes:   r.counter("append_value_bytes_total", "Bytes of the values that Kafka acknowledged, before compression.", "topic"),
		appendErrors:  r.counter("append_record_errors_total", "Records that Kafka did not acknowledge.", "topic"),
		reusedBatches: r.counter("reused_batches_total", "Batches that a reader needed not decompress, as another one had done so.", "topic"),
	}
	m.waitingBytes = register(&r, prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "atlas", Subsystem: "eventlog", Name: "append_waiting_bytes", Help: "Bytes that writers hold until Kafka acknowledges them.",
	}))
	m.sharedBytes = register(&r, prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "atlas", Subsystem: "eventlog", Name: "shared_bytes", Help: "Memory of the batches that readers of the same partition share.",
	}))
	m.connections = register(&r, prometheus.NewGauge(prometheus.GaugeOpts{
		Namespace: "atlas", Subsystem: "eventlog", Name: "connections", Help: "Open connections to brokers.",
	}))
	m.requestTimes = &requestTimes{brokers: make(map[string]bool), seconds: register(&r, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "atlas", Subsystem: "eventlog", Name: "request_seconds",
		Help: "Time from sending a request to a broker to the first bytes of the response, by the broker's address and Kafka's name for the kind of request. " +
			"A broker answers a Fetch when there are records, or after a second.",
		Buckets: []float64{.001, .005, .01, .05, .1, .5, 1.5, 5, 10},
	}, []string{"api", "broker"}))}
	return m, r.err
}

// collectors registers metrics and joins the errors.
type collectors struct {
	registerer prometheus.Registerer
	err        error
}

func (r *collectors) counter(name, help string, labels ...string) *prometheus.CounterVec {
	return register(r, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "atlas", Subsystem: "eventlog", Name: name, Help: help}, labels))
}

func (r *collectors) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return register(r, prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "atlas", Subsystem: "eventlog", Name: name, Help: help}, labels))
}

// register returns the registered metric if two logs of one process share a registerer.
func register[C prometheus.Collector](r *collectors, collector C) C {
	if r.registerer == nil {
		return collector
	}
	err := r.registerer.Register(collector)
	if already, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing
		}
	}
	if err != nil {
		r.err = errors.Join(r.err, fmt.Errorf("metrics of the event log: %w", err))
	}
	return collector
}

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

// uncounted returns a counter for events that are counted elsewhere.
func uncounted() prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: "uncounted_total", Help: "Never registered."})
}
