package eventlog_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"
)

// patience is how long anything may take before a test gives it up.
const patience = 60 * time.Second

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cluster is where a Kafka can be reached.
type cluster interface{ Addrs() []string }

// fixture is a log on a cluster, with a client of another make beside it.
type fixture struct {
	log     *eventlog.Log
	foreign *kgo.Client
}

func newFixture(t testing.TB, kafka cluster) fixture {
	t.Helper()
	return fixture{log: openLog(t, kafka, eventlog.Config{}), foreign: foreignClient(t, kafka)}
}

func openLog(t testing.TB, kafka cluster, cfg eventlog.Config) *eventlog.Log {
	t.Helper()
	cfg.Brokers = kafka.Addrs()
	log, err := eventlog.Open(cfg, zaptest.NewLogger(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

func foreignClient(t testing.TB, kafka cluster, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	options = append(options, kgo.SeedBrokers(kafka.Addrs()...), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.MetadataMinAge(100*time.Millisecond))
	client, err := kgo.NewClient(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func within(t testing.TB, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

var topicsMade atomic.Int64

// newTopic makes a topic that no other test uses.
func (f fixture) newTopic(t testing.TB, partitions int) string {
	t.Helper()
	spec := unusedSpec(t)
	spec.Partitions = partitions
	if err := f.log.EnsureTopics(within(t, patience), spec); err != nil {
		t.Fatal(err)
	}
	return spec.Name
}

func unusedSpec(t testing.TB) eventlog.TopicSpec {
	t.Helper()
	spec, err := eventlog.ArchiveSpec(fmt.Sprintf("test%d", topicsMade.Add(1)))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func (f fixture) newWriter(t testing.TB, cfg eventlog.WriterConfig) *eventlog.Writer {
	t.Helper()
	writer := f.log.Writer(cfg)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := writer.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return writer
}

func (f fixture) newTails(t testing.TB, topic string, cfg eventlog.TailConfig) (*eventlog.Tails, *recorder) {
	t.Helper()
	recorder := newRecorder()
	tails := f.log.Tails(topic, cfg, recorder)
	t.Cleanup(func() {
		if err := tails.Close(); err != nil {
			t.Error(err)
		}
	})
	return tails, recorder
}

// pings makes results of a measurement, numbered and a second apart.
func pings(t testing.TB, measurement atlas.MeasurementID, from, to int) []atlas.Event {
	t.Helper()
	var events []atlas.Event
	for number := from; number < to; number++ {
		events = append(events, ping(t, measurement, number, 1426633200+int64(number)))
	}
	return events
}

func ping(t testing.TB, measurement atlas.MeasurementID, number int, timestamp int64) atlas.Event {
	t.Helper()
	event, err := atlas.ParseResult(fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping","number":%d}`, measurement, number%500+1, timestamp, number))
	if err != nil {
		t.Fatal(err)
	}
	return event
}

func mustAppend(t testing.TB, writer *eventlog.Writer, topic string, events []atlas.Event) {
	t.Helper()
	if err := writer.Append(t.Context(), topic, events); err != nil {
		t.Fatal(err)
	}
}

// keepAppending appends single results of a measurement, numbered from 0, until it is stopped; that gives how many there are.
func keepAppending(t testing.TB, writer *eventlog.Writer, topic string, measurement atlas.MeasurementID) (stop func() int) {
	t.Helper()
	stopped, appended := make(chan struct{}), make(chan int, 1)
	go func() {
		number := 0
		defer func() { appended <- number }()
		for ; ; number++ {
			select {
			case <-stopped:
				return
			default:
			}
			if err := writer.Append(t.Context(), topic, pings(t, measurement, number, number+1)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	return sync.OnceValue(func() int {
		close(stopped)
		return <-appended
	})
}

// recorder is a Consumer that keeps what it is given.
type recorder struct {
	mu      sync.Mutex
	records map[int][]atlas.Record
	flushes int
	changed chan struct{}
}

func newRecorder() *recorder {
	return &recorder{records: map[int][]atlas.Record{}, changed: make(chan struct{})}
}

func (r *recorder) Deliver(partition int, records []atlas.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records[partition] = append(r.records[partition], records...)
}

func (r *recorder) Flush(int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flushes++
	close(r.changed)
	r.changed = make(chan struct{})
}

// of returns what came for a measurement, and what to wait for if that is not enough.
func (r *recorder) of(measurement atlas.MeasurementID) ([]atlas.Record, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var records []atlas.Record
	for _, partition := range r.records {
		for _, record := range partition {
			if record.Measurement == measurement {
				records = append(records, record)
			}
		}
	}
	return records, r.changed
}

// await returns once the last of the events has come.
func (r *recorder) await(t testing.TB, last atlas.Event) []atlas.Record {
	t.Helper()
	timeout := time.After(patience)
	for {
		records, changed := r.of(last.Measurement)
		for _, record := range records {
			if record.ID == last.ID {
				return records
			}
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("waited for %s, got %d records", last.Value, len(records))
		}
	}
}

// assertSame wants exactly those events, in that order.
func assertSame(t testing.TB, got []atlas.Record, want []atlas.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d records, want %d\n%s", len(got), len(want), firstDifference(got, want))
		return
	}
	for i := range want {
		if got[i].ID != want[i].ID || string(got[i].Value) != string(want[i].Value) {
			t.Errorf("record %d: got %s, want %s", i, got[i].Value, want[i].Value)
			return
		}
	}
}

func firstDifference(got []atlas.Record, want []atlas.Event) string {
	var difference strings.Builder
	for i := range min(len(got), len(want)) {
		if got[i].ID != want[i].ID {
			fmt.Fprintf(&difference, "record %d: got %s, want %s", i, got[i].Value, want[i].Value)
			break
		}
	}
	return difference.String()
}

func (f fixture) readAll(t testing.TB, topic string, partition int) []atlas.Record {
	t.Helper()
	first, next, err := f.log.History().Bounds(within(t, patience), topic, partition)
	if err != nil {
		t.Fatal(err)
	}
	return f.readRange(t, topic, partition, first, next)
}

func (f fixture) readRange(t testing.TB, topic string, partition int, from, to int64) []atlas.Record {
	t.Helper()
	var records []atlas.Record
	for record, err := range f.log.History().Range(within(t, patience), topic, partition, from, to) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	return records
}

func measurementsOf(records []atlas.Record, measurement atlas.MeasurementID) []atlas.Record {
	var found []atlas.Record
	for _, record := range records {
		if record.Measurement == measurement {
			found = append(found, record)
		}
	}
	return found
}
