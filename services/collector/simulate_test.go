package collector

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/simulator"
)

// A simulation that is restarted continues where the log ends, so it publishes nothing twice.
func TestSimulateGoesOnWhereTheLogEnds(t *testing.T) {
	b := broker(t, "")
	cfg := SimulateConfig{
		Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 2}, SimulatedNetwork: SimulatedNetwork{Rate: 20, Seed: 1}, History: 10 * time.Minute, Logger: zap.NewNop(),
	}
	simulate(t, cfg, func() bool { return newest(t, b.Addrs()) > time.Now().Add(-time.Minute).Unix() })
	first := len(stored(t, b.Addrs(), eventlog.ResultsTopic))
	if first < 8000 {
		t.Errorf("got %d results of ten minutes' history at 20/s", first)
	}
	before := offsets(t, b.Addrs())
	simulate(t, cfg, func() bool { return offsets(t, b.Addrs()) > before })
	if second := len(stored(t, b.Addrs(), eventlog.ResultsTopic)) - first; second < 1 || second > 6000 {
		t.Errorf("got %d results more after the second start", second)
	}
	if appended := offsets(t, b.Addrs()); appended > int64(first)+6200 {
		t.Errorf("the second start appended %d records", appended-int64(first))
	}
}

// A simulation publishes the registries of its network.
func TestSimulatePutsItsRegistries(t *testing.T) {
	b := broker(t, "")
	cfg := SimulateConfig{
		Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 2}, SimulatedNetwork: SimulatedNetwork{Rate: 20, Seed: 1, Probes: 40}, History: 2 * time.Minute, Logger: zap.NewNop(),
	}
	simulate(t, cfg, func() bool { return newest(t, b.Addrs()) > 0 && len(stored(t, b.Addrs(), eventlog.ResultsTopic)) > 100 })
	probes, measurements := registered(t, b.Addrs(), eventlog.ProbesTopic), registered(t, b.Addrs(), eventlog.MeasurementsTopic)
	if len(probes) != 40 || len(measurements) == 0 {
		t.Errorf("got %d probes and %d measurements", len(probes), len(measurements))
	}
	for _, record := range stored(t, b.Addrs(), eventlog.ResultsTopic) {
		if probes[int64(record.Probe)] == "" || measurements[int64(record.Measurement)] == "" {
			t.Fatalf("the registries lack what %s is from", record.Value)
		}
	}
}

// The ground truth is that of the simulated network, from the first event to the end of the hour, and further lines are appended.
func TestSimulateWritesTheTruth(t *testing.T) {
	b := broker(t, "")
	file := filepath.Join(t.TempDir(), "truth.jsonl")
	cfg := SimulateConfig{
		Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 2}, SimulatedNetwork: SimulatedNetwork{Rate: 20, Seed: 1, Incidents: "hard", Truth: file}, History: 2 * time.Minute, Logger: zap.NewNop(),
	}
	for range 2 {
		before := offsets(t, b.Addrs())
		simulate(t, cfg, func() bool { return offsets(t, b.Addrs()) > before })
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	network, err := simulator.New(cfg.config())
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Now().Truncate(time.Hour)
	known := map[string]bool{}
	for _, told := range network.Truth(hour.Add(-2*time.Hour), hour.Add(2*time.Hour)) {
		line, err := json.Marshal(told)
		if err != nil {
			t.Fatal(err)
		}
		known[string(line)] = true
	}
	for line := range strings.Lines(string(text)) {
		if !known[strings.TrimSpace(line)] {
			t.Errorf("not an incident of the network: %s", line)
		}
	}
}

// writeTruth writes the ground truth of that many minutes to a file, as each begins.
func writeTruth(t *testing.T, file string, seed uint64, from time.Time, minutes int) {
	t.Helper()
	network, err := simulator.New(simulator.Config{Seed: seed, Rate: 1})
	if err != nil {
		t.Fatal(err)
	}
	told, err := openTruth(file, network)
	if err != nil {
		t.Fatal(err)
	}
	told.start(from)
	for minute := range minutes {
		if err := told.writeUntil(from.Add(time.Duration(minute) * time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := told.close(); err != nil {
		t.Fatal(err)
	}
}

// The incidents of each hour are written once, when it begins, however often the simulation is restarted.
func TestTruthOfEachHour(t *testing.T) {
	from := time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC)
	once, often := filepath.Join(t.TempDir(), "once.jsonl"), filepath.Join(t.TempDir(), "often.jsonl")
	writeTruth(t, once, 1, from, 181) // which reaches a fourth hour
	text, err := os.ReadFile(once)
	if err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(string(text), "\n"); lines != 4*2 || strings.Count(string(text), `"kind":"outage"`) != 4 {
		t.Errorf("got %d lines of four hours, want an outage and a shift of each:\n%s", lines, text)
	}
	for minute := range 181 {
		writeTruth(t, often, 1, from.Add(time.Duration(minute)*time.Minute), 1)
	}
	writeTruth(t, often, 1, from, 30) // the log was recreated
	if again, err := os.ReadFile(often); err != nil || string(again) != string(text) {
		t.Errorf("restarted each minute, got\n%s%v, want\n%s", again, err, text)
	}
}

// A file of another network, or with an incomplete last line, is refused.
func TestTruthOfAnotherNetwork(t *testing.T) {
	file := filepath.Join(t.TempDir(), "truth.jsonl")
	writeTruth(t, file, 2, time.Date(2026, 3, 1, 11, 0, 0, 0, time.UTC), 1)
	network, err := simulator.New(simulator.Config{Seed: 1, Rate: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"of a network with another seed", "not an incident"} {
		if _, err := openTruth(file, network); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
		if err := os.Truncate(file, 10); err != nil {
			t.Fatal(err)
		}
	}
}

func simulate(t *testing.T, cfg SimulateConfig, enough func() bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Simulate(ctx, cfg) }()
	await(t, enough)
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func openLog(t *testing.T, brokers []string) *eventlog.Log {
	t.Helper()
	log, err := eventlog.Open(eventlog.Config{Brokers: brokers}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// newest is the Unix time of the latest result; 0 if there is no topic yet.
func newest(t *testing.T, brokers []string) int64 {
	t.Helper()
	log := openLog(t, brokers)
	defer log.Close()
	latest, err := latestEvent(t.Context(), log.History(), eventlog.ResultsTopic, time.Now().Add(-time.Hour), time.Now())
	if err != nil {
		return 0
	}
	return latest.Unix()
}

// offsets is how many records of results were ever appended; 0 if there is no topic yet.
func offsets(t *testing.T, brokers []string) (total int64) {
	t.Helper()
	log := openLog(t, brokers)
	defer log.Close()
	for partition := range 2 {
		_, next, err := log.History().Bounds(t.Context(), eventlog.ResultsTopic, partition)
		if errors.Is(err, eventlog.ErrNoTopic) {
			return 0
		}
		if err != nil {
			t.Fatal(err)
		}
		total += next
	}
	return total
}

func TestLatestEvent(t *testing.T) {
	b := broker(t, "")
	log := openLog(t, b.Addrs())
	defer log.Close()
	if err := log.EnsureTopics(t.Context(), TopicSettings{Partitions: 3}.topics()...); err != nil {
		t.Fatal(err)
	}
	until := time.Now().Truncate(time.Second)
	from := until.Add(-time.Hour)
	latest := func() time.Time {
		got, err := latestEvent(t.Context(), log.History(), eventlog.ResultsTopic, from, until)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := latest(); !got.Equal(from) {
		t.Errorf("of an empty log: got %s, want %s", got, from)
	}
	writer := log.Writer(eventlog.WriterConfig{})
	store := func(measurement atlas.MeasurementID, at time.Time) {
		value := []byte(at.String())
		event := atlas.Event{Stream: atlas.StreamResult, Measurement: measurement, Probe: 1, Type: "ping", Time: at, ID: atlas.EventIDOf(value), Value: value}
		if err := writer.Append(t.Context(), eventlog.ResultsTopic, []atlas.Event{event}); err != nil {
			t.Fatal(err)
		}
	}
	store(1, from.Add(-time.Hour))
	if got := latest(); !got.Equal(from) {
		t.Errorf("of what is older: got %s, want %s", got, from)
	}
	want := from.Add(1234 * time.Second)
	for measurement := range atlas.MeasurementID(8) {
		store(measurement+1, want.Add(-time.Duration(measurement)*time.Minute))
	}
	if got := latest(); !got.Equal(want) {
		t.Errorf("got %s, want %s", got, want)
	}
	store(2, until.Add(time.Hour))
	if got := latest(); !got.Equal(until) {
		t.Errorf("with one ahead: got %s, want %s", got, until)
	}
	if err := writer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSimulatedNetworkHasTheDefaultsOfTheSimulator(t *testing.T) {
	got := SimulateConfig{}.withDefaults()
	if got.Probes != simulator.DefaultProbes || got.Incidents != string(simulator.Easy) {
		t.Errorf("got %d probes and incidents %q, want %d and %q", got.Probes, got.Incidents, simulator.DefaultProbes, simulator.Easy)
	}
}

func TestSimulateConfigCheck(t *testing.T) {
	err := Simulate(t.Context(), SimulateConfig{
		SimulatedNetwork: SimulatedNetwork{Rate: -1, Incidents: "all"}, History: -time.Hour, TopicSettings: TopicSettings{Partitions: -1, Replication: -2},
	})
	for _, want := range []string{"rate: got -1", `incidents: got "all", want "easy" or "hard"`, "history: got -1h, want", "partitions: got -1", "replication: got -2", "brokers: none given"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
