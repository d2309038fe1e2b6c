package api

import (
	"cmp"
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
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/admission"
	"atlasstream/services/gateway/internal/door"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/playback"
	"atlasstream/services/gateway/internal/registry"
	"atlasstream/services/gateway/internal/volume"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Tokens that are known, by their role.
const (
	tokenOfHistory   = "history-token-of-the-test"
	tokenOfNonPublic = "non-public-token-of-the-test"
)

// server is an API over a registry.
type server struct {
	*API
	log      *fakeLog
	registry *registry.Registry
	metrics  *prometheus.Registry
}

// serve makes a server. What the settings do not say is as it usually is: everybody may read the past, and Kafka answers.
func serve(t testing.TB, settings Settings, limits admission.Limits) *server {
	t.Helper()
	metrics := prometheus.NewRegistry()
	hub := fanout.NewHub(fanout.Settings{}, metrics)
	guard := admission.NewGuard(admission.Limits{
		Connections: cmp.Or(limits.Connections, 1000), Messages: cmp.Or(limits.Messages, 100_000), ConnectionMessages: 100,
	}, metrics)
	settings.Logger = zap.NewNop()
	settings.Reception = door.NewReception(hub, guard, openTokens(t, metrics), settings.Logger, metrics)
	settings.Registry = registry.New(func(registry.Change) {}, settings.Logger, metrics)
	log := &fakeLog{length: 100, topics: map[string][]partition{liveResults: {{}, {}}, liveProbeStatus: {{}}}}
	settings.Log, settings.Scans = log, logscan.New(log, metrics)
	settings.Topics = map[atlas.Stream]string{atlas.StreamResult: liveResults, atlas.StreamProbeStatus: liveProbeStatus}
	settings.Player = playback.NewPlayer(playback.Settings{
		Log: log, Measurements: settings.Registry, Topics: settings.Topics, Lateness: time.Hour, Limits: playback.Limits{Results: 10_000, Scanned: 200_000},
	}, metrics)
	settings.Volumes = volume.New(log, settings.Scans, time.Hour)
	settings.Past.Mode = cmp.Or(settings.Past.Mode, "open")
	if settings.Kafka == nil {
		settings.Kafka = func() (bool, time.Time) { return true, time.Unix(1426633200, 0) }
	}
	if settings.Newest == nil {
		settings.Newest = func(atlas.Stream) (at time.Time) { return at }
	}
	return &server{API: New(settings, metrics), log: log, registry: settings.Registry, metrics: metrics}
}

func openTokens(t testing.TB, metrics *prometheus.Registry) *access.Tokens {
	t.Helper()
	file := filepath.Join(t.TempDir(), "tokens.json")
	text := `[{"name":"a","token":"` + tokenOfHistory + `","roles":["history"]},{"name":"b","token":"` + tokenOfNonPublic + `","roles":["non-public"]}]`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := access.Open(file, zap.NewNop(), metrics)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// ask gets a path; header is of pairs.
func (s *server) ask(path string, header ...string) *httptest.ResponseRecorder {
	return s.askBy(http.MethodGet, path, header...)
}

func (s *server) askBy(method, path string, header ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	s.ServeHTTP(answer, request)
	return answer
}

// get decodes an answer, which must be one.
func get[T any](t testing.TB, s *server, path string, header ...string) (answer T) {
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
