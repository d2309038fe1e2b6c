// Package lagmetrics tells how far behind clients are that catch up.
package lagmetrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
)

// Metrics tell how far behind clients are when they are collected. It is a prometheus.Collector.
type Metrics struct {
	usage                              func() (reading, waiting int)
	partitions                         func() []*live.Partition
	clients, detached, records, oldest *prometheus.Desc
	readers, waiting                   *prometheus.Desc
}

// New makes the metrics of partitions. Usage tells how many readers read the log, and how many wait for their turn.
func New(partitions func() []*live.Partition, usage func() (reading, waiting int)) *Metrics {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("atlas_gateway_behind_"+name, help, nil, nil)
	}
	return &Metrics{
		usage:      usage,
		partitions: partitions,
		clients:    describe("clients", "Clients that read the log, as they are behind what comes live in some partition."),
		detached:   describe("partitions", "Partitions in which clients are behind, once for each client."),
		records:    describe("records", "Records, wanted or not, between clients that are behind and what comes live, once for each client."),
		oldest:     describe("seconds", "How long ago the next record for the client came in that is furthest behind; 0 if that is not known."),
		readers:    describe("readers", "Readers of the log that are at work for clients that are behind."),
		waiting:    describe("readers_waiting", "Partitions of clients that are behind which wait for their turn to be read."),
	}
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{m.clients, m.detached, m.records, m.oldest, m.readers, m.waiting} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(metrics chan<- prometheus.Metric) {
	clients := make(map[*delivery.Recipient]struct{})
	var detached, records int64
	var oldest time.Duration
	for _, partition := range m.partitions() {
		partition.Do(func(locked *live.Locked) {
			for target, reader := range locked.Targets() {
				if reader == nil {
					continue
				}
				clients[target.Recipient] = struct{}{}
				detached++
				next := reader.Next()
				records += max(0, partition.Lag.Next()-next)
				age, _ := partition.Lag.Of(next)
				oldest = max(oldest, age)
			}
		})
	}
	gauge := func(description *prometheus.Desc, value float64) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value)
	}
	gauge(m.clients, float64(len(clients)))
	gauge(m.detached, float64(detached))
	gauge(m.records, float64(records))
	gauge(m.oldest, oldest.Seconds())
	reading, waiting := m.usage()
	gauge(m.readers, float64(reading))
	gauge(m.waiting, float64(waiting))
}
