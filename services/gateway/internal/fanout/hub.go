package fanout

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/subscription"
)

// Hub joins subscribers with the streams of the log.
type Hub struct {
	settings Settings
	metrics  *metrics
	sources  map[atlas.Stream]*Source
	clients  atomic.Int64
	replays  replays
	places   *readlimit.Pool // for readers of the log, for clients that are behind
	readers  *readlimit.Pool // turns of those
	draining atomic.Bool
}

// Settings are what a hub goes by.
type Settings struct {
	Limits       Limits
	Measurements Measurements // knows none if it is nil
	// CaughtUp is closed once Measurements knows what the log had at the start: no subscription begins before that. Nil is closed already.
	CaughtUp      <-chan struct{}
	RefuseUnknown bool // refuse subscriptions to measurements that are not known
	Enricher      subscription.Enricher
	Replays       *Replays // nil where nobody may replay the past
	Behind        Behind
	Cursors       Cursors
	Logger        *zap.Logger // no-op if nil
}

// Limits bound a hub.
type Limits struct {
	Clients       int // at once
	Subscriptions int // of one client
	Steps         int // of about a tenth of a microsecond, that the clients of an address cost for each record of a measurement; 0 for any number
}

// ErrFullHouse refuses a client beyond the limit.
var ErrFullHouse = errors.New("too many clients")

// NewHub makes a hub without sources and registers what it counts.
func NewHub(settings Settings, registerer prometheus.Registerer) *Hub {
	if settings.Logger == nil {
		settings.Logger = zap.NewNop()
	}
	hub := &Hub{settings: settings, sources: make(map[atlas.Stream]*Source)}
	hub.places = readlimit.NewPool(openReaders*settings.Behind.Readers, settings.Behind.ReadersOfAddress)
	hub.readers = readlimit.NewPool(settings.Behind.Readers, settings.Behind.ReadersOfAddress)
	hub.metrics = newMetrics(registerer, func() float64 { return float64(hub.clients.Load()) })
	registerer.MustRegister(newDistances(hub))
	return hub
}

// AddSource makes the source of a stream. What feed gives has to have the source's records delivered to it. Sources are added before clients join.
func (h *Hub) AddSource(stream atlas.Stream, feed func(*Source) Feed) *Source {
	source := &Source{hub: h, stream: stream, delivered: h.metrics.delivered.WithLabelValues(string(stream)), partitions: make(map[int]*partition)}
	source.feed = feed(source)
	source.trail, _ = source.feed.(Trail)
	h.sources[stream] = source
	return source
}

// Join makes a client a subscriber without subscriptions, or refuses it with ErrFullHouse. Leave must be called when the client is gone.
func (h *Hub) Join(client Client, rights Rights) (*Subscriber, error) {
	if h.clients.Add(1) > int64(h.settings.Limits.Clients) {
		h.clients.Add(-1)
		return nil, fmt.Errorf("%w: there are %d, and no more are allowed", ErrFullHouse, h.settings.Limits.Clients)
	}
	return &Subscriber{hub: h, client: client, encoding: client.Encoding(), rights: rights, account: &readlimit.Account{}}, nil
}

// follow begins a membership once it is known which measurements there are.
func (h *Hub) follow(ctx context.Context, joining *membership) error {
	source, found := h.sources[joining.wanted.Source()]
	if !found {
		return fmt.Errorf("no stream %q", joining.wanted.Source())
	}
	if err := h.awaitMeasurements(ctx); err != nil {
		return err
	}
	return source.follow(ctx, joining)
}

func (h *Hub) awaitMeasurements(ctx context.Context) error {
	if h.settings.CaughtUp == nil {
		return nil
	}
	select {
	case <-h.settings.CaughtUp:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the measurements are not known yet: %w", ctx.Err())
	}
}
