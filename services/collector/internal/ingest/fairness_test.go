package ingest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/sources"
)

// slowLog takes 20 ms for an append, of eight at a time, and holds the budget of the records meanwhile.
type slowLog struct {
	fakeLog
	turns chan struct{}
}

const (
	appendTime  = 20 * time.Millisecond
	appendTurns = 8
)

// AppendPlaced keeps no records.
func (l *slowLog) AppendPlaced(ctx context.Context, _ string, events []atlas.Event) ([]eventlog.Place, error) {
	free, err := eventlog.BudgetOf(ctx).Take(ctx, eventlog.WaitingBytes(len(events), 1<<20))
	if err != nil {
		return nil, err
	}
	defer free()
	l.turns <- struct{}{}
	time.Sleep(appendTime)
	<-l.turns
	return nil, nil
}

// fourSources have a quarter of everything each.
func fourSources(t *testing.T) *sources.Sources {
	t.Helper()
	var entries []string
	for i := range 4 {
		entries = append(entries, fmt.Sprintf(`{"name":"source-%d","token":"%s","rights":["results"]}`, i, tokenOf(i)))
	}
	path := filepath.Join(t.TempDir(), "sources.json")
	if err := os.WriteFile(path, []byte("["+strings.Join(entries, ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	from, err := sources.Open(path, false, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return from
}

func tokenOf(source int) string { return fmt.Sprintf("token-of-the-source-%d", source) }

// network is a collector's HTTP handler among sources in a bubble of synctest, without connections.
type network struct {
	handler  *HTTP
	requests sync.WaitGroup
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	log := &slowLog{turns: make(chan struct{}, appendTurns)}
	load := NewLoad(limits, fourSources(t), believed, nil)
	return &network{handler: NewHTTP(publish.New(log, limits.RecordBytes, "http", nil), limits, load, zap.NewNop(), nil)}
}

func (n *network) post(ctx context.Context, source int, body io.Reader) (status int) {
	request := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/results", body)
	request.Header.Set("Authorization", "Bearer "+tokenOf(source))
	answer := httptest.NewRecorder()
	n.handler.ServeHTTP(answer, request)
	return answer.Code
}

// sendSteadily has three sources send a body every 100 ms, and returns how many were taken within 20 s, and how many were refused.
func (n *network) sendSteadily(t *testing.T) (taken, refused int) {
	t.Helper()
	var all, others atomic.Int64
	var steady sync.WaitGroup
	body := strings.Join(results(20), "\n")
	for source := range 3 {
		steady.Go(func() {
			ticks := time.NewTicker(100 * time.Millisecond) // drops ticks while a request runs
			defer ticks.Stop()
			for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-ticks.C {
				if n.post(t.Context(), source, strings.NewReader(body)) == http.StatusOK {
					all.Add(1)
				} else {
					others.Add(1)
				}
			}
		})
	}
	steady.Wait()
	return int(all.Load()), int(others.Load())
}

const unsteadySource = 3

// flood sends from as many requests at once as one source can, until ctx ends.
func (n *network) flood(ctx context.Context) {
	body := strings.Join(results(20), "\n")
	for range 40 {
		n.requests.Go(func() {
			for ctx.Err() == nil {
				if n.post(ctx, unsteadySource, strings.NewReader(body)) != http.StatusOK {
					time.Sleep(50 * time.Millisecond)
				}
			}
		})
	}
}

// stall begins more bodies than all memory has room for, and does not go on until ctx ends.
func (n *network) stall(ctx context.Context) {
	for range limits.ReadingBytes/requestBytes + 1 {
		n.requests.Go(func() {
			reader, writer := io.Pipe()
			defer context.AfterFunc(ctx, func() { _ = writer.Close() })()
			n.requests.Go(func() { _, _ = io.WriteString(writer, result(1)[:20]) })
			_ = n.post(ctx, unsteadySource, reader)
			_ = reader.Close()
		})
	}
}

// The bar: sources that send at a fixed rate beside one that floods or stalls lose less than a tenth of their throughput, and none is refused.
//
//notices:source-takes-every-share
func TestSourcesBesideOneThatFloodsOrStalls(t *testing.T) {
	for name, disturb := range map[string]func(*network, context.Context){"floods": (*network).flood, "stalls": (*network).stall} {
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(t)
			alone, _ := n.sendSteadily(t)
			ctx, cancel := context.WithCancel(t.Context())
			disturb(n, ctx)
			synctest.Wait()
			beside, refused := n.sendSteadily(t)
			account := account{`of source "source-3"`, 0.25}
			if held, most := n.handler.load.memory.inUse(), n.handler.load.memory.share(account); name == "stalls" && (held > most || held <= most-requestBytes) {
				t.Errorf("stalled requests hold %d bytes, want %d", held, most)
			}
			cancel()
			n.requests.Wait()
			if refused > 0 || float64(beside) < 0.9*float64(alone) {
				t.Errorf("beside one that %s, %d requests were taken and %d refused; alone, %d were taken", name, beside, refused, alone)
			}
			t.Logf("%s: %d of %d", name, beside, alone)
			if held := n.handler.load.memory.inUse() + n.handler.load.slots.inUse() + n.handler.load.waiting.inUse(); held != 0 {
				t.Errorf("%d are held afterwards", held)
			}
		})
	}
}
