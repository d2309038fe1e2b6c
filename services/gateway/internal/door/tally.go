package door

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/outbox"
)

// maxNames is how many names of clients are told apart in metrics: the first ones that come.
const maxNames = 100

// otherNames is what all further names are counted as.
const otherNames = "other"

// tally counts what the clients of one name are given.
type tally struct {
	clients  atomic.Int64 // connected now
	messages atomic.Uint64
	bytes    atomic.Uint64
}

// counted is a client that is counted by its name.
type counted struct {
	client
	tally *tally
}

// Offer counts a message that the client's queue takes.
func (c *counted) Offer(message *outbox.Message) error {
	return c.count(message, c.client.Offer(message))
}

// Tell counts a message that the client's queue takes.
func (c *counted) Tell(message *outbox.Message) error {
	return c.count(message, c.client.Tell(message))
}

func (c *counted) count(message *outbox.Message, err error) error {
	if err == nil {
		c.tally.messages.Add(1)
		c.tally.bytes.Add(uint64(message.Size()))
	}
	return err
}

// tallies are those of all names. It is a prometheus.Collector.
type tallies struct {
	mu     sync.Mutex
	byName map[string]*tally

	clients, messages, bytes *prometheus.Desc
}

func newTallies() *tallies {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("atlas_gateway_"+name, help+" The first hundred names are told apart.", []string{"client"}, nil)
	}
	return &tallies{
		byName:   make(map[string]*tally),
		clients:  describe("named_clients", "Clients that are connected, by the name that they gave in the query."),
		messages: describe("named_client_messages_total", "Messages enqueued for clients, by their name."),
		bytes:    describe("named_client_bytes_total", "Bytes of the messages enqueued for clients, by their name."),
	}
}

// of gives the tally of a name.
func (t *tallies) of(name string) *tally {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byName[name] == nil {
		if len(t.byName) >= maxNames {
			name = otherNames
		}
		if t.byName[name] == nil {
			t.byName[name] = &tally{}
		}
	}
	return t.byName[name]
}

// Describe implements prometheus.Collector.
func (t *tallies) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- t.clients
	descriptions <- t.messages
	descriptions <- t.bytes
}

// Collect implements prometheus.Collector.
func (t *tallies) Collect(metrics chan<- prometheus.Metric) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for name, tally := range t.byName {
		metrics <- prometheus.MustNewConstMetric(t.clients, prometheus.GaugeValue, float64(tally.clients.Load()), name)
		metrics <- prometheus.MustNewConstMetric(t.messages, prometheus.CounterValue, float64(tally.messages.Load()), name)
		metrics <- prometheus.MustNewConstMetric(t.bytes, prometheus.CounterValue, float64(tally.bytes.Load()), name)
	}
}
