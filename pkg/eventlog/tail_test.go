package eventlog

import (
	"testing"

	"atlasstream/pkg/atlas"
)

// What a consumer is given between two flushes is bounded in records and in bytes, however much a fetch brings.
func TestDeliverableIsBounded(t *testing.T) {
	records := func(count, size int) []atlas.Record {
		made := make([]atlas.Record, count)
		for i := range made {
			made[i].Value = make([]byte, size)
		}
		return made
	}
	for _, test := range []struct {
		name    string
		records []atlas.Record
		want    int
	}{
		{"one", records(1, 1000), 1},
		{"few", records(10, 1000), 10},
		{"many short ones", records(10_000, 10), 256},
		{"many long ones", records(100, 100<<10), 2},
		{"one that is too long by itself", records(3, 900<<10), 1},
	} {
		if got := deliverable(test.records); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}
