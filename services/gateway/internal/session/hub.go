package session

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/cursorevent"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/deliverytime"
	"atlasstream/services/gateway/internal/lagmetrics"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/recheck"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/subscription"
)

// Hub joins clients with the streams of the log.
type Hub struct {
	settings Settings
	shared   *delivery.Shared
	access   *access.Rules
	metrics  *metrics
	streams  map[atlas.Stream]*Stream
	catchup  *catchup.Hub
	playing  replay.Settings
	replays  replays
	clients  atomic.Int64
}

// Settings are what a hub goes by.
type Settings struct {
	Limits       Limits
	Measurements access.Measurements // knows none if it is nil
	// CaughtUp is closed once Measurements knows what the log had at the start: no subscription begins before that. Nil is closed already.
	CaughtUp      <-chan struct{}
	RefuseUnknown bool // refuse subscriptions to measurements that are not known
	Enricher      subscription.Enricher
	Replays       *Replays      // nil where nobody may replay the past
	Backlog       time.Duration // how far back sendBacklog goes
	Behind        Behind
	Cursors       Cursors
	Logger        *zap.Logger // no-op if nil
}

// Behind bounds how far clients may be behind what comes live, and what those cost.
type Behind struct {
	Time    time.Duration // how long ago the next record for a client came in at most
	Bytes   int64         // of the partition's values from there on at most
	Readers int           // most that read the log at once; some more may wait until their address has paid
	// ReadersOfAddress is how many of them read for the clients of one address.
	ReadersOfAddress int
	// Horizon is how many records each reading goes through before those that are wanted, to find repeats.
	Horizon int64
}

// Limits bound a hub.
type Limits struct {
	Clients       int // at once
	Subscriptions int // of one client
	Steps         int // of about a tenth of a microsecond, that the clients of an address cost for each record of a measurement; 0 for any number
}

// ErrTooManyClients refuses a client beyond the limit.
var ErrTooManyClients = errors.New("too many clients")

// NewHub makes a hub without streams and registers what it counts.
func NewHub(settings Settings, registerer prometheus.Registerer) *Hub {
	if settings.Logger == nil {
		settings.Logger = zap.NewNop()
	}
	hub := &Hub{settings: settings, streams: make(map[atlas.Stream]*Stream)}
	hub.metrics = newMetrics(registerer, func() float64 { return float64(hub.clients.Load()) })
	hub.shared = &delivery.Shared{Seal: hub.seal, Overflows: hub.metrics.overflows}
	hub.access = &access.Rules{Measurements: settings.Measurements, RefuseUnknown: settings.RefuseUnknown}
	hub.catchup = catchup.NewHub(catchup.Settings{
		BehindTime: settings.Behind.Time, BehindBytes: settings.Behind.Bytes, Readers: settings.Behind.Readers, ReadersOfAddress: settings.Behind.ReadersOfAddress,
		Horizon: settings.Behind.Horizon, Shared: hub.shared, Enricher: settings.Enricher, OnWork: hub.metrics.work.add, Logger: settings.Logger,
	})
	if settings.Replays != nil {
		hub.playing = replay.Settings{
			Shared: hub.shared, Access: hub.access, Enricher: settings.Replays.Enricher, OnWork: hub.metrics.work.add, Logger: settings.Logger,
		}
	}
	registerer.MustRegister(lagmetrics.New(hub.partitions, hub.catchup.Usage))
	return hub
}

func (h *Hub) seal(token cursor.Token) string { return h.settings.Cursors.Seal(token) }

// AddStream adds the stream of a name, whose Tails must call its Deliver and Flush. Streams are added before clients join.
func (h *Hub) AddStream(name atlas.Stream, tails func(*Stream) Tails) *Stream {
	stream := &Stream{
		hub: h, delivered: h.metrics.delivered.WithLabelValues(string(name)), times: deliverytime.NewTimer(h.metrics.seconds.WithLabelValues(string(name))),
		partitions: make(map[int]*live.Partition),
	}
	stream.tails = tails(stream)
	stream.log, _ = stream.tails.(Log)
	stream.settings = live.Settings{
		Shared: h.shared, Access: h.access, Enricher: h.settings.Enricher, MaxSteps: h.settings.Limits.Steps, BehindTime: h.settings.Behind.Time,
		Detached: h.metrics.detached, Overload: h.metrics.overload, OnWork: h.metrics.work.add,
	}
	if stream.log != nil {
		stream.settings.NewReader = h.catchup.NewTopic(stream.log, stream.delivered).NewReader
	}
	h.streams[name] = stream
	return stream
}

// Join makes the session of a client, or refuses it with ErrTooManyClients. Leave must be called when the client is gone.
func (h *Hub) Join(client delivery.Client, rights access.Rights) (*Session, error) {
	if h.clients.Add(1) > int64(h.settings.Limits.Clients) {
		h.clients.Add(-1)
		h.metrics.refused.Inc()
		return nil, fmt.Errorf("%w: there are %d, and no more are allowed", ErrTooManyClients, h.settings.Limits.Clients)
	}
	session := &Session{hub: h}
	session.Init(client, rights, session, h.shared)
	return session, nil
}

// Clients is how many there are.
func (h *Hub) Clients() int { return int(h.clients.Load()) }

// MeasurementChanged is to be called after Measurements knows of the change. It ends the subscriptions to the results of a measurement that has
// stopped, those to one that is not public by clients that have no right to it, and those to one that is unknown now if such ones are refused, and
// tells the clients so. Subscriptions that begin meanwhile know of the change.
func (h *Hub) MeasurementChanged(now atlas.Measurement) {
	if now.Public && !now.Stopped {
		return
	}
	for _, partition := range h.partitions() {
		recheck.Access(partition, h.access, now.ID)
	}
	for _, replay := range h.replays.all() {
		replay.RecheckAccess(now.ID)
	}
}

// cursorIdle is after how long a client with cursors is sent one if no record brings it one: well before the one that it has is too old.
func (h *Hub) cursorIdle() time.Duration {
	const usual = 15 * time.Second
	if age := h.settings.Behind.Time; age > 0 {
		return min(usual, age/4)
	}
	return usual
}

// SendCursors sends an atlas_cursor to clients with cursors that have received none for some time, until ctx ends.
func (h *Hub) SendCursors(ctx context.Context) {
	ticker := time.NewTicker(h.cursorIdle() / 3)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		for _, partition := range h.partitions() {
			cursorevent.SendIdle(partition, h.cursorIdle())
		}
	}
}

// Drain sends what waits to be sent in batches, and has nothing wait from then on: what clients are told next are the last messages.
func (h *Hub) Drain() {
	h.shared.Drain()
	for _, partition := range h.partitions() {
		flushBatches(partition)
	}
	for _, replay := range h.replays.all() {
		replay.FlushBatches()
	}
}

// flushBatches sends what waits in batches.
func flushBatches(partition *live.Partition) {
	var flushed []*delivery.Recipient
	partition.Do(func(locked *live.Locked) {
		for target := range locked.Targets() {
			if target.FlushBatches("") {
				flushed = append(flushed, target.Recipient)
			}
		}
	})
	for _, recipient := range flushed {
		recipient.Flush()
	}
}

func (h *Hub) partitions() (all []*live.Partition) {
	for _, stream := range h.streams {
		all = append(all, stream.all()...)
	}
	return all
}
