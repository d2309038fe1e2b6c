package main

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"atlasstream/services/bench/internal/capacity"
	"atlasstream/services/bench/internal/ipc"
)

// TestTinyRun keeps the harness from rotting: the gateway and the bare loop deliver all there is, and the collector takes all, over the embedded broker.
func TestTinyRun(t *testing.T) {
	s := &settings{
		Scenario: []string{"A", "D", "collector", "playback", "abuse", "api", "catchup", "cursors", "stalled", "sources", "capacity", "outages"}, Servers: []string{"bare", "ours", "ours-socketio"},
		Attacks: []string{"pings", "compressed empty records"},
		Quick:   true, Broker: "embedded", Out: filepath.Join(t.TempDir(), "results.json"),
	}
	if err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(s.Out)
	if err != nil {
		t.Fatal(err)
	}
	var written report
	if err := json.Unmarshal(text, &written); err != nil {
		t.Fatal(err)
	}
	for _, f := range written.FanOut {
		if f.Expected == 0 || f.Received.Deliveries != f.Expected {
			t.Errorf("%s: got %d deliveries of %d", f.Server, f.Received.Deliveries, f.Expected)
		}
	}
	for _, f := range written.Intake {
		if f.Load.Records == 0 || f.Load.Failed > 0 {
			t.Errorf("%s: %d records were taken, %d failed", f.Server, f.Load.Records, f.Load.Failed)
		}
	}
	for _, f := range written.Sources {
		if f.Alone.Records == 0 || f.Beside.Records == 0 {
			t.Errorf("sources beside %s: %d records were taken, and %d before", f.Unsteady, f.Beside.Records, f.Alone.Records)
		}
	}
	if len(written.Sources) != len(unsteadies) {
		t.Errorf("sources were measured %d times, want %d", len(written.Sources), len(unsteadies))
	}
	for _, f := range written.Past {
		if f.Records == 0 {
			t.Errorf("%s: nothing was read", f.Kind)
		}
	}
	for _, f := range written.Abuse {
		if f.Units == 0 || f.Missing > 0 {
			t.Errorf("%s: there were %d units, and others missed %d results", f.Attack, f.Units, f.Missing)
		}
	}
	for _, f := range written.API {
		if f.Expected == 0 || f.Received.Deliveries != f.Expected || f.Asked != (f.Answers > 0) {
			t.Errorf("read API: got %d deliveries of %d, with %d answers", f.Received.Deliveries, f.Expected, f.Answers)
		}
	}
	if len(written.API) != 2 || len(written.APIMemory) != 1 || written.APIMemory[0].Events == 0 || written.APIMemory[0].Before == 0 {
		t.Errorf("read API: got %d measurements and %+v", len(written.API), written.APIMemory)
	}
	for _, f := range written.CatchUp {
		if f.CaughtUp.Records == 0 || len(f.CaughtUp.Missed) == 0 || f.Incorrect > 0 || f.CaughtUp.Lost > 0 || f.Live.Received.Deliveries != f.Live.Expected {
			t.Errorf("catching up: got %+v", f)
		}
	}
	for _, f := range written.Cursors {
		if f.Expected == 0 || f.Received.Deliveries != f.Expected {
			t.Errorf("cursors, %t: got %d deliveries of %d", f.Cursors, f.Received.Deliveries, f.Expected)
		}
	}
	if len(written.CatchUp) != 1 || len(written.Cursors) != 2 {
		t.Errorf("got %d measurements of catching up, %d of cursors, want 1 and 2", len(written.CatchUp), len(written.Cursors))
	}
	for _, f := range written.Capacity {
		if f.Received.Deliveries != f.Expected || f.Results > 0 != (f.Load.Rate > 0) {
			t.Errorf("capacity, %s, %d gateways: got %d deliveries of %d, and %g results/s", f.Load.Name, f.Gateways, f.Received.Deliveries, f.Expected, f.Results)
		}
	}
	if s := written.Sizes; len(written.Capacity) != 4 || s.Stored == 0 || s.Gateway == 0 || s.Partition == 0 {
		t.Errorf("capacity: got %d measurements and %+v", len(written.Capacity), s)
	}
	for _, f := range written.Outages {
		if len(f.Rows) < 4 || len(f.Rows[0]) != len(f.Header) || len(f.Bars) < 7 || f.Held == 0 {
			t.Errorf("outages, %s: got %+v", f.Incidents, f)
		}
	}
	if len(written.Outages) != len(allOutages) {
		t.Errorf("outages were judged %d times, want %d", len(written.Outages), len(allOutages))
	}
	if len(written.Abuse) != len(s.Attacks) {
		t.Errorf("got %d measurements of attacks, want %d", len(written.Abuse), len(s.Attacks))
	}
	if len(written.FanOut) != 5 || len(written.Intake) != 2 || len(written.Past) != len(playbackOrder(0)) {
		t.Errorf("got %d, %d and %d measurements, want 5, 2 and %d", len(written.FanOut), len(written.Intake), len(written.Past), len(playbackOrder(0)))
	}
}

func TestBars(t *testing.T) {
	figures := func(round int, server string, micros float64, p99 time.Duration, delivered int) fanOutFigures {
		f := fanOutFigures{Round: round, Scenario: "A", Server: server, MicrosEach: micros, Expected: 100}
		f.Received.P99, f.Received.Deliveries = p99, delivered
		return f
	}
	r := &report{
		FanOut: []fanOutFigures{
			figures(0, "bare", 10, 3*time.Millisecond, 100), figures(0, "ours", 11, 9*time.Millisecond, 100),
			figures(1, "ours", 40, 4*time.Millisecond, 99), figures(1, "bare", 20, 4*time.Millisecond, 100),
			figures(2, "ours", 10, 6*time.Millisecond, 100), figures(2, "bare", 10, 2*time.Millisecond, 100),
		},
		Memory: []memoryFigures{{BytesEach: 8192}},
		Intake: []ingestFigures{{Server: "collector", MicrosEach: 30, Cores: 0.6}, {Server: "writer", MicrosEach: 15}},
		Past: []playbackFigures{
			{Kind: bareFetches, MicrosEach: 2}, {Kind: unpaced, MicrosEach: 3}, {Kind: waiting, HeldOfBound: 1.1},
			{Kind: realWeek, P99: 4 * time.Millisecond}, {Kind: realWeek, Round: 1, P99: time.Second}, {Kind: manyAtOnce, P99: 21 * time.Millisecond},
		},
		Outages: []outageFigures{{
			Incidents: "hard", Probes: 10, SecondsDay: 1.5, Held: 1 << 20, Bars: []bar{{Name: "wrong incidents a day", Got: 0.1, Most: 0.2}},
		}},
		API: []apiFigures{
			{fanOutFigures: figures(0, "", 1, 2*time.Millisecond, 100)}, {fanOutFigures: figures(0, "", 1, 4*time.Millisecond, 100), Asked: true, Answers: 3, Refused: 2},
			{fanOutFigures: figures(0, "", 1, 6*time.Millisecond, 101), Asked: true, Answers: 3, Pair: 1}, {fanOutFigures: figures(0, "", 1, 5*time.Millisecond, 100), Pair: 1},
			{fanOutFigures: figures(0, "", 1, 6*time.Millisecond, 100), Pair: 2}, {fanOutFigures: figures(0, "", 1, 6*time.Millisecond, 100), Asked: true, Pair: 2},
		},
		APIMemory: []apiMemoryFigures{{Added: 41 << 20}},
		CatchUp: []catchUpFigures{
			{Live: figures(0, "ours", 0, 0, 99), MicrosEach: 7}, {Live: figures(0, earlierGateway, 0, 0, 90), MicrosEach: 10, Incorrect: 5},
			{Live: figures(1, earlierGateway, 0, 0, 90), MicrosEach: 40}, {Live: figures(1, "ours", 0, 0, 100), MicrosEach: 36},
		},
		Cursors: []cursorFigures{
			{fanOutFigures: figures(0, "ours", 10, 0, 100)}, {fanOutFigures: figures(0, "ours", 12, 0, 100), Cursors: true},
			{fanOutFigures: figures(0, earlierGateway, 10, 0, 100)}, {fanOutFigures: figures(0, earlierGateway, 30, 0, 10), Cursors: true},
		},
		Stalled: []stalledFigures{{Before: figures(0, "ours", 0, 2*time.Millisecond, 100), During: figures(0, "ours", 0, 5*time.Millisecond, 100), Sockets: 1 << 30}},
		Abuse:   []abuseFigures{{Attack: "pings", MicrosEach: 30}, {Attack: "pings", Round: 1, MicrosEach: 8}, {Attack: "pings", Round: 2, MicrosEach: 10, Missing: 1}},
	}
	for _, want := range []bar{
		{Name: "A: CPU for a delivery, ours to the bare loop's", Got: 1.1, Passed: true},
		{Name: "A: p99 latency, ours over the bare loop's", Got: 4, Passed: true},
		{Name: "A: deliveries that are missing or double", Got: 1, Passed: false},
		{Name: "memory: an idle connection", Got: 8192, Passed: true},
		{Name: "collector: CPU for a record, to the bare Writer's", Got: 2, Passed: true},
		{Name: "collector: processors busy at 15000 results/s", Got: 0.6, Passed: false},
		{Name: "playback: CPU for a record, unpaced to bare fetches'", Got: 1.5, Passed: true},
		{Name: "playback: p99 lateness, a week of DNS at 10,000×", Got: 4, Passed: true},
		{Name: "playback: p99 lateness, 200 at once on one processor", Got: 21, Passed: false},
		{Name: "playback: heap of 100 that wait, to window and read-ahead", Got: 1.1, Passed: false},
		{Name: "outages, hard, 10 probes: wrong incidents a day", Got: 0.1, Passed: true},
		{Name: "outages, hard, 10 probes: CPU for a day", Got: 1.5, Passed: false},
		{Name: "outages, hard, 10 probes: heap", Got: 1, Passed: true},
		{Name: "abuse: CPU for a message, pings", Got: 10, Passed: true},
		{Name: "abuse: results of others that are missing or double, pings", Got: 1, Passed: false},
		{Name: "api: p99 latency while answers are made, to without", Got: 1.2, Passed: true},
		{Name: "api: questions without an answer, of all", Got: 0.25, Passed: true},
		{Name: "api: deliveries that are missing or double", Got: 1, Passed: false},
		{Name: "api: memory for connection events, outages and answers", Got: 41, Passed: false},
		{Name: "catchup: CPU for a record, to the earlier gateway's", Got: 0.8, Passed: true},
		{Name: "catchup: results of backlogs that are missing or double", Got: 0, Passed: true},
		{Name: "catchup: deliveries of others that are missing or double", Got: 1, Passed: false},
		{Name: "cursors: CPU for a delivery, to without", Got: 1.2, Passed: true},
		{Name: "cursors: deliveries that are missing or double", Got: 0, Passed: true},
		{Name: "stalled: memory of the gateway and of sockets", Got: 1 << 10, Passed: true},
		{Name: "stalled: p99 latency of others, to that before", Got: 2.5, Passed: false},
		{Name: "stalled: deliveries of others that are missing or double", Got: 0, Passed: true},
	} {
		got := find(t, r.bars(), want.Name)
		if got.Passed != want.Passed || got.Got < want.Got-1e-9 || got.Got > want.Got+1e-9 {
			t.Errorf("%s: got %g, passed %t, want %g, %t", want.Name, got.Got, got.Passed, want.Got, want.Passed)
		}
	}
	if bars := r.bars(); len(bars) != 27 {
		t.Errorf("got %d bars, want 27: what was not measured has none", len(bars))
	}
	if r.failure() == nil {
		t.Error("got no failure, though ten bars were not reached")
	}
}

// What the model says is compared with what gateways took; connections that were lost count as deliveries that are missing.
func TestCapacityBars(t *testing.T) {
	costs := capacity.Costs{Running: 5000, Followed: 200, Fetch: 100, Record: 2, Match: 20, Wake: 5, Write: 12, Result: 1}
	r := &report{Seconds: 10}
	for _, load := range capacityLoads {
		for _, gateways := range load.gateways() {
			f := capacityFigures{Load: load, Gateways: gateways, Results: float64(load.Rate), Received: ipc.Received{Arrived: 1000}}
			f.Fetches, f.Processors = f.work().Fetches+otherTails, f.predicted(costs)
			if len(load.Predicted) > 0 {
				f.Processors *= 1.1
			}
			r.Capacity = append(r.Capacity, f)
		}
	}
	r.Capacity[3].Received.Lost = 2
	for _, want := range []struct {
		name   string
		got    float64
		passed bool
	}{
		{"capacity: uneven, 4 gateways, measured to predicted", 10, true},
		{"capacity: wide, 1 gateways, measured to predicted", 10, true},
		{"capacity: CPU for a delivery of 2 gateways, to that of one", 1.03, true},
		{"capacity: deliveries that are missing or double, and lost connections", 2, false},
	} {
		if got := find(t, r.bars(), want.name); got.Passed != want.passed || math.Abs(got.Got-want.got) > 0.01*want.got {
			t.Errorf("%s: got %g, passed %t, want %g, %t", want.name, got.Got, got.Passed, want.got, want.passed)
		}
	}
	if len(r.bars()) != 9 {
		t.Errorf("got %d bars, want 9", len(r.bars()))
	}
	for i := range r.Capacity {
		r.Capacity[i].Processors = 0
	}
	if err := r.write(filepath.Join(t.TempDir(), "results.json")); err != nil {
		t.Errorf("runs that took less than the clock shows: %v", err)
	}
}

// A server that took less processor time than the clock shows has no figure to be compared with.
func TestNothingIsNoMeasure(t *testing.T) {
	r := &report{
		FanOut: []fanOutFigures{{Scenario: "A", Server: "bare"}, {Scenario: "A", Server: "ours", MicrosEach: 10}},
		Intake: []ingestFigures{{Server: "collector", MicrosEach: 30}, {Server: "writer"}},
		Past:   []playbackFigures{{Kind: bareFetches}, {Kind: unpaced, MicrosEach: 3}},
	}
	for _, bar := range r.bars() {
		if bar.Unit == "×" {
			t.Errorf("%s: got %g, want no bar", bar.Name, bar.Got)
		}
	}
	if err := r.write(filepath.Join(t.TempDir(), "results.json")); err != nil {
		t.Error(err)
	}
}

// Latency beside requests without answers says nothing about the cost of answers.
func TestQuestionsMustBeAnswered(t *testing.T) {
	for _, refused := range []int{0, 40} {
		r := &report{API: []apiFigures{{}, {Asked: true, Refused: refused}}}
		if bar := find(t, r.bars(), "api: questions without an answer, of all"); bar.Passed {
			t.Errorf("%d questions refused, none answered: passed", refused)
		}
	}
}

func find(t *testing.T, bars []bar, name string) bar {
	t.Helper()
	for _, bar := range bars {
		if bar.Name == name {
			return bar
		}
	}
	t.Errorf("%s: there is no such bar", name)
	return bar{}
}
