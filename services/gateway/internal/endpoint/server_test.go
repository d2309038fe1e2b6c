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

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/cursorseal"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsconn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The known measurements, and a token for the one that is not public.
const (
	publicMeasurement  = 1001
	stoppedMeasurement = 1002
	privateMeasurement = 1003
	token              = "SxyJxUAD2BFoF2gZ8Tbz"
	otherToken         = "another-token-that-is-known"
)

// fakeTails are tails with one partition, whose records the test delivers.
type fakeTails struct {
	err         error
	hangs       bool                // Follow blocks until its context ends
	unreachable atlas.MeasurementID // Follow fails for it

	mu        sync.Mutex
	followers int
}

func (f *fakeTails) Follow(ctx context.Context, measurement atlas.MeasurementID, attach func(partition int, next int64)) (func(), error) {
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

// fakeTailsWithLog are tails with a log.
type fakeTailsWithLog struct {
	emptyLog
	*fakeTails
}

func (f *fakeTails) add(followers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.followers += followers
}

func (f *fakeTails) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.followers
}

// cursors are fake cursors, with the position in plain text.
type cursors struct {
	kafka <-chan struct{} // closed when Kafka is reachable; nil if it is
	err   error           // why there is no key
}

func (c cursors) AwaitKey(ctx context.Context) error {
	if c.kafka == nil {
		return c.err
	}
	select {
	case <-c.kafka:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (cursors) Seal(token cursor.Token) string {
	if first := token.Subscriptions[0]; first.Parameters == nil {
		return fmt.Sprintf("%d-behind-%d", first.Measurement, first.Live.Offset)
	}
	return fmt.Sprintf("all-%d", len(token.Subscriptions)+len(token.StartOver))
}

// Open returns a position whose topic says how resuming it ends.
func (cursors) Open(text string) (cursor.Token, error) {
	own := func(measurement atlas.MeasurementID, topic string) cursor.SavedSubscription {
		at := cursor.Checkpoint{Measurement: measurement, Live: cursor.Live{Topic: topic}}
		return cursor.SavedSubscription{Checkpoint: at, Parameters: fmt.Appendf(nil, `{"msm":%d,"cursor":""}`, measurement)}
	}
	switch text {
	case "with one that is gone":
		return cursor.Token{Subscriptions: []cursor.SavedSubscription{own(1001, "own"), own(5, "gone")}}, nil
	case "all gone":
		return cursor.Token{Subscriptions: []cursor.SavedSubscription{own(1001, "gone"), own(5, "gone")}}, nil
	case "a hundred":
		return cursor.Token{Subscriptions: slices.Repeat([]cursor.SavedSubscription{own(1001, "own")}, 100)}, nil
	case "known":
		return cursor.Token{Subscriptions: []cursor.SavedSubscription{own(1001, "own")}, StartOver: [][]byte{[]byte(`{"msm":5}`)}}, nil
	case "with one that stopped":
		return cursor.Token{Subscriptions: []cursor.SavedSubscription{own(1001, "own")}, StartOver: [][]byte{[]byte(`{"msm":1002}`)}}, nil
	case "lists":
		first, second := own(1001, "own"), own(1004, "own")
		first.Parameters, second.Parameters = []byte(`{"msm":[1001,1004],"cursor":""}`), nil
		return cursor.Token{Subscriptions: []cursor.SavedSubscription{first, second}}, nil
	case "gone", "bad":
		return cursor.At(own(1001, text).Checkpoint, time.Now()), nil
	case "sealed with another key":
		return cursor.Token{}, cursorseal.ErrOtherKey
	}
	return cursor.Token{}, cursorseal.ErrDamaged
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

// testServer serves all endpoints for a hub, with low limits.
type testServer struct {
	hub        *session.Hub
	known      *measurements
	results    *session.Stream
	tails      *fakeTails
	stats      *queuebudget.Stats
	acceptor   *Acceptor
	registry   *prometheus.Registry
	tokens     string // the file
	stream     *Stream
	socketIO   *SocketIO
	routes     http.Handler
	httpServer *httptest.Server // nil until it is opened
}

// testSettings are the settings of a testServer; zero values are defaults.
type testSettings struct {
	clients   int
	queue     sendqueue.Limits
	heartbeat HeartbeatSettings
	limits    ratelimit.Limits
	logger    *zap.Logger
	kafka     <-chan struct{} // as cursors have it
	keyless   error           // as cursors have it
	log       *emptyLog       // beside the tails; nil for none
}

func (s testSettings) withDefaults() testSettings {
	if s.clients == 0 {
		s.clients = 2
	}
	if s.queue == (sendqueue.Limits{}) {
		s.queue = sendqueue.Limits{Bytes: 1 << 20, Messages: 100, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second}
	}
	if s.heartbeat == (HeartbeatSettings{}) {
		s.heartbeat = HeartbeatSettings{Interval: time.Minute, Timeout: time.Minute}
	}
	if s.limits == (ratelimit.Limits{}) {
		s.limits = ratelimit.Limits{Connections: 100, Subscriptions: 1000, Messages: 100, ConnectionMessages: 20}
	}
	s.limits.SubscriptionBytes = cmp.Or(s.limits.SubscriptionBytes, 1<<30)
	if s.logger == nil {
		s.logger = zap.NewNop()
	}
	return s
}

// newTestServer makes a server without a listener.
func newTestServer(t testing.TB, settings testSettings) *testServer {
	t.Helper()
	settings = settings.withDefaults()
	s := &testServer{tails: &fakeTails{}, known: &measurements{}, stats: &queuebudget.Stats{}, registry: prometheus.NewRegistry()}
	s.tokens = filepath.Join(t.TempDir(), "tokens.json")
	s.hub = session.NewHub(session.Settings{Limits: session.Limits{Clients: settings.clients, Subscriptions: 2}, Measurements: s.known, Cursors: cursors{settings.kafka, settings.keyless}}, s.registry)
	s.results = s.hub.AddStream(atlas.StreamResult, func(*session.Stream) session.Tails {
		if settings.log == nil {
			return s.tails
		}
		return fakeTailsWithLog{*settings.log, s.tails}
	})
	s.acceptor = NewAcceptor(s.hub, s.stats, ratelimit.NewGuard(settings.limits, s.registry), s.openTokens(t), settings.logger, s.registry)
	s.stream = NewStream(s.acceptor,
		&wsconn.Settings{MaxMessage: 1000, Limits: &settings.queue, Stats: s.stats}, settings.heartbeat)
	var err error
	s.socketIO, err = NewSocketIO(s.acceptor, socketio.Config{Engine: engineio.Config{Queue: settings.queue, NewID: rand.Text}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/stream/", s.stream)
	mux.Handle("/stream/socket.io/", s.socketIO)
	s.routes = mux
	return s
}

func (s *testServer) openTokens(t testing.TB) *auth.Tokens {
	t.Helper()
	s.writeTokens(t, token, otherToken)
	tokens, err := auth.Open(s.tokens, zap.NewNop(), s.registry)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// writeTokens writes tokens of the same role to the file.
func (s *testServer) writeTokens(t testing.TB, tokens ...string) {
	t.Helper()
	var lines []string
	for _, token := range tokens {
		lines = append(lines, `{"name":"noc","token":"`+token+`","roles":["non-public"]}`)
	}
	if err := os.WriteFile(s.tokens, []byte("["+strings.Join(lines, ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// openTestServer makes a server that listens on a free port.
func openTestServer(t *testing.T, settings testSettings) *testServer {
	t.Helper()
	s := newTestServer(t, settings)
	s.httpServer = httptest.NewServer(s.routes)
	t.Cleanup(s.httpServer.Close)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		s.shutdown(ctx)
	})
	return s
}

func (s *testServer) shutdown(ctx context.Context) {
	var endpoints sync.WaitGroup
	endpoints.Go(func() { s.stream.Shutdown(ctx) })
	endpoints.Go(func() { s.socketIO.Shutdown(ctx) })
	endpoints.Wait()
}

// dial opens a WebSocket; status is that of the response.
func (s *testServer) dial(t *testing.T, path string, header http.Header) (client *websocket.Conn, status int) {
	t.Helper()
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.httpServer.URL, "http")+path, header)
	if response == nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if client != nil {
		t.Cleanup(func() { _ = client.Close() })
	}
	return client, response.StatusCode
}

func (s *testServer) connect(t *testing.T) *websocket.Conn {
	t.Helper()
	client, status := s.dial(t, "/stream/", nil)
	if client == nil {
		t.Fatalf("refused with status %d", status)
	}
	return client
}

func (s *testServer) deliver(probe atlas.ProbeID) {
	value := fmt.Appendf(nil, `{"msm_id":1001,"prb_id":%d}`, probe)
	s.deliverAll([]atlas.Record{{Event: atlas.Event{Measurement: publicMeasurement, Probe: probe, Value: value}}})
}

func (s *testServer) deliverAll(records []atlas.Record) {
	s.results.Deliver(0, records)
	s.results.Flush(0)
}

// awaitFollowers waits until the tails have so many followers.
func (s *testServer) awaitFollowers(t *testing.T, followers int) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(10 * time.Second); s.tails.count() != followers; <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("%d subscriptions are left, want %d", s.tails.count(), followers)
		}
	}
}

// awaitLive waits until no client is behind.
func (s *testServer) awaitLive(t *testing.T) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(10 * time.Second); s.gauge(t, "atlas_gateway_behind_clients") != 0; <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatal("a client is still behind")
		}
	}
}

func (s *testServer) gauge(t *testing.T, name string) float64 {
	t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// send sends a text message.
func send(t *testing.T, client *websocket.Conn, message string) {
	t.Helper()
	if err := client.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

// expect reads a message and wants its prefix.
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

// tooMany are more records than a queue of two messages takes, even if some are sent before the last is queued.
func tooMany() []atlas.Record {
	records := make([]atlas.Record, 1000)
	for i := range records {
		records[i] = atlas.Record{Event: atlas.Event{Measurement: publicMeasurement, Value: []byte(`{}`)}}
	}
	return records
}
