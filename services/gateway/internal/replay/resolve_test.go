package replay

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/topicrange"
)

// day0 is when the logs of these tests begin, in Unix seconds.
const day0 = 1426633200

func at(second int64) time.Time { return time.Unix(day0+second, 0).UTC() }

// plainLog has a result of measurement 1 every second for 100 s, and of measurement 2 beside each.
func plainLog() *fakeLog {
	log := newFakeLog()
	for second := range int64(100) {
		log.write(liveTopic, append(results(1, day0+second), results(2, day0+second)...)...)
	}
	return log
}

func TestRefusedStarts(t *testing.T) {
	planner := newPlanner(plainLog(), known{3: {ID: 3, Stopped: true, Stop: at(50)}})
	future := time.Now().Add(time.Hour)
	for name, test := range map[string]struct {
		request Request
		code    protocol.Code
		words   string
	}{
		"before the log": {Request{Start: at(-1), Speed: 1}, protocol.CodeBeforeLog, beforeLog(at(-1), at(0), "")},
		"in the future":  {Request{Start: future, Speed: 1}, protocol.CodeInvalidParameter, fmt.Sprintf("startTime: got %s, which is in the future, want the past", topicrange.FormatTime(future))},
		"end before start": {
			Request{Start: at(10), End: at(9), Speed: 1}, protocol.CodeInvalidParameter,
			"startTime: got 2015-03-17T23:00:10Z, want no later than endTime, 2015-03-17T23:00:09Z",
		},
		"after the measurement's end": {
			Request{Measurement: 3, Start: at(51), Speed: 1}, protocol.CodeInvalidParameter,
			"startTime: got 2015-03-17T23:00:51Z, want no later than the time at which the measurement stopped, 2015-03-17T23:00:50Z",
		},
		"speed 0":         {Request{Start: at(0)}, protocol.CodeInvalidParameter, "speed: got 0, want a number above 0"},
		"negative speed":  {Request{Start: at(0), Speed: -1}, protocol.CodeInvalidParameter, "speed: got -1, want a number above 0"},
		"no number":       {Request{Start: at(0), Speed: math.NaN()}, protocol.CodeInvalidParameter, "speed: got NaN, want a number above 0"},
		"too fast":        {Request{Measurement: 1, Start: at(0), End: at(100), Speed: 1000.5}, protocol.CodeTooFast, "speed: got 1000.5, want at most 1000 for measurement 1 in this interval"},
		"infinite, below": {Request{Start: at(0), Speed: math.Inf(-1)}, protocol.CodeInvalidParameter, "speed: got -Inf, want a number above 0"},
	} {
		t.Run(name, func(t *testing.T) {
			test.request.Stream = atlas.StreamResult
			if test.request.Measurement == 0 {
				test.request.Measurement = 1
			}
			_, err := planner.Start(t.Context(), test.request)
			assertRefused(t, err, test.code, test.words)
		})
	}
}

func TestInterval(t *testing.T) {
	now := at(1000)
	measurements := known{3: {ID: 3, Stopped: true, Stop: at(50)}, 4: {ID: 4, Stopped: true, Stop: at(2000)}, 5: {ID: 5, Stopped: true}, 6: {ID: 6, Stop: at(50)}}
	for name, test := range map[string]struct {
		measurement atlas.MeasurementID
		end, want   time.Time
	}{
		"given":                          {1, at(10), at(10)},
		"as late as the start":           {1, at(0).Add(time.Microsecond), at(0)},
		"later than now":                 {1, at(1001), now},
		"none":                           {1, time.Time{}, now},
		"none, stopped":                  {3, time.Time{}, at(50)},
		"given, stopped":                 {3, at(60), at(60)},
		"none, stopped in the future":    {4, time.Time{}, now},
		"none, stopped at unknown times": {5, time.Time{}, now},
		"none, to be stopped":            {6, time.Time{}, now},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Request{Measurement: test.measurement, Start: at(0).Add(time.Microsecond), End: test.end}.interval(now, measurements)
			if err != nil || got != (topicrange.Interval{Start: at(0), End: test.want}) {
				t.Errorf("got %v, %v, want to %v", got, err, test.want)
			}
		})
	}
}

// The limit is the registry's rate, or that of the interval's first hour, or what has to be scanned.
//
//notices:speed-unlimited
func TestSpeedLimit(t *testing.T) {
	sparse := newFakeLog() // measurement 1: a result a minute, for a day; measurement 2: 30 a second
	for second := range int64(86400) {
		if second%60 == 0 {
			sparse.write(liveTopic, results(1, day0+second)...)
		}
		if second < 3600 {
			sparse.write(liveTopic, results(2, slices.Repeat([]int64{day0 + second}, 30)...)...)
		}
	}
	for name, test := range map[string]struct {
		log    *fakeLog
		known  known
		from   int64
		to     int64
		limits speedlimit.Limits
		want   float64
	}{
		"counted":                        {plainLog(), nil, 0, 99, speedlimit.Limits{Results: 50, Scanned: 1e9}, 49.5}, // 100 in 99 s
		"by the registry":                {plainLog(), known{1: {Participants: 60, Interval: 4 * time.Minute}}, 0, 99, speedlimit.Limits{Results: 50, Scanned: 1e9}, 200},
		"scanned":                        {plainLog(), nil, 0, 99, speedlimit.Limits{Results: 1e9, Scanned: 200}, 99},
		"real time is always allowed":    {plainLog(), nil, 0, 99, speedlimit.Limits{Results: .1, Scanned: .1}, 1},
		"of the first hour":              {sparse, nil, 0, 86400, speedlimit.Limits{Results: 100, Scanned: 1e9}, 5901.63}, // 61 in 3600 s
		"the whole of it is scanned":     {sparse, nil, 0, 7200, speedlimit.Limits{Results: 1e9, Scanned: 1000}, 66.59},
		"within a second":                {plainLog(), nil, 10, 10, speedlimit.Limits{Results: 50, Scanned: 1e9}, 50},
		"a one-off has no rate":          {plainLog(), known{1: {Participants: 60, Oneoff: true}}, 0, 99, speedlimit.Limits{Results: 50, Scanned: 1e9}, 49.5},
		"in an archive without order":    {reversed(), nil, 0, 99, speedlimit.Limits{Results: 50, Scanned: 1e9}, 49.5},
		"scanned in one without order":   {reversed(), nil, 0, 99, speedlimit.Limits{Results: 1e9, Scanned: 50}, 49.5},
		"no results at all: no limit":    {plainLog(), nil, 200, 300, speedlimit.Limits{Results: 1, Scanned: 1}, 1e300},
		"no limit if nothing is limited": {plainLog(), nil, 0, 99, speedlimit.Limits{Results: math.Inf(1), Scanned: math.Inf(1)}, 1e300},
	} {
		t.Run(name, func(t *testing.T) {
			planner := newPlannerWith(test.log, test.known, test.limits)
			request := Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(test.from), End: at(test.to), Speed: test.want}
			mustStart(t, planner, request)
			request.Speed = subscription.Fastest
			if got := mustStart(t, planner, request).schedule.speed; got != test.want && (test.want != 1e300 || !math.IsInf(got, 1)) {
				t.Errorf("the fastest is %v, want %v", got, test.want)
			}
			if test.want == 1e300 {
				return
			}
			request.Speed = test.want
			request.Speed += .01
			_, err := planner.Start(t.Context(), request)
			assertRefused(t, err, protocol.CodeTooFast, fmt.Sprintf("speed: got %v, want at most %v for measurement 1 in this interval", request.Speed, test.want))
		})
	}
}

// reversed is a log whose archive begins with the latest result.
func reversed() *fakeLog {
	log := newFakeLog()
	for second := int64(99); second >= 0; second-- {
		log.write("atlas.archive.reversed", results(1, day0+second)...)
	}
	return log
}

// The log begins with its least event time, at whichever offset that is.
func TestBeginning(t *testing.T) {
	for name, test := range map[string]struct {
		log   func() *fakeLog
		least int64
		words string // beside that
	}{
		"in order":   {plainLog, 0, ""},
		"a late one": {func() *fakeLog { return withLive(100, 160, 40, 170) }, 40, ""},
		"a late one of another measurement": {
			func() *fakeLog { l := withLive(100, 160); l.write(liveTopic, results(9, day0+30)...); return l }, 30,
			" with other measurements; its first record of measurement 1 is of 2015-03-17T23:01:40Z",
		},
		"others only": {
			func() *fakeLog { l := newFakeLog(); l.write(liveTopic, results(9, day0+30)...); return l }, 30,
			" with other measurements; it has no record of measurement 1",
		},
		"one that begins later than was looked at": {
			func() *fakeLog {
				l := newFakeLog()
				l.write(liveTopic, append(results(9, day0+30, day0+3700), results(1, day0+50, day0+3800)...)...)
				return l
			}, 30,
			" with other measurements; measurement 1 begins later in it",
		},
		"one that begins later in one topic than was looked at": {
			func() *fakeLog {
				l := newFakeLog()
				l.write(liveTopic, append(results(9, day0+30, day0+3700), results(1, day0+50)...)...)
				l.write("atlas.archive.a", results(1, day0+4000)...)
				return l
			}, 30, " with other measurements; measurement 1 begins later in it",
		},
		"what is later than lateness is none": {func() *fakeLog { return withLive(100, 160, 3700, 40) }, 100, ""},
		"an archive without order":            {reversed, 0, ""},
		"an archive begins later": {func() *fakeLog {
			log := withLive(100, 160)
			log.write("atlas.archive.a", results(1, day0+300, day0+200)...)
			return log
		}, 100, ""},
		"an archive begins before": {func() *fakeLog {
			log := withLive(100, 160)
			log.write("atlas.archive.a", results(1, day0+30, day0+20, day0+90)...)
			return log
		}, 20, ""},
		"what retention took does not count": {func() *fakeLog {
			log := withLive(10, 5, 100, 90, 160)
			log.topics[liveTopic].first = 2
			return log
		}, 90, ""},
	} {
		t.Run(name, func(t *testing.T) {
			planner := newPlanner(test.log(), nil)
			request := Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(test.least), Speed: 1}
			mustStart(t, planner, request)
			for range 2 {
				request.Start = at(test.least - 1)
				_, err := planner.Start(t.Context(), request)
				assertRefused(t, err, protocol.CodeBeforeLog, beforeLog(at(test.least-1), at(test.least), test.words))
			}
		})
	}
}

func beforeLog(got, want time.Time, words string) string {
	return fmt.Sprintf("startTime: got %s, want no earlier than %s, when the log begins%s; "+
		"older results can be replayed once `collector import --into NAME` has brought them into an archive", topicrange.FormatTime(got), topicrange.FormatTime(want), words)
}

func withLive(seconds ...int64) *fakeLog {
	log := newFakeLog()
	for _, second := range seconds {
		log.write(liveTopic, results(1, day0+second)...)
	}
	return log
}

func TestBeginningIsLookedForOnce(t *testing.T) {
	log := reversed()
	planner := newPlanner(log, nil)
	for range 5 {
		if _, err := planner.Start(t.Context(), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(-5), Speed: 1}); err == nil {
			t.Fatal("began before the log")
		}
	}
	if log.scanned != 100 {
		t.Errorf("looked at %d records, want 100", log.scanned)
	}
	log.write("atlas.archive.reversed", results(1, day0-7)...)
	mustStart(t, planner, Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(-7), Speed: 1})
	if log.scanned != 101 {
		t.Errorf("looked at %d records, want 101", log.scanned)
	}
}

func TestEmptyLogs(t *testing.T) {
	planner := newPlanner(newFakeLog(), nil)
	if got := playFast(t, mustStart(t, planner, Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1})); len(got.delivered) > 0 {
		t.Errorf("got %d records of an empty log", len(got.delivered))
	}
	emptied := withLive(1, 2)
	emptied.topics[liveTopic].first = 2
	_, err := newPlanner(emptied, nil).Start(t.Context(), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), Speed: 1})
	assertRefused(t, err, protocol.CodeBeforeLog, "startTime: got 2015-03-17T23:00:00Z, but the log has no records of this measurement's partition any more")
}

// A live log beside an old archive: a replay of either is right, and reads no more than its part.
//
//notices:replay-without-lateness
func TestReadsNoMoreThanItsPart(t *testing.T) {
	const year = 365 * 86400
	log := newFakeLog()
	for second := range int64(10_000) {
		log.write(liveTopic, results(1, day0+year+second)...)
	}
	late := results(1, day0+year+5)                   // within the lateness of second 10
	log.topics[liveTopic].records[40].Event = late[0] // instead of that of second 40
	for second := range int64(1000) {
		log.write("atlas.archive.old", results(1, day0+second)...)
	}
	planner := newPlanner(log, nil)
	for name, test := range map[string]struct {
		from, to  int64
		want      int
		readsLess int
	}{
		"of the archive":           {100, 199, 100, 901},
		"of the live log":          {year + 0, year + 10, 12, 3612},
		"between the two":          {5000, 6000, 0, 1},
		"of both":                  {990, year + 9, 21, 3620},
		"of the live log's end":    {year + 9990, year + 20_000, 10, 11},
		"after the end of the log": {year + 10_000, year + 20_000, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			log.read = 0
			got := playFast(t, mustStart(t, planner, Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(test.from), End: at(test.to), Speed: 1}))
			if len(got.delivered) != test.want || !slices.IsSorted(got.seconds()) || log.read >= test.readsLess {
				t.Errorf("got %d records and read %d, want %d and less than %d", len(got.delivered), log.read, test.want, test.readsLess)
			}
		})
	}
}

// In an archive, results of the interval may be anywhere behind its start.
//
//notices:archive-read-by-time
func TestArchivesAreReadToTheirEnd(t *testing.T) {
	log := newFakeLog()
	log.write("atlas.archive.a", results(1, day0, day0+1, day0+100_000, day0+2)...)
	replay := mustStart(t, newPlanner(log, nil), Request{Stream: atlas.StreamResult, Measurement: 1, Start: at(0), End: at(5), Speed: 1})
	if got, want := playFast(t, replay).seconds(), []int64{day0, day0 + 1, day0 + 2}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
