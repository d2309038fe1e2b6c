package replay

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/topicrange"
)

// realMeasurements are those of which there are many results.
var realMeasurements = map[atlas.MeasurementID]string{1768147: "dns.jsonl.gz", 79033209: "traceroute.jsonl.gz"}

// sortedByTime is a file sorted by time, results of the same time in the file's order.
func sortedByTime(events []atlas.Event) []atlas.Event {
	sorted := slices.Clone(events)
	slices.SortStableFunc(sorted, func(a, b atlas.Event) int { return a.Time.Compare(b.Time) })
	return sorted
}

func assertPlayed(t *testing.T, got []atlas.Record, want []atlas.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("got %d records, want %d", len(got), len(want))
		return
	}
	for i := range want {
		if string(got[i].Value) != string(want[i].Value) {
			t.Errorf("record %d: got %s, want %s", i, got[i].Value, want[i].Value)
			return
		}
	}
}

// everything asks for all that there is of a measurement.
func everything(measurement atlas.MeasurementID, events []atlas.Event) Request {
	return Request{Stream: atlas.StreamResult, Measurement: measurement, Start: sortedByTime(events)[0].Time, Speed: 1}
}

// asWide is a window in which no record of a file is late.
func asWide(events []atlas.Event) (bounds reorder.Bounds) {
	latest := time.Time{}
	for _, event := range events {
		if event.Time.After(latest) {
			latest = event.Time
		}
		bounds.Span = max(bounds.Span, latest.Sub(event.Time))
	}
	bounds.Bytes = 64 << 20
	return bounds
}

func TestRealDataIsSortedByTime(t *testing.T) {
	for measurement, file := range realMeasurements {
		t.Run(fmt.Sprint(measurement), func(t *testing.T) {
			events := realResults(t, file, measurement)
			log := newFakeLog()
			log.write("atlas.archive.real", events...)
			t.Logf("%d results, of which the latest comes %v late", len(events), asWide(events).Span)
			planner := newPlanner(log, nil)
			planner.settings.Window = asWide(events)
			assertPlayed(t, playFast(t, mustStart(t, planner, everything(measurement, events))).delivered, sortedByTime(events))
		})
	}
}

// A file in any order of a few minutes is played in order by the window as it is by default, with live results of other years beside it.
func TestShuffledRealData(t *testing.T) {
	for measurement, file := range realMeasurements {
		t.Run(fmt.Sprint(measurement), func(t *testing.T) {
			events := sortedByTime(realResults(t, file, measurement))
			shuffled := shuffledWithin(events, wide.Span)
			log := newFakeLog()
			log.write(liveTopic, results(measurement, 2e9, 2e9+1)...)
			log.write("atlas.archive.real", shuffled...)
			request := everything(measurement, events)
			request.End = events[len(events)-1].Time
			planner := newPlanner(log, nil)
			sink := playFast(t, mustStart(t, planner, request))
			assertPlayed(t, sink.delivered, stablySorted(log.topics["atlas.archive.real"].records))
			if log.read != len(events) {
				t.Errorf("read %d records, want the %d of the archive", log.read, len(events))
			}
		})
	}
}

// shuffledWithin puts events later by up to a span.
func shuffledWithin(events []atlas.Event, span time.Duration) []atlas.Event {
	dice := rand.New(rand.NewPCG(1, 1))
	type delayed struct {
		atlas.Event
		comes time.Time
	}
	late := make([]delayed, len(events))
	for i, event := range events {
		late[i] = delayed{event, event.Time.Add(time.Duration(dice.Int64N(int64(span))))}
	}
	slices.SortStableFunc(late, func(a, b delayed) int { return a.comes.Compare(b.comes) })
	shuffled := make([]atlas.Event, len(events))
	for i := range late {
		shuffled[i] = late[i].Event
	}
	return shuffled
}

func stablySorted(records []atlas.Record) []atlas.Event {
	sorted := slices.Clone(records)
	slices.SortFunc(sorted, func(a, b atlas.Record) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Position.Offset, b.Position.Offset))
	})
	events := make([]atlas.Event, len(sorted))
	for i := range sorted {
		events[i] = sorted[i].Event
	}
	return events
}

// Behind every message of 1768147, as the file has it, a replay can be resumed by its cursor, at another gateway too; with a window that some are late for.
func TestResumingAtEveryPositionOfRealData(t *testing.T) {
	const measurement = 1768147
	events := realResults(t, realMeasurements[measurement], measurement)
	log := newFakeLog()
	log.write("atlas.archive.real", events[:len(events)/2]...)
	log.write(liveTopic, events[len(events)/2:]...)
	newGateway := func() *Planner {
		planner := newPlanner(log, nil)
		planner.settings.Window = reorder.Bounds{Span: time.Minute, Bytes: 64 << 10}
		return planner
	}
	whole := playFast(t, mustStart(t, newGateway(), everything(measurement, events)))
	if len(whole.delivered) != len(events) {
		t.Fatalf("got %d records, want %d", len(whole.delivered), len(events))
	}
	planner := newGateway()
	for i := range whole.positions {
		replay, err := planner.Resume(t.Context(), everything(measurement, events), whole.behind(measurement, i))
		if err != nil {
			t.Fatal(err)
		}
		replay.schedule.speed = 1e300
		rest := &expecting{want: whole.delivered[i+1:]}
		if err := replay.Run(t.Context(), rest); err != nil || rest.wrong || len(rest.want) > 0 {
			t.Fatalf("behind record %d: %v, %d are missing", i, err, len(rest.want))
		}
	}
}

// expecting is a client that knows what is to come.
type expecting struct {
	want  []atlas.Record
	wrong bool
}

func (e *expecting) Room(context.Context) (time.Duration, error) { return 0, nil }
func (e *expecting) Flush()                                      {}

func (e *expecting) Deliver(_ context.Context, record *atlas.Record, _ func() *cursor.Replay) error {
	if len(e.want) == 0 || e.want[0].Position != record.Position {
		e.wrong = true
		return nil
	}
	e.want = e.want[1:]
	return nil
}

// BenchmarkPace plays 1768147 at 10,000 times its pace, for some seconds, in real time.
func BenchmarkPace(b *testing.B) {
	const measurement, speed, playedFor = 1768147, 10_000, 4 * time.Second
	events := realResults(b, realMeasurements[measurement], measurement)
	log := newFakeLog()
	log.write("atlas.archive.real", events...)
	request := everything(measurement, events)
	request.End = request.Start.Add(speed * playedFor)
	var late []time.Duration
	for b.Loop() {
		replay := mustStart(b, newPlanner(log, nil), request)
		replay.schedule.speed = speed
		sink := &recorder{}
		if err := replay.Run(b.Context(), sink); err != nil {
			b.Fatal(err)
		}
		for i := range sink.delivered {
			if i > 0 && sink.delivered[i].Time.Before(sink.delivered[i-1].Time) {
				continue // late in the log
			}
			late = append(late, sink.at[i].Sub(replay.schedule.due(sink.delivered[i].Time)))
		}
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(late[len(late)-1].Microseconds())/1000, "ms-max")
	b.ReportMetric(float64(len(late))/float64(b.N), "records")
}

// discarding is a client that keeps nothing.
type discarding struct{}

func (discarding) Deliver(context.Context, *atlas.Record, func() *cursor.Replay) error { return nil }

func (discarding) Room(context.Context) (time.Duration, error) { return 0, nil }

func (discarding) Flush() {}

// BenchmarkUnpaced shows what a record costs from its source to its client, at no pace.
func BenchmarkUnpaced(b *testing.B) {
	for name, bounds := range map[string]reorder.Bounds{"window of 600 records": wide, "no window": {}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			source := &counted{most: b.N}
			replay := newReplay(source, topicrange.Interval{Start: at(0), End: at(1e9)}, bounds, 1e300)
			replay.metrics = newMetrics(prometheus.NewRegistry())
			if err := replay.Run(b.Context(), discarding{}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// counted makes so many records, a second apart but for some disorder.
type counted struct{ made, most int }

func (c *counted) Ready() bool { return true }
func (c *counted) Close()      {}

func (c *counted) Next(context.Context) (*atlas.Record, error) {
	if c.made == c.most {
		return nil, io.EOF
	}
	c.made++
	return &atlas.Record{Event: atlas.Event{Time: at(int64(c.made + c.made*7%5))}, Position: atlas.Position{Topic: "a", Offset: int64(c.made)}}, nil
}

// BenchmarkManyReplays replays 200 measurements of 50 results a second at once, on one core, in real time.
func BenchmarkManyReplays(b *testing.B) {
	const atOnce, rate, playedFor = 200, 50, 3
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var events []atlas.Event
	for number := range rate * playedFor {
		event := results(1, 0)[0]
		event.Time = at(0).Add(time.Duration(number) * time.Second / rate)
		events = append(events, event)
	}
	log := newFakeLog()
	log.write(liveTopic, events...)
	planner := newPlanner(log, nil)
	var late []time.Duration
	for b.Loop() {
		var running sync.WaitGroup
		sinks := make([]recorder, atOnce)
		replays := make([]*Pacer, atOnce)
		for i := range atOnce {
			replays[i] = mustStart(b, planner, Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), End: at(playedFor), Speed: 1})
			running.Go(func() {
				if err := replays[i].Run(b.Context(), &sinks[i]); err != nil {
					b.Error(err)
				}
			})
		}
		running.Wait()
		for i := range sinks {
			for n, came := range sinks[i].at {
				late = append(late, came.Sub(replays[i].schedule.due(sinks[i].delivered[n].Time)))
			}
		}
	}
	slices.Sort(late)
	b.ReportMetric(float64(late[len(late)*99/100].Microseconds())/1000, "ms-p99")
	b.ReportMetric(float64(late[len(late)-1].Microseconds())/1000, "ms-max")
}
