package replay

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/footprint"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/topicrange"
)

// played plays a log of one measurement in simulated time and tells after how long each record came.
func played(t *testing.T, replay *Pacer, sink interface {
	Sink
	times() []time.Time
}) (after []time.Duration) {
	t.Helper()
	began := time.Now()
	if err := replay.Run(t.Context(), sink); err != nil {
		t.Fatal(err)
	}
	for _, came := range sink.times() {
		after = append(after, came.Sub(began))
	}
	return after
}

func (r *recorder) times() []time.Time { return r.at }

func seconds(of ...float64) (durations []time.Duration) {
	for _, second := range of {
		durations = append(durations, time.Duration(second*float64(time.Second)))
	}
	return durations
}

//notices:replay-end-exclusive,replay-start-exclusive
func TestPace(t *testing.T) {
	for name, test := range map[string]struct {
		from  int64
		speed float64
		want  []time.Duration
	}{
		"real time":                {0, 1, seconds(0, 10, 10, 25, 100)},
		"ten times as fast":        {0, 10, seconds(0, 1, 1, 2.5, 10)},
		"half as fast":             {0, .5, seconds(0, 20, 20, 50, 200)},
		"from before the first on": {-1, 1, seconds(1, 11, 11, 26, 101)},
		"from between two":         {20, 10, seconds(.5, 8)},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T) {
				log := withLive(-50, 0, 10, 10, 25, 100)
				replay := mustStart(t, newPlanner(log, nil), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(test.from), End: at(100), Speed: test.speed})
				sink := &recorder{}
				if got := played(t, replay, sink); !slices.Equal(got, test.want) {
					t.Errorf("got %v, want %v", got, test.want)
				}
				if !slices.EqualFunc(sink.at, sink.written, time.Time.Equal) {
					t.Errorf("written at %v, want %v, when they came", sink.written, sink.at)
				}
			})
		})
	}
}

// simulate runs a test in simulated time, which begins in the year 2000, when the logs of 2015 are over.
func simulate(t *testing.T, test func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(at(1e6)))
		test(t)
	})
}

// slowClient makes every third record wait.
type slowClient struct {
	recorder
	asked int
}

func (s *slowClient) Room(ctx context.Context) (time.Duration, error) {
	if s.asked++; s.asked%3 != 0 {
		return 0, nil
	}
	select {
	case <-time.After(5 * time.Second):
		return 5 * time.Second, nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

//notices:schedule-not-stretched
func TestSlowClientStretchesTheSchedule(t *testing.T) {
	simulate(t, func(t *testing.T) {
		planner := newPlanner(withLive(0, 1, 2, 3, 4, 5, 6), nil)
		replay := mustStart(t, planner, Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1})
		if got, want := played(t, replay, &slowClient{}), seconds(0, 1, 7, 8, 9, 15, 16); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if stretched := testutil.ToFloat64(planner.metrics.stretched); stretched != 10 {
			t.Errorf("counted %v s, want 10", stretched)
		}
	})
}

// slowSource has every third record come after a wait.
type slowSource struct {
	sliceReader
	given int
	wait  func()
}

func (s *slowSource) Ready() bool { return s.given%3 != 2 }

func (s *slowSource) Next(ctx context.Context) (*atlas.Record, error) {
	if !s.Ready() {
		s.wait()
	}
	s.given++
	return s.sliceReader.Next(ctx)
}

// A log that makes the replay wait puts nothing off, and what was enqueued before is written.
//
//notices:schedule-drifts
func TestSlowLogDoesNotStretchTheSchedule(t *testing.T) {
	simulate(t, func(t *testing.T) {
		sink := &recorder{}
		source := &slowSource{sliceReader: sliceReader{topic("a", day0, day0+1, day0+2, day0+3, day0+4, day0+5, day0+6)}}
		source.wait = func() {
			if sink.flushed != len(sink.delivered) {
				t.Errorf("%d of %d records are written while the log is waited for", sink.flushed, len(sink.delivered))
			}
			time.Sleep(5 * time.Second / 2)
		}
		replay := newReplay(source, topicrange.Interval{Start: at(0), End: at(10)}, reorder.Bounds{Bytes: 1}, 1)
		if got, want := played(t, replay, sink), seconds(0, 1, 3.5, 3.5, 4, 6.5, 6.5); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// newReplay plays one source.
func newReplay(reader LogReader, interval topicrange.Interval, bounds reorder.Bounds, speed float64) *Pacer {
	replay := &Pacer{interval: interval, records: &merged{}, schedule: schedule{start: interval.Start, speed: speed}, metrics: newPlanner(nil, nil).metrics}
	replay.topics = []cursor.TopicPosition{{Topic: "a"}}
	replay.records.topics = append(replay.records.topics, newReordered(reader, interval, bounds, cursor.StartAt(0)))
	return replay
}

// Records that come close together are written together, each a little later than it is due.
func TestCoalescing(t *testing.T) {
	simulate(t, func(t *testing.T) {
		var events []atlas.Event
		for millisecond := range 10_000 {
			event := results(1, 0)[0]
			event.Time = at(0).Add(time.Duration(millisecond) * time.Millisecond)
			events = append(events, event)
		}
		log := newFakeLog()
		log.write(liveTopic, events...)
		sink := &recorder{}
		replay := mustStart(t, newPlanner(log, nil), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), End: at(10), Speed: 1})
		replay.schedule.speed = 10
		for i, after := range played(t, replay, sink) {
			if late := after - time.Duration(i)*time.Millisecond/10; late < 0 || late > coalesce {
				t.Fatalf("record %d came %v late", i, late)
			}
		}
		if most := int(time.Second/coalesce) + 2; sink.flushes > most || sink.flushed != len(events) {
			t.Errorf("%d of %d records were written %d times, want at most %d times", sink.flushed, len(events), sink.flushes, most)
		}
	})
}

// impatient is a client that fails if too much is enqueued before it is written.
type impatient struct {
	recorder
	t *testing.T
}

func (i *impatient) Room(context.Context) (time.Duration, error) {
	if waiting := len(i.delivered) - i.flushed; waiting >= flushEvery {
		i.t.Fatalf("%d records wait to be written", waiting)
	}
	return 0, nil
}

func TestMuchIsWrittenInParts(t *testing.T) {
	log := withLive(make([]int64, 1000)...)
	sink := &impatient{t: t}
	played(t, mustStart(t, newPlanner(log, nil), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1}), sink)
	if len(sink.delivered) != 1000 || sink.flushes < 1000/flushEvery || sink.flushes > 1000/flushEvery+2 {
		t.Errorf("%d records were written %d times", len(sink.delivered), sink.flushes)
	}
}

func TestReplayEndsWithItsContext(t *testing.T) {
	for name, speed := range map[string]float64{"soon due": .001, "due in a million years": 1e-14, "never due": 5e-324} {
		t.Run(name, func(t *testing.T) {
			simulate(t, func(t *testing.T) {
				replay := mustStart(t, newPlanner(withLive(0, 50), nil), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: speed})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				sink := &recorder{}
				began := time.Now()
				if err := replay.Run(ctx, sink); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != time.Minute || sink.flushed != 1 {
					t.Errorf("got %v after %v with %d records written, want the context's end after a minute and 1 record", err, time.Since(began), sink.flushed)
				}
			})
		})
	}
}

// A resumed replay does not wait for what was over before.
//
//notices:resumed-replay-waits-again
func TestResumedPace(t *testing.T) {
	simulate(t, func(t *testing.T) {
		planner := newPlanner(withLive(0, 10, 30, 35), nil)
		request := Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1}
		sink := &recorder{keep: true}
		played(t, mustStart(t, planner, request), sink)
		request.Speed = 2
		replay, err := planner.Resume(t.Context(), request, sink.behind(1, 1))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := played(t, replay, &recorder{}), seconds(10, 12.5); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// endless makes records, a second apart, of which every one has its own memory. One in so many is of the interval's end, if that is not 0.
type endless struct{ made, oneIn int64 }

func (e *endless) Ready() bool { return true }
func (e *endless) Close()      {}

func (e *endless) Next(context.Context) (*atlas.Record, error) {
	e.made++
	second := e.made
	if e.oneIn > 0 && e.made%e.oneIn == 0 {
		second = 1e9
	}
	return &atlas.Record{Event: atlas.Event{Time: at(second), Value: make([]byte, 1024)}, Position: atlas.Position{Topic: "a", Offset: e.made}}, nil
}

var errSeen = errors.New("seen enough")

// waiting measures the heap when the client makes the replay wait.
type waiting struct {
	recorder
	after int
	heap  int64
}

func (w *waiting) Deliver(context.Context, *atlas.Record, func() *cursor.Replay) error {
	w.after--
	return nil
}

func (w *waiting) Room(context.Context) (time.Duration, error) {
	if w.after > 0 {
		return 0, nil
	}
	w.heap = footprint.Heap()
	return 0, errSeen
}

//notices:window-unbounded
func TestWaitingReplayHoldsItsWindow(t *testing.T) {
	const bound = 8 << 20
	for name, test := range map[string]struct {
		after int
		oneIn int64
		least int64 // bytes
		most  int64
	}{
		"at the beginning":           {1, 0, bound / 2, bound * 105 / 100},
		"in the middle":              {100_000, 0, bound / 2, bound * 105 / 100},
		"some records lie far ahead": {100_000, 1000, 100 << 10, 1 << 20},
	} {
		t.Run(name, func(t *testing.T) {
			before := footprint.Heap()
			sink := &waiting{after: test.after}
			replay := newReplay(&endless{oneIn: test.oneIn}, topicrange.Interval{Start: at(0), End: at(1e9)}, reorder.Bounds{Span: 1000 * time.Hour, Bytes: bound}, 1e300)
			if err := replay.Run(t.Context(), sink); !errors.Is(err, errSeen) {
				t.Fatal(err)
			}
			if held := sink.heap - before; held > test.most || held < test.least {
				t.Errorf("holds %d bytes, want %d to %d", held, test.least, test.most)
			}
			runtime.KeepAlive(replay)
		})
	}
}
