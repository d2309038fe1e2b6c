package api

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/probeactivity"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"
	"atlasstream/services/gateway/internal/volume"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Tokens that are known, by their role.
const (
	tokenOfHistory   = "history-token-of-the-test"
	tokenOfNonPublic = "non-public-token-of-the-test"
)

// testServer is an API over a registry.
type testServer struct {
	*API
	log      *fakeLog
	events   *fakeEvents
	activity *probeactivity.Day
	registry *catalog.Catalog
	metrics  *prometheus.Registry
}

// serve makes a server. What the settings do not say is as it usually is: everybody may read the past, and Kafka answers.
func serve(t testing.TB, settings Settings, limits ratelimit.Limits) *testServer {
	t.Helper()
	metrics := prometheus.NewRegistry()
	hub := session.NewHub(session.Settings{}, metrics)
	guard := ratelimit.NewGuard(ratelimit.Limits{
		Connections: cmp.Or(limits.Connections, 1000), Messages: cmp.Or(limits.Messages, 100_000), ConnectionMessages: 100,
	}, metrics)
	settings.Logger = zap.NewNop()
	settings.Acceptor = endpoint.NewAcceptor(hub, &queuebudget.Stats{}, guard, openTokens(t, metrics), settings.Logger, metrics)
	settings.Catalog = catalog.New(func(catalog.Change) {}, settings.Logger, metrics)
	log := &fakeLog{length: 100, topics: map[string][]fakePartition{liveResults: {{}, {}}, liveProbeStatus: {{}}}}
	settings.Log, settings.Scans = log, answerscan.New(log, metrics)
	settings.Topics = map[atlas.Stream]string{atlas.StreamResult: liveResults, atlas.StreamProbeStatus: liveProbeStatus}
	settings.Ranges = topicrange.NewFinder(topicrange.Settings{Log: log, Topics: settings.Topics, Lateness: time.Hour}, metrics)
	settings.Speeds = speedlimit.New(speedlimit.Settings{
		Ranges: settings.Ranges, Measurements: settings.Catalog, Limits: speedlimit.Limits{Results: 10_000, Scanned: 200_000},
	})
	settings.Volumes = volume.New(log, settings.Scans, time.Hour)
	events := &fakeEvents{followed: make(chan struct{})}
	settings.Activity, settings.Outages = probeactivity.NewDay(), outagewatch.New(outagewatch.Settings{
		Log: events, Scans: settings.Scans, Logger: settings.Logger, Changes: settings.Catalog.ProbeChanges,
		Probes: func() map[atlas.ProbeID]outage.ProbeInfo { return outagewatch.ProbesOf(settings.Catalog) },
	})
	settings.History.Mode = cmp.Or(settings.History.Mode, "open")
	if settings.Kafka == nil {
		settings.Kafka = func() (bool, time.Time) { return true, time.Unix(1426633200, 0) }
	}
	if settings.Newest == nil {
		settings.Newest = func(atlas.Stream) (at time.Time) { return at }
	}
	return &testServer{
		API: New(settings, metrics), log: log, events: events, activity: settings.Activity, registry: settings.Catalog, metrics: metrics,
	}
}

// watch has the outages looked for until the function that it gives is called.
func (s *testServer) watch(t testing.TB) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.settings.Outages.Run(ctx) }()
	<-s.events.followed
	return func() { cancel(); <-ended }
}

func openTokens(t testing.TB, metrics *prometheus.Registry) *auth.Tokens {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tokens.json")
	text := `[{"name":"a","token":"` + tokenOfHistory + `","roles":["history"]},{"name":"b","token":"` + tokenOfNonPublic + `","roles":["non-public"]}]`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := auth.Open(file, zap.NewNop(), metrics)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// ask gets a path; header is of pairs.
func (s *testServer) ask(path string, header ...string) *httptest.ResponseRecorder {
	return s.askBy(http.MethodGet, path, header...)
}

func (s *testServer) askBy(method, path string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, request)
	return answer
}

// get decodes an answer, which must be one.
func get[T any](t testing.TB, s *testServer, path string, header ...string) (answer T) {
	t.Helper()
	response := s.ask(path, header...)
	if response.Code != http.StatusOK {
		t.Fatalf("%s: got %d %s", path, response.Code, response.Body)
	}
	if err := json.Unmarshal(response.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%s: %v in %s", path, err, response.Body)
	}
	return answer
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }
