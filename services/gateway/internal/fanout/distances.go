package fanout

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// distances tell how far clients are behind, when they are asked. It is a prometheus.Collector.
type distances struct {
	hub                                  *Hub
	clients, partitions, records, oldest *prometheus.Desc
	readers, waiting                     *prometheus.Desc
}

func newDistances(hub *Hub) *distances {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("atlas_gateway_behind_"+name, help, nil, nil)
	}
	return &distances{
		hub:        hub,
		clients:    describe("clients", "Clients that read the log, as they are behind the feed in some partition."),
		partitions: describe("partitions", "Partitions in which clients are behind, once for each client."),
		records:    describe("records", "Records, wanted or not, that stand between clients that are behind and the feed, once for each client."),
		oldest:     describe("seconds", "How long ago the next record for the client came in that is furthest behind; 0 if that is not known."),
		readers:    describe("readers", "Readers of the log that are at work for clients that are behind."),
		waiting:    describe("readers_waiting", "Partitions of clients that are behind which wait for their turn to be read."),
	}
}

// distance is how far the clients of some partitions are behind.
type distance struct {
	clients    map[*Subscriber]struct{}
	partitions int
	records    int64
	oldest     time.Duration
}

// Describe implements prometheus.Collector.
func (d *distances) Describe(descriptions chan<- *prometheus.Desc) {
	for _, description := range []*prometheus.Desc{d.clients, d.partitions, d.records, d.oldest, d.readers, d.waiting} {
		descriptions <- description
	}
}

// Collect implements prometheus.Collector.
func (d *distances) Collect(metrics chan<- prometheus.Metric) {
	all := distance{clients: make(map[*Subscriber]struct{})}
	for _, source := range d.hub.sources {
		for _, partition := range source.all() {
			partition.measure(&all)
		}
	}
	gauge := func(description *prometheus.Desc, value float64) {
		metrics <- prometheus.MustNewConstMetric(description, prometheus.GaugeValue, value)
	}
	gauge(d.clients, float64(len(all.clients)))
	gauge(d.partitions, float64(all.partitions))
	gauge(d.records, float64(all.records))
	gauge(d.oldest, all.oldest.Seconds())
	reading, waiting := d.hub.readers.Usage()
	_, outside := d.hub.places.Usage()
	gauge(d.readers, float64(reading))
	gauge(d.waiting, float64(waiting+outside))
}

func (p *partition) measure(into *distance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for behind := range p.behind {
		into.clients[behind.member.subscriber] = struct{}{}
		into.partitions++
		into.records += max(0, p.pace.next-behind.next)
		into.oldest = max(into.oldest, p.pace.age(behind.next))
	}
}
