package queuebudget

import "testing"

// There is room for a client until nobody may have more than the least, and then again when an eighth of the limit is free.
func TestRoomForAFurtherClient(t *testing.T) {
	const limit = 64 << 20
	stats := &Stats{Limit: limit}
	for _, step := range []struct {
		waiting int64
		want    bool
	}{
		{0, true},
		{limit * 9 / 10, true},
		{limit - 1<<20, false},
		{limit * 9 / 10, false},
		{limit*7/8 - 1, true},
		{limit * 9 / 10, true},
	} {
		stats.Bytes.Store(step.waiting)
		if got := stats.HasRoom(); got != step.want {
			t.Errorf("while %d bytes wait: got %v", step.waiting, got)
		}
	}
	if refused := stats.Refused.Load(); refused != 2 {
		t.Errorf("%d were counted as refused, want 2", refused)
	}
	if unlimited := (&Stats{}); !unlimited.HasRoom() || unlimited.share() < 1<<40 {
		t.Error("without a limit there is no room")
	}
}
