package simulator

import (
	"bytes"
	"encoding/json"
	"iter"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

var start = time.Date(2026, 3, 1, 11, 17, 5, 250e6, time.UTC)

func newNetwork(t testing.TB, cfg Config) *Network {
	t.Helper()
	n, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// during gives the events of a stretch of time.
func during(n *Network, from time.Time, length time.Duration) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		for event := range n.Events(from) {
			if !event.Time.Before(from.Add(length)) || !yield(event) {
				return
			}
		}
	}
}

func first(n *Network, from time.Time, count int) []Event {
	events := make([]Event, 0, count)
	for event := range n.Events(from) {
		if events = append(events, event); len(events) == count {
			break
		}
	}
	return events
}

func parse(t testing.TB, event Event) atlas.Event {
	t.Helper()
	accept := atlas.ParseResult
	if event.Stream == atlas.StreamProbeStatus {
		accept = atlas.ParseProbeStatus
	}
	parsed, err := accept(event.JSON)
	if err != nil {
		t.Fatalf("%v\n%s", err, event.JSON)
	}
	return parsed
}

func TestConfigNamesEveryFault(t *testing.T) {
	for _, test := range []struct {
		cfg  Config
		want []string
	}{
		{Config{Rate: 50}, nil},
		{Config{Rate: 0.1, Probes: 1}, nil},
		{Config{Rate: 15_000, Probes: MaxProbes}, nil},
		{Config{}, []string{"rate: got 0, want 0.01 to 100000 results a second"}},
		{Config{Rate: math.NaN()}, []string{"rate: got NaN"}},
		{Config{Rate: math.Inf(1)}, []string{"rate: got +Inf"}},
		{Config{Rate: -1, Probes: -1}, []string{"rate: got -1", "probes: got -1, want 1 to 10000, or 0 for 300"}},
		{Config{Rate: 1, Probes: MaxProbes + 1}, []string{"probes: got 10001"}},
		{Config{Rate: 1, Incidents: Hard}, nil},
		{Config{Rate: 1, Incidents: "all"}, []string{`incidents: got "all", want "easy" or "hard"`}},
	} {
		_, err := New(test.cfg)
		if len(test.want) == 0 && err != nil {
			t.Errorf("%+v: %v", test.cfg, err)
		}
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: got error %v, want one with %q", test.cfg, err, want)
			}
		}
	}
}

func TestSameSeedAndStartGiveTheSameBytes(t *testing.T) {
	cfg := Config{Seed: 1, Rate: 50}
	ours, same := first(newNetwork(t, cfg), start, 5000), first(newNetwork(t, cfg), start, 5000)
	cfg.Seed = 2
	other := first(newNetwork(t, cfg), start, 5000)
	different := 0
	for i := range ours {
		if !bytes.Equal(ours[i].JSON, same[i].JSON) || ours[i].Time != same[i].Time || ours[i].Stream != same[i].Stream {
			t.Fatalf("event %d differs:\n%s\n%s", i, ours[i].JSON, same[i].JSON)
		}
		if !bytes.Equal(ours[i].JSON, other[i].JSON) {
			different++
		}
	}
	if different != len(ours) {
		t.Errorf("%d of %d events are the same with another seed", len(ours)-different, len(ours))
	}
}

// Whoever starts later reads on where another has come to: a restarted simulator is the same network.
func TestLaterStartRepeatsTheSameEvents(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 10})
	later := start.Add(57 * time.Minute)
	var want []Event
	for event := range during(n, start, 70*time.Minute) {
		if !event.Time.Before(later) {
			want = append(want, event)
		}
	}
	for i, event := range first(n, later, len(want)) {
		if !bytes.Equal(event.JSON, want[i].JSON) {
			t.Fatalf("event %d differs:\n%s\n%s", i, event.JSON, want[i].JSON)
		}
	}
}

func TestEventsAreAcceptedAndInOrder(t *testing.T) {
	for _, rate := range []float64{0.1, 50, 15_000} {
		last := start
		for _, event := range first(newNetwork(t, Config{Seed: 3, Rate: rate}), start, 5_000) {
			if event.Time.Before(last) {
				t.Fatalf("rate %v: %s comes after %s", rate, event.Time, last)
			}
			last = event.Time
			parsed := parse(t, event)
			if !parsed.Time.Equal(event.Time.Truncate(time.Second)) || parsed.Stream != event.Stream {
				t.Fatalf("event of %s, %s says %s, %s", event.Time, event.Stream, parsed.Time, parsed.Stream)
			}
		}
	}
}

func TestEventsStartInUnusualYears(t *testing.T) {
	n := newNetwork(t, Config{Rate: 50})
	for _, from := range []time.Time{{}, time.Unix(0, 0), time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if got := first(n, from, 1)[0].Time; got.Before(time.Unix(0, 0)) || got.After(time.Unix(1, 0)) {
			t.Errorf("from %s: the first event is of %s", from, got)
		}
	}
}

// Records with the same bytes count as one, so a network that repeated itself would lose results. A whole outage lies in the time looked at.
func TestNoTwoEventsAreAlike(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 1500, Probes: 30})
	out, _ := n.incidentsOf(newDice(), int64(sinceEpoch(start)/time.Hour))
	seen := map[atlas.EventID]bool{}
	for event := range during(n, timeAt(out.from), 30*time.Second) {
		id := atlas.EventIDOf(event.JSON)
		if seen[id] {
			t.Fatalf("comes twice: %s", event.JSON)
		}
		seen[id] = true
	}
}

func TestRateIsMet(t *testing.T) {
	for _, test := range []struct {
		rate   float64
		probes int
		over   time.Duration
	}{
		{0.1, 0, 20 * time.Hour},
		{1, 1, 6 * time.Hour},
		{50, 0, 5 * time.Minute},
		{15_000, 0, time.Second},
		{15_000, 5000, time.Second},
		{MaxRate, 0, 200 * time.Millisecond},
	} {
		n := newNetwork(t, Config{Seed: 5, Rate: test.rate, Probes: test.probes})
		results := 0
		for event := range during(n, start, test.over) {
			if event.Stream == atlas.StreamResult {
				results++
			}
		}
		got := float64(results) / test.over.Seconds()
		if math.Abs(got-test.rate) > 0.01*test.rate {
			t.Errorf("%d probes: got %.3f results a second, want %v", test.probes, got, test.rate)
		}
	}
}

// Every probe runs every measurement as often as the others, and measurements keep the proportions of their real intervals.
func TestResultsSpreadOverMeasurementsAndProbes(t *testing.T) {
	const probes, rounds = 40, 8
	n := newNetwork(t, Config{Seed: 5, Rate: probes * (14.0/240 + 1.0/1800), Probes: probes}) // the real intervals
	results := map[atlas.MeasurementID]map[atlas.ProbeID]int{}
	for event := range during(n, start, rounds*1800*time.Second) {
		if parsed := parse(t, event); parsed.Stream == atlas.StreamResult {
			if results[parsed.Measurement] == nil {
				results[parsed.Measurement] = map[atlas.ProbeID]int{}
			}
			results[parsed.Measurement][parsed.Probe]++
		}
	}
	for _, id := range []atlas.MeasurementID{1001, 5001, 10301, 10304, 10305, 10306, 10308, 10309, 10310, 10311, 10312, 10313, 10314, 10315, 10316} {
		want := rounds * 1800 / 240
		if id == 5001 {
			want = rounds
		}
		if len(results[id]) != probes {
			t.Errorf("measurement %d: %d probes take part, want %d", id, len(results[id]), probes)
		}
		for probe, count := range results[id] {
			if count < want-1 || count > want+1 {
				t.Errorf("measurement %d, probe %d: %d results, want %d", id, probe, count, want)
			}
		}
	}
	if len(results) != 15 {
		t.Errorf("got %d measurements, want 15", len(results))
	}
}

func TestMemoryIsBounded(t *testing.T) {
	heapAfter := map[int]uint64{10_000: 0, 50_000: 0}
	count := 0
	for range newNetwork(t, Config{Rate: 1}).Events(start) {
		count++
		if _, wanted := heapAfter[count]; wanted {
			runtime.GC()
			var stats runtime.MemStats
			runtime.ReadMemStats(&stats)
			heapAfter[count] = stats.HeapAlloc
		}
		if count == 50_000 {
			break
		}
	}
	if grown := int64(heapAfter[50_000]) - int64(heapAfter[10_000]); grown > 50_000 {
		t.Errorf("the heap grew by %d bytes over 40,000 events", grown)
	}
}

func TestEventsBelongToTheReceiver(t *testing.T) {
	events := first(newNetwork(t, Config{Rate: 50}), start, 1000)
	for _, event := range events {
		if !json.Valid(event.JSON) || bytes.ContainsAny(event.JSON, "\r\n") {
			t.Fatalf("not one line of JSON any more: %s", event.JSON)
		}
	}
}

func BenchmarkEvents(b *testing.B) {
	b.ReportAllocs()
	var size int64
	events := 0
	for event := range newNetwork(b, Config{Rate: 15_000}).Events(start) {
		if !b.Loop() {
			break
		}
		size += int64(len(event.JSON))
		events++
	}
	b.SetBytes(size / int64(max(events, 1)))
}
