package replay

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

const liveTopic = "atlas.results"

// fakeLog is a log in memory, with one partition a topic.
type fakeLog struct {
	topics map[string]*fakeTopic

	mu      sync.Mutex // for what is counted
	listed  int        // requests for offsets
	scanned int        // records that were scanned
	read    int        // records that were given by readers, those of other measurements included
}

type fakeTopic struct {
	first   int64 // the records before it are gone
	records []atlas.Record
}

func newFakeLog() *fakeLog { return &fakeLog{topics: map[string]*fakeTopic{liveTopic: {}}} }

// write appends records of the given event times to a topic.
func (m *fakeLog) write(topic string, events ...atlas.Event) {
	if m.topics[topic] == nil {
		m.topics[topic] = &fakeTopic{}
	}
	there := m.topics[topic]
	for _, event := range events {
		event.ID = atlas.EventIDOf(fmt.Appendf(nil, "%s %d", topic, len(there.records)))
		there.records = append(there.records, atlas.Record{Event: event, Position: atlas.Position{Topic: topic, Offset: int64(len(there.records))}})
	}
}

// results makes results of a measurement, one at each of the given seconds.
func results(measurement atlas.MeasurementID, seconds ...int64) []atlas.Event {
	events := make([]atlas.Event, len(seconds))
	for i, second := range seconds {
		events[i] = atlas.Event{Stream: atlas.StreamResult, Measurement: measurement, Probe: 1, Type: "ping", Time: time.Unix(second, 0).UTC(), Value: []byte(`{}`)}
	}
	return events
}

func (m *fakeLog) Archives(context.Context) (topics []string, err error) {
	for topic := range m.topics {
		if topic != liveTopic {
			topics = append(topics, topic)
		}
	}
	return topics, nil
}

func (m *fakeLog) Partition(_ context.Context, topic string, _ atlas.MeasurementID) (int, error) {
	if m.topics[topic] == nil {
		return 0, fmt.Errorf("no topic %s", topic)
	}
	return 0, nil
}

func (m *fakeLog) Bounds(_ context.Context, topic string, _ int) (first, next int64, err error) {
	m.list(1)
	return m.topics[topic].first, int64(len(m.topics[topic].records)), nil
}

func (m *fakeLog) list(requests int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.listed += requests
}

func (m *fakeLog) OffsetAt(_ context.Context, topic string, _ int, at time.Time) (int64, error) {
	m.list(1)
	there := m.topics[topic]
	for _, record := range there.records[there.first:] {
		if !record.Time.Before(at) {
			return record.Position.Offset, nil
		}
	}
	return int64(len(there.records)), nil
}

func (m *fakeLog) ScanWithin(
	_ context.Context, topic string, _ int, from, to, _ int64, see func(atlas.MeasurementID, time.Time) bool, came func(records, bytes int64),
) (next, bytes int64, err error) {
	defer func() { came(next-from, bytes) }()
	for next = from; next < to; next++ {
		record := &m.topics[topic].records[next]
		m.count(1, 0)
		bytes += int64(len(record.Value))
		if !see(record.Measurement, record.Time) {
			return next + 1, bytes, nil
		}
	}
	return next, bytes, nil
}

func (m *fakeLog) count(scanned, read int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.scanned += scanned
	m.read += read
}

func (m *fakeLog) Open(_ context.Context, topic string, measurement atlas.MeasurementID, from, to int64, _ *readlimit.Account) (LogReader, error) {
	part := m.topics[topic].records[from:to]
	m.count(0, len(part))
	mine := slices.DeleteFunc(slices.Clone(part), func(r atlas.Record) bool { return r.Measurement != measurement })
	return &sliceReader{mine}, nil
}

// known are measurements by ID.
type known map[atlas.MeasurementID]atlas.Measurement

func (k known) Measurement(id atlas.MeasurementID) (atlas.Measurement, bool) {
	measurement, found := k[id]
	return measurement, found
}

// wide is a window that nothing is late for.
var wide = reorder.Bounds{Span: 10 * time.Minute, Bytes: 16 << 20}

// testLog is a log to find records in and to read.
type testLog interface {
	Log
	topicrange.Log
}

func newPlanner(log testLog, measurements known) *Planner {
	return newPlannerWith(log, measurements, speedlimit.Limits{Results: 1000, Scanned: 100_000})
}

func newPlannerWith(log testLog, measurements known, limits speedlimit.Limits) *Planner {
	metrics := prometheus.NewRegistry()
	topics := map[atlas.Stream]string{atlas.StreamResult: liveTopic}
	ranges := topicrange.NewFinder(topicrange.Settings{Log: log, Topics: topics, Lateness: time.Hour}, metrics)
	return NewPlanner(PlannerSettings{
		Log: log, Ranges: ranges, Speeds: speedlimit.New(speedlimit.Settings{Ranges: ranges, Measurements: measurements, Limits: limits}),
		Measurements: measurements, Window: wide,
	}, metrics)
}

func mustStart(t testing.TB, planner *Planner, request Request) *Pacer {
	t.Helper()
	replay, err := planner.Start(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(replay.Close)
	return replay
}

// recorder is a client that takes everything at once.
type recorder struct {
	delivered []atlas.Record
	positions []*cursor.Replay
	at        []time.Time // when each came
	flushed   int         // of those delivered
	written   []time.Time // when each of those was flushed
	flushes   int
	keep      bool // the positions
}

func (r *recorder) Room(context.Context) (time.Duration, error) { return 0, nil }

func (r *recorder) Deliver(_ context.Context, record *atlas.Record, position func() *cursor.Replay) error {
	r.delivered, r.at = append(r.delivered, *record), append(r.at, time.Now())
	if r.keep {
		r.positions = append(r.positions, position())
	}
	return nil
}

// behind gives the token of a delivered record.
func (r *recorder) behind(measurement atlas.MeasurementID, number int) cursor.Token {
	return cursor.At(cursor.Checkpoint{Measurement: measurement, Replay: r.positions[number]}, time.Now())
}

func (r *recorder) Flush() {
	r.flushed, r.flushes = len(r.delivered), r.flushes+1
	for len(r.written) < r.flushed {
		r.written = append(r.written, time.Now())
	}
}

func (r *recorder) seconds() []int64 {
	seconds := make([]int64, len(r.delivered))
	for i := range r.delivered {
		seconds[i] = r.delivered[i].Time.Unix()
	}
	return seconds
}

// playFast replays to the end at no pace.
func playFast(t testing.TB, replay *Pacer) *recorder {
	t.Helper()
	replay.schedule.speed = 1e300
	sink := &recorder{keep: true}
	if err := replay.Run(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	if sink.flushed != len(sink.delivered) {
		t.Errorf("%d of %d records were written", sink.flushed, len(sink.delivered))
	}
	return sink
}

func assertRefused(t testing.TB, err error, code protocol.Code, words string) {
	t.Helper()
	refusal, ok := errors.AsType[*protocol.Error](err)
	if !ok || refusal.Code != code || refusal.Words != words {
		t.Errorf("got %v, want [%s] %s", err, code, words)
	}
}

// realResults reads the results of a measurement from a file of real data, in its order.
func realResults(t testing.TB, file string, measurement atlas.MeasurementID) (events []atlas.Event) {
	t.Helper()
	packed, err := os.Open("../../../../pkg/atlas/testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(unpacked)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		event, err := atlas.ParseResult(line)
		if err != nil {
			t.Fatal(err)
		}
		if event.Measurement == measurement {
			events = append(events, event)
		}
	}
}

// EventAt implements Log.
func (m *fakeLog) EventAt(_ context.Context, topic string, _ int, offset int64) (id atlas.EventID, found bool, err error) {
	there := m.topics[topic]
	if offset < there.first || offset >= int64(len(there.records)) {
		return id, false, nil
	}
	return there.records[offset].ID, true, nil
}
