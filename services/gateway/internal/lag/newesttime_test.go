package lag

import (
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

// The newest time is that of any record but those of fast clocks.
func TestNewestTime(t *testing.T) {
	now := time.Now().Truncate(time.Millisecond)
	known := &NewestTime{}
	if !known.Time().IsZero() {
		t.Errorf("got %s before the first", known.Time())
	}
	for _, step := range []struct {
		ages []time.Duration
		want time.Duration
	}{
		{[]time.Duration{time.Hour, time.Minute, 2 * time.Minute}, time.Minute},
		{[]time.Duration{time.Hour, -10 * time.Minute}, time.Minute},
		{nil, time.Minute},
		{[]time.Duration{-10 * time.Minute, time.Second}, time.Second},
	} {
		var records []atlas.Record
		for _, age := range step.ages {
			records = append(records, atlas.Record{Event: atlas.Event{Time: now.Add(-age)}})
		}
		known.Note(records, time.Now())
		if got := now.Sub(known.Time()); got != step.want {
			t.Errorf("after %v: the newest is %s old, want %s", step.ages, got, step.want)
		}
	}
}
