package ingest

import (
	"context"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"atlasstream/pkg/clientip"
	"atlasstream/services/collector/internal/unpack"
)

// Limits bounds the requests over HTTP and gRPC, and with them the memory that they take. An address may have a quarter of Requests and of ReadingBytes.
type Limits struct {
	BodyBytes     int64         // of an HTTP body, both as sent and once decompressed
	MessageBytes  int           // of a gRPC request, once decompressed
	RecordBytes   int           // of one record
	Rejections    int           // after which the rest of a body or request is not read
	Requests      int           // batches that are published at once, over HTTP and gRPC
	ReadingBytes  int64         // of memory for requests, over HTTP and gRPC
	MinRate       int64         // bytes a second that a client sends in the long run
	ReadTimeout   time.Duration // how long a client may send nothing, or take for a gRPC request
	SlotTimeout   time.Duration // how long a batch may wait for others to be published
	AppendTimeout time.Duration // how long the log may take to acknowledge a batch; the log itself enforces it
}

// BatchBytes is how much of a body is read before its records are published.
const BatchBytes = 1 << 20

// MinReadingBytes is the least that ReadingBytes can be: an address must be able to have the largest request.
func (l Limits) MinReadingBytes() int64 {
	return addressShare * max(int64(l.MessageBytes), int64(requestBytes+unpack.MaxWindow+max(BatchBytes, l.RecordBytes)))
}

// requestBytes is the memory that a request takes before its body needs more: the connection's buffers, goroutines, a decompressor.
const requestBytes = 64 << 10

// Load bounds what all requests hold, over HTTP and gRPC. A request takes memory as its body arrives, and a slot only for a batch that is complete, so slow
// requests keep no other from publishing.
type Load struct {
	slots       *pool // batches that are published
	memory      *pool // bytes of what comes
	slotTimeout time.Duration
	proxies     *clientip.Proxies
}

// NewLoad returns a Load of these limits. The proxies are those that are believed about a client's address. The registerer may be nil.
func NewLoad(limits Limits, proxies *clientip.Proxies, registerer prometheus.Registerer) *Load {
	load := &Load{
		slots: newPool(int64(limits.Requests), "slots"), memory: newPool(limits.ReadingBytes, "bytes"), slotTimeout: limits.SlotTimeout, proxies: proxies,
	}
	factory := promauto.With(registerer)
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_collector_running_requests", Help: "Batches that are being published, over HTTP and gRPC.",
	}, func() float64 { return float64(load.slots.inUse()) })
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "atlas_collector_reading_bytes", Help: "Bytes of memory that are reserved for requests, over HTTP and gRPC.",
	}, func() float64 { return float64(load.memory.inUse()) })
	return load
}

// origin is the network that a request counts for, by its peer's address and its headers.
func (l *Load) origin(remote string, header func(name string) []string) netip.Prefix {
	return clientip.Site(l.proxies.Client(remote, header))
}

// slot waits for a slot, no longer than the slot timeout.
func (l *Load) slot(ctx context.Context, from netip.Prefix) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, l.slotTimeout)
	defer cancel()
	return l.slots.take(ctx, from, 1)
}

// reservation is the memory that one request has.
type reservation struct {
	load     *Load
	from     netip.Prefix
	releases []func()
}

// reserve gives a request its first memory.
func (l *Load) reserve(from netip.Prefix, bytes int64) (*reservation, error) {
	c := &reservation{load: l, from: from}
	return c, c.grow(bytes)
}

// grow reserves more. It never waits: a request that waited would keep its memory from others.
func (c *reservation) grow(bytes int64) error {
	release, err := c.load.memory.take(dontWait, c.from, bytes)
	if err == nil {
		c.releases = append(c.releases, release)
	}
	return err
}

// release frees all of it.
func (c *reservation) release() {
	for _, release := range c.releases {
		release()
	}
}

var dontWait = ended()

func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
