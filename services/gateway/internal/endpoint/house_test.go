package endpoint

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The measurements that are known, and the token with which one sees the one that is not public.
const (
	publicMeasurement  = 1001
	stoppedMeasurement = 1002
	privateMeasurement = 1003
	token              = "SxyJxUAD2BFoF2gZ8Tbz"
	otherToken         = "another-token-that-is-known"
)

// feed stands in for the tails: one partition, which the test delivers.
type feed struct {
	err         error
	hangs       bool                // Follow waits for the end of its context
	unreachable atlas.MeasurementID // Follow fails for it

	mu        sync.Mutex
	followers int
}

func (f *feed) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (func(), error) {
	if f.err != nil {
		return nil, f.err
	}
	if measurement != 0 && measurement == f.unreachable {
		return nil, errors.New("dial tcp 10.0.0.1:9092: refused")
	}
	f.add(1)
	if f.hangs {
		<-ctx.Done()
		f.add(-1)
		return nil, ctx.Err()
	}
	attach(0, 0)
	return func() { f.add(-1) }, nil
}

// trailed is a feed with a log behind it.
type trailed struct {
	*feed
	fanout.Trail
}

func (f *feed) add(followers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.followers += followers
}

func (f *feed) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.followers
}

// cursors say in words where they stand.
type cursors struct {
	kafka <-chan struct{} // is closed when Kafka answers; nil if it does
}

func (c cursors) Prepare(ctx context.Context) error {
	if c.kafka == nil {
		return nil
	}
	select {
	case <-c.kafka:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (cursors) Live(measurement atlas.MeasurementID, position atlas.Position) string {
	return fmt.Sprintf("%d-behind-%d", measurement, position.Offset)
}

func (cursors) ForAll(standings []fanout.Standing, anew [][]byte) string {
	return fmt.Sprintf("all-%d", len(standings)+len(anew))
}

func (cursors) Each(cursor string) ([]fanout.Recalled, error) {
	if cursor == "later" {
		return nil, errors.New("dial tcp 10.0.0.1:9092: refused")
	}
	own := func(measurement, after string) fanout.Recalled {
		return fanout.Recalled{Parameters: []byte(`{"msm":` + measurement + `,"cursor":""}`), Cursor: after}
	}
	switch cursor {
	case "with one that is gone":
		return []fanout.Recalled{own("1001", "own"), own("5", "gone")}, nil
	case "all gone":
		return []fanout.Recalled{own("1001", "gone"), own("5", "gone")}, nil
	case "a hundred":
		return slices.Repeat([]fanout.Recalled{own("1001", "own")}, 100), nil
	case "sealed with another key":
		return nil, protocol.Refuse(protocol.CodeCursorGone, "offset: %s", cursor)
	}
	other, known := map[string]string{"known": `{"msm":5}`, "with one that stopped": `{"msm":1002}`}[cursor]
	if !known {
		return nil, protocol.Refuse("bad_cursor", "cursor: got %s", cursor)
	}
	return []fanout.Recalled{own("1001", "own"), {Parameters: []byte(other)}}, nil
}

type measurements struct{ stopped, hidden sync.Map }

func (m *measurements) Measurement(id atlas.MeasurementID) (atlas.Measurement, bool) {
	_, stopped := m.stopped.Load(id)
	_, hidden := m.hidden.Load(id)
	known := atlas.Measurement{ID: id, Public: !hidden && id != privateMeasurement, Stopped: stopped || id == stoppedMeasurement}
	return known, known.Stopped || !known.Public
}

func (m *measurements) stop(id atlas.MeasurementID) { m.stopped.Store(id, true) }
func (m *measurements) hide(id atlas.MeasurementID) { m.hidden.Store(id, true) }

// house is all the doors of a hub. Its limits are low.
type house struct {
	hub       *fanout.Hub
	known     *measurements
	source    *fanout.Source
	feed      *feed
	stats     *sendqueue.Stats
	reception *Reception
	registry  *prometheus.Registry
	tokens    string // the file
	stream    *Stream
	socketIO  *SocketIO
	routes    http.Handler
	server    *httptest.Server // nil until it is opened
}

// plan is what houses differ in. The zero value stands for the usual one.
type plan struct {
	clients   int
	queue     sendqueue.Limits
	patience  Patience
	admission ratelimit.Limits
	logger    *zap.Logger
	kafka     <-chan struct{} // as cursors have it
	trail     fanout.Trail    // of the feed; nil for none
}

func (p plan) withDefaults() plan {
	if p.clients == 0 {
		p.clients = 2
	}
	if p.queue == (sendqueue.Limits{}) {
		p.queue = sendqueue.Limits{Bytes: 1 << 20, Messages: 100, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second}
	}
	if p.patience == (Patience{}) {
		p.patience = Patience{Interval: time.Minute, Timeout: time.Minute}
	}
	if p.admission == (ratelimit.Limits{}) {
		p.admission = ratelimit.Limits{Connections: 100, Subscriptions: 1000, Messages: 100, ConnectionMessages: 20}
	}
	p.admission.SubscriptionBytes = cmp.Or(p.admission.SubscriptionBytes, 1<<30)
	if p.logger == nil {
		p.logger = zap.NewNop()
	}
	return p
}

// build makes a house that nobody can reach yet.
func build(t testing.TB, plan plan) *house {
	t.Helper()
	plan = plan.withDefaults()
	h := &house{feed: &feed{}, known: &measurements{}, stats: &sendqueue.Stats{}, registry: prometheus.NewRegistry()}
	h.tokens = filepath.Join(t.TempDir(), "tokens.json")
	h.hub = fanout.NewHub(fanout.Settings{Limits: fanout.Limits{Clients: plan.clients, Subscriptions: 2}, Measurements: h.known, Cursors: cursors{plan.kafka}}, h.registry)
	h.source = h.hub.AddSource(atlas.StreamResult, func(*fanout.Source) fanout.Feed {
		if plan.trail == nil {
			return h.feed
		}
		return trailed{h.feed, plan.trail}
	})
	h.reception = NewReception(h.hub, ratelimit.NewGuard(plan.admission, h.registry), h.openTokens(t), plan.logger, h.registry)
	h.stream = NewStream(h.reception,
		&wsconn.Settings{MaxMessage: 1000, Limits: &plan.queue, Stats: h.stats}, plan.patience)
	var err error
	h.socketIO, err = NewSocketIO(h.reception, socketio.Config{Engine: engineio.Config{Queue: plan.queue, NewID: rand.Text}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/stream/", h.stream)
	mux.Handle("/stream/socket.io/", h.socketIO)
	h.routes = mux
	return h
}

func (h *house) openTokens(t testing.TB) *auth.Tokens {
	t.Helper()
	h.writeTokens(t, token, otherToken)
	tokens, err := auth.Open(h.tokens, zap.NewNop(), h.registry)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// writeTokens puts tokens, all of the same role, into the file.
func (h *house) writeTokens(t testing.TB, tokens ...string) {
	t.Helper()
	var lines []string
	for _, token := range tokens {
		lines = append(lines, `{"name":"noc","token":"`+token+`","roles":["non-public"]}`)
	}
	if err := os.WriteFile(h.tokens, []byte("["+strings.Join(lines, ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// open makes a house on a free port.
func open(t *testing.T, plan plan) *house {
	t.Helper()
	h := build(t, plan)
	h.server = httptest.NewServer(h.routes)
	t.Cleanup(h.server.Close)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		h.shutdown(ctx)
	})
	return h
}

func (h *house) shutdown(ctx context.Context) {
	var doors sync.WaitGroup
	doors.Go(func() { h.stream.Shutdown(ctx) })
	doors.Go(func() { h.socketIO.Shutdown(ctx) })
	doors.Wait()
}

// dial opens a WebSocket at a path; status is the answer's.
func (h *house) dial(t *testing.T, path string, header http.Header) (client *websocket.Conn, status int) {
	t.Helper()
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(h.server.URL, "http")+path, header)
	if response == nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if client != nil {
		t.Cleanup(func() { _ = client.Close() })
	}
	return client, response.StatusCode
}

func (h *house) connect(t *testing.T) *websocket.Conn {
	t.Helper()
	client, status := h.dial(t, "/stream/", nil)
	if client == nil {
		t.Fatalf("refused with status %d", status)
	}
	return client
}

func (h *house) deliver(probe atlas.ProbeID) {
	value := fmt.Appendf(nil, `{"msm_id":1001,"prb_id":%d}`, probe)
	h.deliverAll([]atlas.Record{{Event: atlas.Event{Measurement: publicMeasurement, Probe: probe, Value: value}}})
}

func (h *house) deliverAll(records []atlas.Record) {
	h.source.Deliver(0, records)
	h.source.Flush(0)
}

// await waits until so many subscriptions are left.
func (h *house) await(t *testing.T, followers int) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(10 * time.Second); h.feed.count() != followers; <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("%d subscriptions are left, want %d", h.feed.count(), followers)
		}
	}
}

// say sends a text message.
func say(t *testing.T, client *websocket.Conn, message string) {
	t.Helper()
	if err := client.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

// expect reads a message that begins as wanted.
func expect(t *testing.T, client *websocket.Conn, want string) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, got, err := client.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(got), want) {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
}

func expectClose(t *testing.T, client *websocket.Conn, code int) {
	t.Helper()
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, message, err := client.ReadMessage(); !websocket.IsCloseError(err, code) {
		t.Fatalf("got %q, %v; want a close frame with %d", message, err, code)
	}
}
