package endpoint

import (
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/sendqueue"
)

// maxNames is how many names of clients are told apart in metrics: the first ones that come.
const maxNames = 100

// otherNames is what all further names are counted as.
const otherNames = "other"

// tally sums up what the clients of one name are given.
type tally struct {
	mu      sync.Mutex
	present map[*counted]struct{}
	gone    given // to those who were here
}

// given is what clients are given.
type given struct{ messages, bytes uint64 }

// counted is a client that is counted by its name. It has counters of its own: all partitions would contend for common ones with every delivery.
type counted struct {
	client
	tally           *tally
	messages, bytes atomic.Uint64
}

// Enqueue counts a message that the client's queue takes.
func (c *counted) Enqueue(message *sendqueue.Message) error {
	return c.count(message, c.client.Enqueue(message))
}

// EnqueueControl counts a message that the client's queue takes.
func (c *counted) EnqueueControl(message *sendqueue.Message) error {
	return c.count(message, c.client.EnqueueControl(message))
}

func (c *counted) count(message *sendqueue.Message, err error) error {
	if err == nil {
		c.messages.Add(1)
		c.bytes.Add(uint64(message.Size()))
	}
	return err
}

// enter counts the client among those who are connected, until it leaves.
func (c *counted) enter() {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	c.tally.present[c] = struct{}{}
}

func (c *counted) leave() {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	delete(c.tally.present, c)
	c.tally.gone.add(c)
}

func (g *given) add(to *counted) {
	g.messages += to.messages.Load()
	g.bytes += to.bytes.Load()
}

// sum gives how many clients are connected now, and what they and those before them were given.
func (t *tally) sum() (clients int, all given) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all = t.gone
	for client := range t.present {
		all.add(client)
	}
	return len(t.present), all
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
			t.byName[name] = &tally{present: make(map[*counted]struct{})}
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
		clients, given := tally.sum()
		metrics <- prometheus.MustNewConstMetric(t.clients, prometheus.GaugeValue, float64(clients), name)
		metrics <- prometheus.MustNewConstMetric(t.messages, prometheus.CounterValue, float64(given.messages), name)
		metrics <- prometheus.MustNewConstMetric(t.bytes, prometheus.CounterValue, float64(given.bytes), name)
	}
}
