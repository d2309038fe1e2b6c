package sessiontest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"
)

// ReplayParameters are those of a subscription to the replay of a ReplayHub.
const ReplayParameters = `{"msm":1001,"startTime":100,"speed":1}`

// ReplayHub is a hub with a history of five results of measurement 1001, of probes 1 and 2 in turn.
type ReplayHub struct {
	*Hub
	Log *ReplayLog
}

// TestWithReplays runs a test with a ReplayHub and a fake clock, and fails it if a replay is not closed. It sets limits where there are none.
func TestWithReplays(t *testing.T, replays session.Replays, test func(t *testing.T, h *ReplayHub)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := &ReplayLog{}
		for second := range 5 {
			log.Records = append(log.Records, Record(atlas.StreamResult, 1001, atlas.ProbeID(second%2+1), fmt.Sprintf(`{"n":%d}`, second)))
		}
		replays.Planner, replays.Enricher = newPlanner(log), probeEnricher(`"then"`)
		if replays.OfClient == 0 {
			replays.OfClient, replays.OfAddress, replays.OfHub = 2, 3, 3
		}
		settings := session.Settings{Replays: &replays, Limits: session.Limits{Clients: 10, Subscriptions: 5}, Cursors: JSONCursors{}}
		test(t, &ReplayHub{NewHubWith(settings), log})
		log.ExpectRunning(t, 0)
	})
}

func newPlanner(log *ReplayLog) *replay.Planner {
	metrics, measurements := prometheus.NewRegistry(), &Measurements{}
	ranges := topicrange.NewFinder(topicrange.Settings{
		Log: log, Topics: map[atlas.Stream]string{atlas.StreamResult: "results", atlas.StreamProbeStatus: "probestatus"},
	}, metrics)
	speeds := speedlimit.New(speedlimit.Settings{Ranges: ranges, Measurements: measurements, Limits: speedlimit.Limits{Results: 1e9, Scanned: 1e9}})
	return replay.NewPlanner(replay.PlannerSettings{
		Log: log, Ranges: ranges, Speeds: speeds, Measurements: measurements, Window: reorder.Bounds{Bytes: 1 << 20},
	}, metrics)
}

// ReplayLog is a fake log for replays from second 100 on. The first of its records is of second 101 and has offset 1, the others follow a second and an offset
// after one another. Before and after them is a record of another measurement.
type ReplayLog struct {
	Records    []atlas.Record
	Pairs      bool          // two records are of the same second
	Err        error         // instead of the end
	OpenErr    error         // of all that is looked for
	CloseDelay time.Duration // closing a reader takes so long

	mu      sync.Mutex
	started []string
	running int
}

// Archives implements topicrange.Log.
func (l *ReplayLog) Archives(context.Context) ([]string, error) { return nil, l.OpenErr }

// Partition implements topicrange.Log.
func (l *ReplayLog) Partition(context.Context, string, atlas.MeasurementID) (int, error) {
	return 0, l.OpenErr
}

// Bounds implements topicrange.Log.
func (l *ReplayLog) Bounds(context.Context, string, int) (first, next int64, err error) {
	return 0, l.next(), nil
}

func (l *ReplayLog) next() int64 { return int64(len(l.Records)) + 2 }

// OffsetAt implements topicrange.Log.
func (l *ReplayLog) OffsetAt(_ context.Context, _ string, _ int, at time.Time) (offset int64, err error) {
	for offset < l.next() && l.timeOf(offset).Before(at) {
		offset++
	}
	return offset, nil
}

func (l *ReplayLog) timeOf(offset int64) time.Time {
	switch {
	case offset == 0:
		return time.Unix(0, 0)
	case l.Pairs:
		return time.Unix(101+(offset-1)/2, 0)
	}
	return time.Unix(100+offset, 0)
}

// ScanWithin implements topicrange.Log.
func (l *ReplayLog) ScanWithin(
	_ context.Context, _ string, _ int, _, to, _ int64, _ func(atlas.MeasurementID, time.Time) bool, _ func(records, bytes int64),
) (next, bytes int64, err error) {
	return to, 0, nil
}

// Open implements replay.Log.
func (l *ReplayLog) Open(
	_ context.Context, topic string, measurement atlas.MeasurementID, from, _ int64, _ *readlimit.Account,
) (replay.LogReader, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running++
	l.started = append(l.started, fmt.Sprintf("%s %d from %d", topic, measurement, from))
	return &replayReader{l, from}, nil
}

// EventAt implements replay.Log. The records of the log have no IDs.
func (l *ReplayLog) EventAt(context.Context, string, int, int64) (id atlas.EventID, found bool, err error) {
	return id, false, nil
}

// Started tells which replays were opened: topic, measurement and offset.
func (l *ReplayLog) Started() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.started
}

// Running is how many replays are not closed.
func (l *ReplayLog) Running() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}

// ExpectRunning expects so many replays not to be closed.
func (l *ReplayLog) ExpectRunning(t *testing.T, want int) {
	t.Helper()
	synctest.Wait()
	if got := l.Running(); got != want {
		t.Errorf("%d replays run, want %d", got, want)
	}
}

// replayReader reads the records of a ReplayLog, whatever measurement they are of.
type replayReader struct {
	log  *ReplayLog
	next int64
}

// Next implements replay.LogReader.
func (r *replayReader) Next(context.Context) (*atlas.Record, error) {
	if r.next > int64(len(r.log.Records)) {
		return nil, cmp.Or(r.log.Err, io.EOF)
	}
	record := r.log.Records[r.next-1]
	record.Time, record.Position.Offset = r.log.timeOf(r.next), r.next
	r.next++
	return &record, nil
}

// Ready implements replay.LogReader.
func (r *replayReader) Ready() bool { return true }

// Close implements replay.LogReader.
func (r *replayReader) Close() {
	<-time.After(r.log.CloseDelay)
	r.log.mu.Lock()
	defer r.log.mu.Unlock()
	r.log.running--
}
