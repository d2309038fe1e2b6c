package ingest

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/sources"
	"atlasstream/services/collector/internal/split"
	"atlasstream/services/collector/internal/unpack"
)

// Limits bounds the requests over HTTP and gRPC, and with them the memory that they take. A source may have its share of Requests, ReadingBytes and
// WaitingBytes; without sources, an address may have a quarter.
type Limits struct {
	BodyBytes     int64         // of an HTTP body, both as sent and once decompressed
	MessageBytes  int           // of a gRPC request, once decompressed
	RecordBytes   int           // of one record
	Rejections    int           // after which the rest of a body or request is not read
	Requests      int           // batches that are published at once, over HTTP and gRPC
	ReadingBytes  int64         // of memory for requests, over HTTP and gRPC
	WaitingBytes  int64         // of memory for records that wait for the log, over HTTP and gRPC; the log itself enforces it too
	MinRate       int64         // bytes a second that a client sends in the long run
	ReadTimeout   time.Duration // how long a client may send nothing, or take for a gRPC request
	SlotTimeout   time.Duration // how long a batch may wait for others to be published, and for its source's rate
	AppendTimeout time.Duration // how long the log may take to acknowledge a batch; the log itself enforces it
	ConnectionAge time.Duration // after which a connection is closed once its requests have ended, give or take a tenth
}

// BatchBytes is how much of a body is read before its records are published.
const BatchBytes = 1 << 20

// MinReadingBytes is the least that ReadingBytes can be: an address must be able to have the largest request.
func (l Limits) MinReadingBytes() int64 { return addressShare * l.largestRequest() }

// largestRequest is the memory that a request may take while it comes.
func (l Limits) largestRequest() int64 {
	return max(int64(l.MessageBytes), int64(requestBytes+unpack.MaxWindow+max(BatchBytes, l.RecordBytes)))
}

// largestAppend is the memory that a batch may take while it waits for the log.
func (l Limits) largestAppend() int64 {
	return eventlog.WaitingBytes(split.BatchValues, max(l.MessageBytes, BatchBytes+l.RecordBytes))
}

// slotsOfAccount are at least enough that a source of small requests need not wait for each of them to be published before the next.
const slotsOfAccount = 4

// requestBytes is the memory that a request takes before its body needs more: the connection's buffers, goroutines, a decompressor.
const requestBytes = 64 << 10

// Load bounds what all requests hold, over HTTP and gRPC, and what those of one source do. A request takes memory as its body arrives, and a slot only for a
// batch that is complete, so slow requests keep no other from publishing.
type Load struct {
	slots       *pool // batches that are published
	memory      *pool // bytes of what comes
	waiting     *pool // bytes that wait for the log
	slotTimeout time.Duration
	sources     *sources.Sources
	proxies     *clientip.Proxies
}

// NewLoad returns a Load of these limits and sources. The proxies are those that are believed about a client's address. The registerer may be nil.
func NewLoad(limits Limits, from *sources.Sources, proxies *clientip.Proxies, registerer prometheus.Registerer) *Load {
	slots := int64(limits.Requests)
	load := &Load{
		slots:       newPool(slots, max(1, min(slotsOfAccount, slots/addressShare)), "slots"),
		memory:      newPool(limits.ReadingBytes, limits.largestRequest(), "bytes"),
		waiting:     newPool(limits.WaitingBytes, limits.largestAppend(), "bytes that wait for Kafka"),
		slotTimeout: limits.SlotTimeout, sources: from, proxies: proxies,
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

// slot waits for a slot, no longer than the slot timeout.
func (l *Load) slot(ctx context.Context, from account) (release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, l.slotTimeout)
	defer cancel()
	return l.slots.take(ctx, from, 1)
}

// budget is what an account's records may take while they wait for the log; it implements eventlog.Budget.
type budget struct {
	load *Load
	from account
}

// Take waits no longer than the slot timeout.
func (b budget) Take(ctx context.Context, bytes int64) (free func(), err error) {
	if share := b.load.waiting.share(b.from); bytes > share {
		return nil, fmt.Errorf("%w: got %d, and requests %s may have %d waiting", eventlog.ErrAppendTooLarge, bytes, b.from.owner, share)
	}
	ctx, cancel := context.WithTimeout(ctx, b.load.slotTimeout)
	defer cancel()
	if free, err = b.load.waiting.take(ctx, b.from, bytes); err != nil {
		return nil, fmt.Errorf("%w: %w", eventlog.ErrBusy, err)
	}
	return free, nil
}

// reservation is the memory that one request has.
type reservation struct {
	load     *Load
	from     account
	releases []func()
}

// reserve gives a request its first memory.
func (l *Load) reserve(from account, bytes int64) (*reservation, error) {
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
