package ingest

import (
	"context"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"atlasstream/pkg/clientip"
)

// requestBytes is what a request takes while it comes, before its body needs more: a connection's buffers, its goroutines, a decompressor.
const requestBytes = 64 << 10

// Load bounds what the requests of all doors hold. A request takes memory as its body comes, and a slot only for a batch that is there: those that are slow
// keep nobody from publishing.
type Load struct {
	slots    *pool // batches that are published
	memory   *pool // bytes of what comes
	patience time.Duration
	proxies  *clientip.Proxies
}

// NewLoad makes room for what the limits say. The proxies are believed whom they ask for. The registerer may be nil.
func NewLoad(limits Limits, proxies *clientip.Proxies, registerer prometheus.Registerer) *Load {
	load := &Load{
		slots: newPool(int64(limits.Requests), "slots"), memory: newPool(limits.ReadingBytes, "bytes"), patience: limits.SlotTimeout, proxies: proxies,
	}
	factory := promauto.With(registerer)
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_collector_running_requests", Help: "Batches that are published now, over HTTP and gRPC.",
	}, func() float64 { return float64(load.slots.inUse()) })
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_collector_reading_bytes", Help: "Memory that is set aside for requests, over HTTP and gRPC.",
	}, func() float64 { return float64(load.memory.inUse()) })
	return load
}

// origin is what a request counts for, by its peer's address and its headers.
func (l *Load) origin(remote string, header func(name string) []string) netip.Prefix {
	return clientip.Site(l.proxies.Client(remote, header))
}

// slot waits a little for a slot, as batches come and go.
func (l *Load) slot(ctx context.Context, from netip.Prefix) (giveBack func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, l.patience)
	defer cancel()
	return l.slots.take(ctx, from, 1)
}

// claim is the memory that one request has.
type claim struct {
	load     *Load
	from     netip.Prefix
	giveBack []func()
}

// claim gives a request its first memory.
func (l *Load) claim(from netip.Prefix, bytes int64) (*claim, error) {
	c := &claim{load: l, from: from}
	return c, c.grow(bytes)
}

// grow takes more. It never waits: whoever waits with memory in hand keeps it from others.
func (c *claim) grow(bytes int64) error {
	giveBack, err := c.load.memory.take(dontWait, c.from, bytes)
	if err == nil {
		c.giveBack = append(c.giveBack, giveBack)
	}
	return err
}

// release gives all back.
func (c *claim) release() {
	for _, giveBack := range c.giveBack {
		giveBack()
	}
}

var dontWait = ended()

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
