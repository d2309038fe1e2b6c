// Package clientstatistics counts connected clients, and what is sent to them, by the names that they say in their queries.
package clientstatistics

import (
	"fmt"
	"sync"
	"sync/atomic"

	"atlasstream/services/gateway/internal/wsframe"

	"github.com/prometheus/client_golang/prometheus"
)

// maxNames is how many client names have metrics of their own: those that connect first.
const maxNames = 100

// otherNames is the name that further clients are counted by.
const otherNames = "other"

// nameStatistics sums up what is sent to the clients of one name.
type nameStatistics struct {
	mu           sync.Mutex
	connected    map[*Client]struct{}
	disconnected deliveredTotals // to clients that have disconnected
}

// deliveredTotals is what is sent to clients.
type deliveredTotals struct{ messages, bytes uint64 }

// Client counts what is sent to a client. Each has its own counters, as all partitions would contend for common ones with every delivery.
type Client struct {
	statistics      *nameStatistics
	messages, bytes atomic.Uint64
}

// Count counts a message unless there is an error, which it returns.
func (c *Client) Count(message *wsframe.Message, err error) error {
	if err == nil {
		c.messages.Add(1)
		c.bytes.Add(uint64(message.Size()))
	}
	return err
}

// Disconnect is called once.
func (c *Client) Disconnect() {
	c.statistics.mu.Lock()
	defer c.statistics.mu.Unlock()
	delete(c.statistics.connected, c)
	c.statistics.disconnected.add(c)
}

func (d *deliveredTotals) add(to *Client) {
	d.messages += to.messages.Load()
	d.bytes += to.bytes.Load()
}

// sum returns how many clients are connected, and what was sent to them and to those before them.
func (s *nameStatistics) sum() (clients int, all deliveredTotals) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all = s.disconnected
	for client := range s.connected {
		all.add(client)
	}
	return len(s.connected), all
}

// Statistics are those of all names. It is a prometheus.Collector.
type Statistics struct {
	mu     sync.Mutex
	byName map[string]*nameStatistics

	clients, messages, bytes *prometheus.Desc
}

// New makes the statistics.
func New() *Statistics {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("atlas_gateway_"+name, fmt.Sprintf("%s The first %d names have their own series.", help, maxNames), []string{"client"}, nil)
	}
	return &Statistics{
		byName:   make(map[string]*nameStatistics),
		clients:  describe("named_clients", "Connected clients, by the name in their query."),
		messages: describe("named_client_messages_total", "Messages queued for clients, by client name."),
		bytes:    describe("named_client_bytes_total", "Bytes of the messages queued for clients, by client name."),
	}
}

// Connect counts a client by its name as connected, until Disconnect.
func (s *Statistics) Connect(client *Client, name string) {
	client.statistics = s.of(name)
	client.statistics.mu.Lock()
	defer client.statistics.mu.Unlock()
	client.statistics.connected[client] = struct{}{}
}

func (s *Statistics) of(name string) *nameStatistics {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byName[name] == nil {
		if len(s.byName) >= maxNames {
			name = otherNames
		}
		if s.byName[name] == nil {
			s.byName[name] = &nameStatistics{connected: make(map[*Client]struct{})}
		}
	}
	return s.byName[name]
}

// Describe implements prometheus.Collector.
func (s *Statistics) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- s.clients
	descriptions <- s.messages
	descriptions <- s.bytes
}

// Collect implements prometheus.Collector.
func (s *Statistics) Collect(metrics chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, statistics := range s.byName {
		clients, totals := statistics.sum()
		metrics <- prometheus.MustNewConstMetric(s.clients, prometheus.GaugeValue, float64(clients), name)
		metrics <- prometheus.MustNewConstMetric(s.messages, prometheus.CounterValue, float64(totals.messages), name)
		metrics <- prometheus.MustNewConstMetric(s.bytes, prometheus.CounterValue, float64(totals.bytes), name)
	}
}
