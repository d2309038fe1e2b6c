package gateway

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

type nothingKnown struct{}

func (nothingKnown) Measurement(atlas.MeasurementID) (atlas.Measurement, bool) {
	return atlas.Measurement{}, false
}

// plannerOf makes the planner of replays of a log, in which only what the log has limits them.
func plannerOf(log historyLog) *replay.Planner {
	metrics := prometheus.NewRegistry()
	ranges := topicrange.NewFinder(topicrange.Settings{
		Log: log, Topics: map[atlas.Stream]string{atlas.StreamResult: eventlog.ResultsTopic}, Lateness: time.Hour,
	}, metrics)
	speeds := speedlimit.New(speedlimit.Settings{Ranges: ranges, Measurements: nothingKnown{}, Limits: speedlimit.Limits{Results: 1e12, Scanned: 1e12}})
	return replay.NewPlanner(replay.PlannerSettings{
		Log: log, Ranges: ranges, Speeds: speeds, Measurements: nothingKnown{}, Window: reorder.Bounds{Span: 10 * time.Minute, Bytes: 16 << 20},
	}, metrics)
}

// collected is a client that keeps what it gets.
type collected struct {
	values    []string
	positions []*cursor.Replay
}

func (c *collected) Room(context.Context) (time.Duration, error) { return 0, nil }
func (c *collected) Flush()                                      {}

func (c *collected) Deliver(_ context.Context, record *atlas.Record, position func() *cursor.Replay) error {
	c.values, c.positions = append(c.values, string(record.Value)), append(c.positions, position())
	return nil
}

func TestRealDataIsReplayed(t *testing.T) {
	t.Run("embedded", func(t *testing.T) {
		broker, err := embedded.Start(embedded.Config{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = broker.Close() })
		replayRealData(t, broker.Addrs())
	})
	t.Run("Apache Kafka", func(t *testing.T) { replayRealData(t, kafkatest.Start(t, 1).Addrs()) })
}

// replayRealData imports two real measurements beside a live log of this year, which has both of them too, and repeats.
func replayRealData(t *testing.T, brokers []string) {
	log, err := eventlog.Open(eventlog.Config{Brokers: brokers}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	archive, err := eventlog.ArchiveSpec("real")
	if err != nil {
		t.Fatal(err)
	}
	if err := log.EnsureTopics(t.Context(), eventlog.ResultsSpec(4), archive); err != nil {
		t.Fatal(err)
	}
	writer := log.Writer(eventlog.WriterConfig{})
	defer writer.Close(context.Background())
	files := map[atlas.MeasurementID][]atlas.Event{1768147: realFile(t, "dns", 1768147), 79033209: realFile(t, "traceroute", 79033209)}
	recent := map[atlas.MeasurementID][]atlas.Event{}
	for measurement, events := range files {
		recent[measurement] = recentResults(t, measurement)
		for _, part := range []struct {
			topic  string
			events []atlas.Event
		}{{archive.Name, events}, {archive.Name, events[:100]}, {eventlog.ResultsTopic, recent[measurement]}} {
			if err := writer.Append(t.Context(), part.topic, part.events); err != nil {
				t.Fatal(err)
			}
		}
	}
	planner := plannerOf(historyLog{log.History()})
	for measurement, events := range files {
		t.Run(fmt.Sprint(measurement), func(t *testing.T) {
			want := valuesByTime(events)
			first, last := slices.MinFunc(events, byTime).Time, slices.MaxFunc(events, byTime).Time
			request := replay.Request{Stream: atlas.StreamResult, Measurement: measurement, Start: first, End: last, Speed: 1e9}
			got := play(t, planner, request, nil)
			if !slices.Equal(got.values, want) {
				t.Errorf("got %d of the archive's results, want %d, sorted by time", len(got.values), len(want))
			}
			for _, position := range []int{0, len(want) / 3, len(want) - 2, len(want) - 1} {
				if rest := play(t, planner, request, got.positions[position]); !slices.Equal(rest.values, want[position+1:]) {
					t.Errorf("behind result %d: got %d results, want %d", position, len(rest.values), len(want)-position-1)
				}
			}
			request.Start, request.End = recent[measurement][0].Time, time.Time{}
			if got := play(t, planner, request, nil); !slices.Equal(got.values, valuesByTime(recent[measurement])) {
				t.Errorf("got %d of the live results, want %d", len(got.values), len(recent[measurement]))
			}
			request.Start = time.Unix(1, 0)
			if _, err := planner.Start(t.Context(), request); err == nil {
				t.Error("began before the log")
			}
		})
	}
}

func play(t *testing.T, planner *replay.Planner, request replay.Request, from *cursor.Replay) *collected {
	t.Helper()
	pacer, err := planner.Start(t.Context(), request)
	if from != nil {
		if err == nil {
			pacer.Close()
		}
		there := cursor.Checkpoint{Measurement: request.Measurement, Replay: from}
		pacer, err = planner.Resume(t.Context(), request, cursor.At(there, time.Now()))
	}
	if err != nil {
		t.Fatal(err)
	}
	defer pacer.Close()
	sink := &collected{}
	if err := pacer.Run(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	return sink
}

func byTime(a, b atlas.Event) int { return a.Time.Compare(b.Time) }

func valuesByTime(events []atlas.Event) []string {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, byTime)
	values := make([]string, len(sorted))
	for i := range sorted {
		values[i] = string(sorted[i].Value)
	}
	return values
}

// recentResults are a few of the last hour.
func recentResults(t *testing.T, measurement atlas.MeasurementID) (events []atlas.Event) {
	t.Helper()
	begin := time.Now().Add(-time.Hour).Unix()
	for number := range int64(50) {
		event, err := atlas.ParseResult(fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"dns"}`, measurement, number+1, begin+number))
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, event)
	}
	return events
}

// realFile gives the results of a measurement in the order of a file of real data.
func realFile(t *testing.T, name string, measurement atlas.MeasurementID) (events []atlas.Event) {
	t.Helper()
	packed, err := os.Open("../../pkg/atlas/testdata/" + name + ".jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		event, err := atlas.ParseResult(slices.Clone(lines.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if event.Measurement == measurement {
			events = append(events, event)
		}
	}
	return events
}
