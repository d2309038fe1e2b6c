package resume

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
)

const liveTopic = "atlas.results"

// fakeOffsets are those of a topic of one partition, whose records came in at the given times. What is before first is gone.
type fakeOffsets struct {
	first int64
	times []time.Time
	asked int
	ids   map[int64]atlas.EventID
	reads int
}

func (f *fakeOffsets) EventAt(_ context.Context, _ string, _ int, offset int64) (id atlas.EventID, found bool, err error) {
	f.reads++
	id, found = f.ids[offset]
	return id, found, nil
}

func (*fakeOffsets) Partition(context.Context, string, atlas.MeasurementID) (int, error) {
	return 0, nil
}

func (f *fakeOffsets) BoundsSince(_ context.Context, _ string, _ int, at time.Time) (first, next, since int64, err error) {
	f.asked++
	for since = f.first; since < int64(len(f.times)) && f.times[since].Before(at); since++ {
	}
	return f.first, int64(len(f.times)), since, nil
}

// recordsOf gives the offsets of records that came in so many seconds ago.
func recordsOf(secondsAgo ...int64) *fakeOffsets {
	log := &fakeOffsets{}
	for _, ago := range secondsAgo {
		log.times = append(log.times, time.Now().Add(-time.Duration(ago)*time.Second))
	}
	return log
}

func find(t *testing.T, log Offsets, token cursor.Token) (atlas.Position, error) {
	t.Helper()
	return (&LiveTopic{log, liveTopic, time.Hour}).Find(t.Context(), 1, token)
}

// liveCursor is that of a message of measurement 1, given out now.
func liveCursor(topic string, partition int, offset int64) cursor.Token {
	there := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: topic, Partition: partition, Offset: offset}}
	return cursor.At(there, time.Now())
}

// A live subscription goes on behind the message of its cursor.
//
//notices:live-cursor-repeats-record
func TestResumeLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := recordsOf(7230, 7220, 7210, 7200)
		log.first = 1
		for offset, want := range map[int64]int64{0: 1, 1: 2, 3: 4} {
			got, err := find(t, log, liveCursor(liveTopic, 0, offset))
			if err != nil || got != (atlas.Position{Topic: liveTopic, Offset: want}) {
				t.Errorf("behind offset %d: got %v, %v, want offset %d", offset, got, err, want)
			}
			if log.asked != 1 {
				t.Errorf("asked %d times for offsets, want once", log.asked)
			}
			log.asked = 0
		}
		aged := liveCursor(liveTopic, 0, 1)
		time.Sleep(time.Hour)
		if _, err := find(t, log, aged); err != nil {
			t.Errorf("as old as it may be: got %v", err)
		}
	})
}

//notices:live-cursor-ageless
func TestRefusedLiveCursors(t *testing.T) {
	for name, test := range map[string]struct {
		token func() cursor.Token
		want  string
	}{
		"of another measurement": {func() cursor.Token {
			token := liveCursor(liveTopic, 0, 2)
			token.Subscriptions[0].Measurement = 2
			return token
		}, "[bad_cursor] cursor: got one of measurement 2, want one of measurement 1"},
		"of a replay": {func() cursor.Token {
			token := liveCursor(liveTopic, 0, 2)
			token.Subscriptions[0].Checkpoint = cursor.Checkpoint{Measurement: 1, Replay: &cursor.Replay{}}
			return token
		}, "[bad_cursor] cursor: got one of a replay, with startTime, want one of a live subscription"},
		"of another topic": {
			func() cursor.Token { return liveCursor("atlas.probestatus", 0, 2) },
			"[bad_cursor] cursor: got one of another topic, want one of atlas.results",
		},
		"of another partition": {
			func() cursor.Token { return liveCursor(liveTopic, 1, 2) },
			"[cursor_gone] cursor: goes on in partition 1 of atlas.results, but measurement 1 is in partition 0; the topic was recreated",
		},
		"too old": {func() cursor.Token {
			token := liveCursor(liveTopic, 0, 2)
			time.Sleep(time.Hour + time.Second)
			return token
		}, "[cursor_gone] cursor: was given out 1h0m1s ago at offset 2 of partition 0, want one of the last 1h0m0s; what came since can be replayed, where that is allowed"},
		"retention": {
			func() cursor.Token { return liveCursor(liveTopic, 0, 0) },
			"[cursor_gone] cursor: goes on at offset 1 of atlas.results, which has records from offset 2 on",
		},
		"a topic recreated": {
			func() cursor.Token { return liveCursor(liveTopic, 0, 4) },
			"[cursor_gone] cursor: goes on at offset 5 of atlas.results, which ends at 4; it was recreated",
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := recordsOf(7230, 7220, 7210, 7200)
				log.first = 2
				_, err := find(t, log, test.token())
				if err == nil || err.Error() != test.want {
					t.Errorf("got %v, want %s", err, test.want)
				}
			})
		})
	}
}

// A cursor goes back no further than the age of what it may go on with, whatever it says of when it was given out.
//
//notices:live-cursor-age-unlimited
func TestCursorReachesNoFurtherBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, quiet := recordsOf(9000, 7200, 3601, 3600, 60), recordsOf(9000, 7200, 3601)
		for offset, gone := range map[int64]bool{0: true, 1: true, 2: false, 3: false, 4: false} { // of the last record that the client has
			_, err := find(t, log, liveCursor(liveTopic, 0, offset))
			if !gone && err != nil {
				t.Errorf("behind offset %d: got %v", offset, err)
			}
			if gone {
				want := fmt.Sprintf("[%s] cursor: goes on at offset %d of atlas.results, want no less than 3, where what is younger than 1h0m0s begins; "+
					"what came before can be replayed, where that is allowed", protocol.CodeCursorGone, offset+1)
				if err == nil || err.Error() != want {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		}
		if _, err := find(t, quiet, liveCursor(liveTopic, 0, 0)); err != nil {
			t.Errorf("where the log has nothing younger: got %v, want that the time of issue counts", err)
		}
	})
}

// A cursor is good only in the log that it is of: the record that it came with is there still. To see that takes one read.
//
//notices:resume-in-another-log
func TestLiveCursorOfAnotherLog(t *testing.T) {
	of := func(value string) atlas.EventID { return atlas.EventIDOf([]byte(value)) }
	const recreated = "cursor: is of a record at offset %d of atlas.results that is not there; the topic was recreated"
	const lost = "cursor: is of offset %d of atlas.results, which has records from offset 2 on; whether those are the ones that come after it cannot be told"
	for name, test := range map[string]struct {
		first, offset int64
		ids           map[int64]atlas.EventID
		identity      uint64
		reads         int
		want          string
	}{
		"the same record":             {0, 1, map[int64]atlas.EventID{1: of("a")}, of("a").Identity(), 1, ""},
		"another record":              {0, 1, map[int64]atlas.EventID{1: of("b")}, of("a").Identity(), 1, recreated},
		"another record at the end":   {0, 3, map[int64]atlas.EventID{3: of("b")}, of("a").Identity(), 1, recreated},
		"a marker of a transaction":   {0, 1, nil, of("a").Identity(), 1, recreated},
		"retention":                   {2, 1, nil, of("a").Identity(), 0, lost},
		"retention of everything":     {4, 3, nil, of("a").Identity(), 0, ""},
		"a cursor without identities": {0, 1, map[int64]atlas.EventID{1: of("b")}, 0, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := recordsOf(40, 30, 20, 10)
			log.first, log.ids = test.first, test.ids
			token := liveCursor(liveTopic, 0, test.offset)
			token.Subscriptions[0].Live.Identity = test.identity
			_, err := find(t, log, token)
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != "[cursor_gone] "+fmt.Sprintf(test.want, test.offset)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			if log.reads != test.reads || log.asked != 1 {
				t.Errorf("got %d reads and %d look-ups of offsets, want %d and 1", log.reads, log.asked, test.reads)
			}
		})
	}
}
