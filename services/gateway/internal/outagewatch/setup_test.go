package outagewatch

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/readlimit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newWatch makes a watch of a log, with an empty registry of probes.
func newWatch(log Log) (w *Watch, registry *fakeRegistry) {
	registry = &fakeRegistry{}
	scans := answerscan.New(nil, prometheus.NewRegistry())
	return New(Settings{Log: log, Probes: registry.get, Changes: registry.count, Horizon: 100, Scans: scans, Logger: zap.NewNop()}), registry
}

type fakeRegistry struct {
	mu      sync.Mutex
	probes  map[atlas.ProbeID]outage.ProbeInfo
	changes uint64
}

func (r *fakeRegistry) get() map[atlas.ProbeID]outage.ProbeInfo {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.probes)
}

func (r *fakeRegistry) count() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changes
}

func (r *fakeRegistry) set(probes map[atlas.ProbeID]outage.ProbeInfo) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.probes = probes
	r.changes++
}

// run runs a watch until stop is called.
func run(t *testing.T, w *Watch) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Run returned %v", err)
		}
	}
}

func mustNow(t *testing.T, w *Watch) *Answer {
	t.Helper()
	answer, err := w.Current()
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// smallAccount is one that cannot pay for much.
func smallAccount() *readlimit.Account {
	return readlimit.NewAccount(rate.NewLimiter(0.1, 2), nil, readlimit.NewMetrics(prometheus.NewRegistry()))
}

func inJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
