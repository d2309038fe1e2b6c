package session

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// feed stands in for the tails: one partition, which the test delivers.
type feed struct {
	mu        sync.Mutex
	followers int
	err       error
	attached  func() // is called between attach and Follow's return
}

func (f *feed) Follow(_ context.Context, _ atlas.MeasurementID, attach func(partition int, next int64)) (func(), error) {
	if f.err != nil {
		return nil, f.err
	}
	attach(0, 0)
	f.add(1)
	if f.attached != nil {
		f.attached()
	}
	return func() { f.add(-1) }, nil
}

func (f *feed) add(followers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.followers += followers
}

// inbox is a client that keeps what it is offered.
type inbox struct {
	mu         sync.Mutex
	limit      int
	messages   []string
	flushed    int // messages that have been written
	flushes    int
	overflowed int
	gone       bool
}

type plain struct{}

func (plain) Event(name string, payload []byte) *sendqueue.Message {
	return sendqueue.Text(fmt.Appendf(nil, "%s %s", name, payload))
}

func (plain) Cursor(cursor string) *sendqueue.Message {
	return sendqueue.Text([]byte("atlas_cursor " + cursor))
}

func (plain) EventAt(name string, payload []byte, cursor string) *sendqueue.Message {
	return sendqueue.Text(fmt.Appendf(nil, "%s %s %s", name, payload, cursor))
}

func (i *inbox) Encoding() delivery.Encoding { return plain{} }

func (i *inbox) Complaint(refusal *protocol.Error) *sendqueue.Message {
	return delivery.ErrorMessage(plain{}, refusal)
}

func (i *inbox) BeginCursors() bool { return false }

func (i *inbox) EnqueueControl(message *sendqueue.Message) error { return i.Enqueue(message) }

func (i *inbox) Enqueue(message *sendqueue.Message) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.gone {
		return sendqueue.ErrClosed
	}
	if i.limit > 0 && len(i.messages) >= i.limit {
		return sendqueue.ErrFull
	}
	i.messages = append(i.messages, string(message.Payload()))
	return nil
}

func (i *inbox) Flush() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.flushes++
	i.flushed = len(i.messages)
}

func (i *inbox) Writable() (<-chan struct{}, error) { return nil, nil }

func (i *inbox) Overflow() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.overflowed++
}

// take gives what has been written and forgets it; what has only been enqueued is a fault.
func (i *inbox) take(t testing.TB) []string {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.flushed != len(i.messages) {
		t.Errorf("%d messages are enqueued and not written: %q", len(i.messages)-i.flushed, i.messages[i.flushed:])
	}
	messages := i.messages
	i.messages, i.flushed = nil, 0
	return messages
}

func (i *inbox) expect(t testing.TB, want ...string) {
	t.Helper()
	if got := i.take(t); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func (i *inbox) expectOverflows(t testing.TB, want int) {
	t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.overflowed != want {
		t.Errorf("the client was told %d times that it cannot keep up, want %d", i.overflowed, want)
	}
}

// catalogue is a registry of measurements.
type catalogue struct {
	mu    sync.Mutex
	known map[atlas.MeasurementID]atlas.Measurement
}

func (c *catalogue) Measurement(id atlas.MeasurementID) (atlas.Measurement, bool) {
	c.mu.Lock()
	measurement, known := c.known[id]
	c.mu.Unlock()
	runtime.Gosched() // who does not hold the partition's lock acts on what is out of date
	return measurement, known
}

func (c *catalogue) put(measurement atlas.Measurement) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = make(map[atlas.MeasurementID]atlas.Measurement)
	}
	c.known[measurement.ID] = measurement
}

// stamp is an enricher that is easy to see.
type stamp struct{}

func (stamp) Enrich(record *atlas.Record) []byte {
	return append(slices.Clone(record.Value[:len(record.Value)-1]), `,"probe":{"id":7}}`...)
}

type house struct {
	*Hub
	results, statuses, metadata *Source
	feed                        *feed
	catalogue                   *catalogue
	metrics                     *prometheus.Registry
}

func newHouse() *house { return newHouseWith(Settings{}) }

func newHouseWith(settings Settings) *house {
	h := &house{feed: &feed{}, catalogue: &catalogue{}, metrics: prometheus.NewRegistry()}
	settings.Measurements, settings.Enricher = h.catalogue, stamp{}
	if settings.Limits == (Limits{}) {
		settings.Limits = Limits{Clients: 2000, Subscriptions: 3}
	}
	h.Hub = NewHub(settings, h.metrics)
	follow := func(*Source) Tails { return h.feed }
	h.results = h.AddSource(atlas.StreamResult, follow)
	h.statuses = h.AddSource(atlas.StreamProbeStatus, follow)
	h.metadata = h.AddSource(atlas.StreamMetadata, Untailed)
	return h
}

func (h *house) join(t testing.TB, client delivery.Client) *Session {
	return h.joinWith(t, client, delivery.Rights{})
}

func (h *house) joinWith(t testing.TB, client delivery.Client, rights delivery.Rights) *Session {
	t.Helper()
	subscriber, err := h.Join(client, rights)
	if err != nil {
		t.Fatal(err)
	}
	return subscriber
}

func deliver(source *Source, records ...atlas.Record) {
	source.Deliver(0, records)
	source.Flush(0)
}

func (h *house) deliver(records ...atlas.Record) { deliver(h.results, records...) }

// change does what the registry does when it learns of a measurement.
func (h *house) change(now atlas.Measurement) {
	h.catalogue.put(now)
	h.MeasurementChanged(now)
}

func (h *house) expectFollowers(t testing.TB, want int) {
	t.Helper()
	if h.feed.followers != want {
		t.Errorf("the partition has %d followers, want %d", h.feed.followers, want)
	}
}

func (h *house) expectOverflows(t testing.TB, want float64) {
	t.Helper()
	if got := h.counted(t, "atlas_gateway_client_overflows_total"); got != want {
		t.Errorf("%g overflows are counted, want %g", got, want)
	}
}

func (h *house) counted(t testing.TB, name string) float64 { return counted(t, h.metrics, name) }

// counted is the sum of a metric over its labels.
func counted(t testing.TB, metrics *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == name {
				sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func result(measurement atlas.MeasurementID, probe atlas.ProbeID) atlas.Record {
	return record(atlas.StreamResult, measurement, probe, fmt.Sprintf(`{"msm_id":%d,"prb_id":%d,"type":"ping","timestamp":1}`, measurement, probe))
}

func record(stream atlas.Stream, measurement atlas.MeasurementID, probe atlas.ProbeID, value string) atlas.Record {
	return atlas.Record{Event: atlas.Event{Stream: stream, Measurement: measurement, Probe: probe, Type: "ping", Value: []byte(value)}}
}

func parse(t testing.TB, parameters string) *subscription.Subscription {
	t.Helper()
	wanted, err := subscription.Parse([]byte(parameters))
	if err != nil {
		t.Fatal(err)
	}
	return wanted
}

// try subscribes as a session does, which writes the confirmation.
func try(t testing.TB, subscriber *Session, parameters string) error {
	t.Helper()
	defer subscriber.Client.Flush()
	return subscriber.Subscribe(context.Background(), parse(t, parameters), []byte(parameters))
}

func subscribe(t testing.TB, subscriber *Session, parameters string) {
	t.Helper()
	if err := try(t, subscriber, parameters); err != nil {
		t.Fatal(err)
	}
}

func unsubscribe(t testing.TB, subscriber *Session, parameters string) error {
	t.Helper()
	defer subscriber.Client.Flush()
	return subscriber.Unsubscribe(parse(t, parameters), []byte(parameters))
}

func expectRefusal(t testing.TB, err error, want string) {
	t.Helper()
	if _, refused := errors.AsType[*protocol.Error](err); !refused || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v, want a refusal that begins with %s", err, want)
	}
}

// Subscriptions is how many there are.
func (s *Session) Subscriptions() int {
	count, _ := s.Usage()
	return count
}

func (h *house) workDone(t testing.TB) subscription.Stats { return workDone(t, h.metrics) }

// workDone is what subscriptions have had done with records.
func workDone(t testing.TB, metrics *prometheus.Registry) (done subscription.Stats) {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]*int{"bytes": &done.Bytes, "conditions": &done.Conditions, "sets": &done.Sets, "payloads": &done.Payloads, "parts": &done.Parts}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if family.GetName() == "atlas_gateway_matching_work_total" {
				*kinds[metric.GetLabel()[0].GetValue()] = int(metric.GetCounter().GetValue())
			}
		}
	}
	return done
}
