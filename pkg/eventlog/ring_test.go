package eventlog

import (
	"testing"

	"atlasstream/pkg/atlas"
)

func ringRecords(size int, offsets ...int64) []atlas.Record {
	var records []atlas.Record
	for _, offset := range offsets {
		records = append(records, atlas.Record{Event: atlas.Event{Value: make([]byte, size)}, Position: atlas.Position{Offset: offset}})
	}
	return records
}

// newRing makes a ring with a budget that it does not reach.
func newRing(maxRecords, maxBytes int) *ring {
	return &ring{maxRecords: maxRecords, maxBytes: maxBytes, budget: &ringBudget{maxBytes: 1 << 30}}
}

//notices:ring-hides-gap
func TestRingHoldsWhatTheLimitsAllow(t *testing.T) {
	for _, test := range []struct {
		name       string
		maxRecords int
		maxBytes   int
		first      int64
	}{
		{"all", 100, 1 << 20, 10},
		{"records", 3, 1 << 20, 15},
		{"bytes", 100, 2 * (recordOverhead + 50), 16},
		{"nothing fits", 100, 10, 18},
	} {
		t.Run(test.name, func(t *testing.T) {
			ring := newRing(test.maxRecords, test.maxBytes)
			ring.begin(10)
			ring.add(ringRecords(50, 10, 11, 12))
			ring.add(ringRecords(50, 14, 15)) // 13 was a repeat
			ring.add(ringRecords(50, 16, 17))
			if ring.first != test.first {
				t.Errorf("complete from %d on, want %d", ring.first, test.first)
			}
			if _, complete := ring.since(ring.first - 1); complete {
				t.Error("gave what it does not hold")
			}
			held, complete := ring.since(ring.first)
			if !complete || (test.first < 18) != (len(held) > 0) {
				t.Errorf("holds %d records from %d on, complete %v", len(held), ring.first, complete)
			}
			if len(held) > 0 && held[len(held)-1].Position.Offset != 17 {
				t.Errorf("the last held is %d, want 17", held[len(held)-1].Position.Offset)
			}
		})
	}
}

func TestRingSinceAHole(t *testing.T) {
	ring := newRing(10, 1<<20)
	ring.begin(0)
	ring.add(ringRecords(1, 0, 5))
	if held, complete := ring.since(3); !complete || len(held) != 1 || held[0].Position.Offset != 5 {
		t.Errorf("got %v, complete %v, want the record at 5", held, complete)
	}
	if held, complete := ring.since(6); !complete || len(held) != 0 {
		t.Errorf("got %v, complete %v, want nothing and complete", held, complete)
	}
}

//notices:ring-omits-first
func TestRingStaysWithinItsLimitForLong(t *testing.T) {
	ring := newRing(16, 1<<20)
	ring.begin(0)
	for offset := range int64(10_000) {
		ring.add(ringRecords(1, offset))
	}
	if held, _ := ring.since(ring.first); len(held) != 16 || ring.bytes != 16*(recordOverhead+1) {
		t.Errorf("holds %d records of %d bytes, want 16 of %d", len(held), ring.bytes, 16*(recordOverhead+1))
	}
	if cap(ring.records) > 48 {
		t.Errorf("has room for %d records, want no more than three times 16", cap(ring.records))
	}
}

// All rings together stay within their budget: busy partitions share what quiet ones leave.
//
//notices:rings-without-budget
func TestRingsShareABudget(t *testing.T) {
	const size, budgeted, busyRings = recordOverhead + 50, 100, 3
	budget := &ringBudget{maxBytes: budgeted * size}
	rings := make([]ring, busyRings+1)
	for i := range rings {
		rings[i] = ring{maxRecords: 1000, maxBytes: 1 << 20, budget: budget}
		budget.rings.Add(1)
	}
	quiet, busy := &rings[busyRings], rings[:busyRings]
	quiet.add(ringRecords(50, 0, 1, 2, 3))
	for offset := range int64(1000) {
		for i := range busy {
			busy[i].add(ringRecords(50, offset))
		}
		if held := budget.bytes.Load(); held > budget.maxBytes+busyRings*size {
			t.Fatalf("%d bytes are held, want at most %d", held, budget.maxBytes)
		}
	}
	for i := range busy {
		if held, _ := busy[i].since(busy[i].first); len(held) < budgeted/len(rings) {
			t.Errorf("a busy ring holds %d records, want at least its share", len(held))
		}
	}
	if held, complete := quiet.since(0); !complete || len(held) != 4 {
		t.Errorf("the quiet ring holds %d records, want all 4", len(held))
	}
	for i := range rings {
		rings[i].begin(0)
	}
	if held := budget.bytes.Load(); held != 0 {
		t.Errorf("%d bytes are counted for empty rings", held)
	}
}
