package outagewatch

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/simulator"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeLog has as many of its records as have come. The newest few of them are in the memory of deliveries.
type fakeLog struct {
	mu      sync.Mutex
	records []atlas.Record
	end     int
	first   int
	kept    int
	fails   error
}

func (l *fakeLog) Bounds(context.Context) (first, next int64, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(l.first), int64(l.end), l.fails
}

func (l *fakeLog) OffsetAt(_ context.Context, at time.Time) (int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	index := slices.IndexFunc(l.records[l.first:l.end], func(r atlas.Record) bool { return !r.Time.Before(at) })
	if index < 0 {
		return int64(l.end), l.fails
	}
	return int64(l.first + index), l.fails
}

func (l *fakeLog) Events(_ context.Context, from, to int64) iter.Seq2[atlas.Record, error] {
	return func(yield func(atlas.Record, error) bool) {
		l.mu.Lock()
		records := l.records[from:to]
		l.mu.Unlock()
		for _, record := range records {
			if !yield(record, nil) {
				return
			}
		}
	}
}

func (l *fakeLog) Follow(_ context.Context, offset int64, attach func([]atlas.Record)) (release func(), found bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if int(offset) < l.end-l.kept {
		return nil, false, nil
	}
	attach(l.records[offset:l.end])
	return func() {}, true, nil
}

// deliver has so many more records come.
func (l *fakeLog) deliver(w *Watch, count int) {
	l.mu.Lock()
	begin := l.end
	l.end = min(len(l.records), l.end+count)
	records := l.records[begin:l.end]
	l.mu.Unlock()
	w.Deliver(records)
}

// become has the log be another one.
func (l *fakeLog) become(records []atlas.Record, fails error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records, l.end, l.fails = records, len(records), fails
}

// network is a simulated one with its log.
type network struct {
	from    time.Time
	records []atlas.Record
	probes  map[atlas.ProbeID]outage.Probe
}

// simulate puts some events later into the log than they were, and has some clocks be fast.
func simulate(t *testing.T, probes, days int) *network {
	t.Helper()
	simulated, err := simulator.New(simulator.Config{Seed: 5, Probes: probes, Rate: simulator.MinRate})
	if err != nil {
		t.Fatal(err)
	}
	n := &network{from: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), probes: map[atlas.ProbeID]outage.Probe{}}
	objects, err := simulated.ProbeObjects(n.from)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		p, err := atlas.ParseProbe(object)
		if err != nil {
			t.Fatal(err)
		}
		n.probes[p.ID] = outage.ProbeOf(&p)
	}
	random := rand.New(rand.NewPCG(1, 2))
	came := map[int64]time.Time{}
	for event := range simulated.Connections(n.from) {
		if event.Time.After(n.from.AddDate(0, 0, days)) {
			break
		}
		parsed, err := atlas.ParseProbeStatus(event.JSON)
		if err != nil {
			t.Fatal(err)
		}
		id := int64(len(n.records))
		came[id] = event.Time
		switch random.IntN(40) {
		case 0:
			came[id] = came[id].Add(time.Duration(random.Int64N(int64(3 * time.Hour))))
		case 1:
			parsed.Time = parsed.Time.Add(time.Duration(random.Int64N(int64(10 * time.Minute)))).Truncate(time.Second)
		}
		n.records = append(n.records, atlas.Record{Event: parsed, Position: atlas.Position{Offset: id}})
	}
	slices.SortStableFunc(n.records, func(a, b atlas.Record) int { return came[a.Position.Offset].Compare(came[b.Position.Offset]) })
	for i := range n.records {
		n.records[i].Position.Offset = int64(i)
	}
	return n
}

// at is how many records there were at a time.
func (n *network) at(days float64) int {
	until := n.from.Add(time.Duration(days * float64(24*time.Hour)))
	return slices.IndexFunc(n.records, func(r atlas.Record) bool { return r.Time.After(until) })
}

// watch makes a watch of a log. What its registry says may be changed by the caller.
func watch(log Log) (w *Watch, registry *fakeRegistry) {
	registry = &fakeRegistry{}
	scans := logscan.New(nil, prometheus.NewRegistry())
	return New(Settings{Log: log, Probes: registry.get, Changes: registry.count, Horizon: 100, Scans: scans, Logger: zap.NewNop()}), registry
}

type fakeRegistry struct {
	mu      sync.Mutex
	probes  map[atlas.ProbeID]outage.Probe
	changes uint64
}

func (r *fakeRegistry) get() map[atlas.ProbeID]outage.Probe {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.probes)
}

func (r *fakeRegistry) count() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.changes
}

func (r *fakeRegistry) set(probes map[atlas.ProbeID]outage.Probe) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.probes = probes
	r.changes++
}

func inJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// disconnects is a burst of some probes of a country at a time.
func disconnects(from atlas.ProbeID, count int, at time.Time) (records []atlas.Record) {
	for i := range count {
		id := from + atlas.ProbeID(i)
		records = append(records, atlas.Record{Event: atlas.Event{
			Stream: atlas.StreamProbeStatus, Probe: id, Time: at.Add(time.Duration(i) * time.Second),
			Value: fmt.Appendf(nil, `{"event":"disconnect","prb_id":%d,"controller":"ctr-%d"}`, id, id%8),
		}})
	}
	return records
}
