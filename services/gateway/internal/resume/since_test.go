package resume

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestSince(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		log := recordsOf(7200, 3000, 2000, 2500, 1000) // the fourth came late
		topic := &LiveTopic{log, liveTopic, time.Hour}
		for secondsAgo, want := range map[int64]int64{3600: 1, 3000: 1, 2400: 2, 500: 5, -60: 5} {
			if got, err := topic.NamedSince(t.Context(), 1, now.Add(-time.Duration(secondsAgo)*time.Second)); err != nil || got != want {
				t.Errorf("%d seconds ago: got %d, %v; want %d", secondsAgo, got, err, want)
			}
		}
		_, err := topic.NamedSince(t.Context(), 1, now.Add(-3601*time.Second))
		want := fmt.Sprintf("[before_log] since: got %s, want no earlier than %s, as nothing continues from longer ago than 1h0m0s; "+
			"what came before can be replayed, where that is allowed", moment(now.Add(-3601*time.Second)), moment(now.Add(-3599*time.Second)))
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	})
}

// What the log has lost may have come in since the time, unless it has something older left.
//
//notices:since-lost-records
func TestSinceWhatTheLogHasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := recordsOf(3500, 3000, 2000, 1000)
		log.first = 2
		topic := &LiveTopic{log, liveTopic, time.Hour}
		if got, err := topic.NamedSince(t.Context(), 1, time.Now().Add(-1500*time.Second)); err != nil || got != 3 {
			t.Errorf("got %d, %v; want 3", got, err)
		}
		log.first = 4
		if got, err := topic.NamedSince(t.Context(), 1, time.Now().Add(time.Minute)); err != nil || got != 4 {
			t.Errorf("a time to come, in a log that has lost everything: got %d, %v; want 4", got, err)
		}
		for _, first := range []int64{2, 4} {
			log.first = first
			at := time.Now().Add(-2500 * time.Second)
			_, err := topic.NamedSince(t.Context(), 1, at)
			want := fmt.Sprintf("[before_log] since: got %s, but the log of measurement 1 has lost what was before offset %d, of which some may have come in later; want a later time",
				moment(at), first)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		}
	})
}
