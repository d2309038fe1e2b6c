package sessiontest

import (
	"context"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/clientip"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/session"
)

// Hub is a hub of which each stream has one partition, whose records the test delivers.
type Hub struct {
	*session.Hub
	Results, Statuses, Metadata *session.Stream
	Tail                        *Tail
	Measurements                *Measurements
	Metrics                     *prometheus.Registry
}

// NewHub makes a hub for 2,000 clients with 3 subscriptions each.
func NewHub() *Hub { return NewHubWith(session.Settings{}) }

// NewHubWith sets the measurements, the enricher, and limits where there are none.
func NewHubWith(settings session.Settings) *Hub {
	settings.Enricher = probeEnricher(`{"id":7}`)
	if settings.Limits == (session.Limits{}) {
		settings.Limits = session.Limits{Clients: 2000, Subscriptions: 3}
	}
	h := NewHubWithoutSources(settings)
	h.Tail = &Tail{}
	tails := func(*session.Stream) session.Tails { return h.Tail }
	h.Results = h.AddStream(atlas.StreamResult, tails)
	h.Statuses = h.AddStream(atlas.StreamProbeStatus, tails)
	h.Metadata = h.AddStream(atlas.StreamMetadata, session.Untailed)
	return h
}

// NewDefaultHub has the limits that a gateway has by default.
func NewDefaultHub() *Hub {
	limits := session.Limits{Clients: 20_000, Subscriptions: 1000, Steps: 10_000}
	return NewHubWith(session.Settings{Limits: limits, Cursors: JSONCursors{}})
}

// NewBufferingHub makes a hub, and joins a client that wants the results of measurement 1001 as arrays.
func NewBufferingHub(t testing.TB) (*Hub, *RecordingClient, *session.Session) {
	t.Helper()
	h, client := NewHub(), &RecordingClient{}
	joined := h.MustJoin(t, client)
	MustSubscribe(t, joined, `{"msm":1001,"buffering":true}`)
	client.Take(t)
	return h, client, joined
}

// NewHubWithoutSources sets the measurements.
func NewHubWithoutSources(settings session.Settings) *Hub {
	h := &Hub{Measurements: &Measurements{}, Metrics: prometheus.NewRegistry()}
	settings.Measurements = h.Measurements
	h.Hub = session.NewHub(settings, h.Metrics)
	return h
}

// MustJoin joins a client without rights.
func (h *Hub) MustJoin(t testing.TB, client delivery.Client) *session.Session {
	t.Helper()
	return h.MustJoinWith(t, client, access.Rights{})
}

// MustJoinWith joins a client with rights.
func (h *Hub) MustJoinWith(t testing.TB, client delivery.Client, rights access.Rights) *session.Session {
	t.Helper()
	joined, err := h.Join(client, rights)
	if err != nil {
		t.Fatal(err)
	}
	return joined
}

// MustJoinFrom joins a client of an IP address, which is charged for its subscriptions.
func (h *Hub) MustJoinFrom(t testing.TB, address string, client delivery.Client) *session.Session {
	t.Helper()
	joined := h.MustJoin(t, client)
	joined.ChargeTo(clientip.Networks(clientip.Of(address+":1")), nil)
	return joined
}

// Addresses of clients of different networks.
const (
	Attacker  = "192.0.2.1"
	Neighbour = "198.51.100.1"
)

// Deliver delivers records in partition 0 of a stream, and writes them.
func Deliver(stream *session.Stream, records ...atlas.Record) {
	stream.Deliver(0, records)
	stream.Flush(0)
}

// DeliverOften delivers a result so often that its length is that of most results by what the hub estimates.
func (h *Hub) DeliverOften(result atlas.Record) {
	for range 3 * 256 / 2 {
		h.DeliverResults(result)
	}
}

// DeliverResults delivers results.
func (h *Hub) DeliverResults(results ...atlas.Record) { Deliver(h.Results, results...) }

// ChangeMeasurement does what the catalog does when it learns of a measurement.
func (h *Hub) ChangeMeasurement(now atlas.Measurement) {
	h.Measurements.Put(now)
	h.MeasurementChanged(now)
}

// ExpectFollowers expects so many subscriptions to follow the tail.
func (h *Hub) ExpectFollowers(t testing.TB, want int) {
	t.Helper()
	h.Tail.mu.Lock()
	defer h.Tail.mu.Unlock()
	if h.Tail.followers != want {
		t.Errorf("the tail has %d followers, want %d", h.Tail.followers, want)
	}
}

// ExpectOverflows expects so many overflows in the metrics.
func (h *Hub) ExpectOverflows(t testing.TB, want float64) {
	t.Helper()
	if got := h.Metric(t, "atlas_gateway_client_overflows_total"); got != want {
		t.Errorf("the metrics count %g overflows, want %g", got, want)
	}
}

// Tail is a tail of one partition without records: session.Tails.
type Tail struct {
	Err      error  // of Follow
	Attached func() // is called between attach and the return of Follow

	mu        sync.Mutex
	followers int
}

// Follow implements session.Tails.
func (t *Tail) Follow(_ context.Context, _ atlas.MeasurementID, attach func(partition int, next int64)) (func(), error) {
	if t.Err != nil {
		return nil, t.Err
	}
	attach(0, 0)
	t.addFollowers(1)
	if t.Attached != nil {
		t.Attached()
	}
	return func() { t.addFollowers(-1) }, nil
}

func (t *Tail) addFollowers(count int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.followers += count
}
