package reorder

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

func recordAt(offset, at int64, size int) *atlas.Record {
	return &atlas.Record{
		Event:    atlas.Event{Time: time.UnixMilli(at), Value: make([]byte, size)},
		Position: atlas.Position{Offset: offset},
	}
}

func add(w *Window, record *atlas.Record) { w.Add(record, KeyOf(record)) }

// Records that the log has out of order by no more than the span come by event time, those of the same time by offset, and none is lost. Meanwhile, Lowest is
// the least offset of those that are left.
func TestWindowGivesAllInOrder(t *testing.T) {
	const span, count = 100, 5000
	random := rand.New(rand.NewPCG(1, 5))
	window := New(Bounds{Span: span * time.Millisecond, Bytes: 1 << 30})
	var held []int64 // offsets
	var keys []Key
	take := func(ended bool) bool {
		record := window.Next(ended)
		if record == nil {
			return false
		}
		key := KeyOf(record)
		if len(keys) > 0 && !keys[len(keys)-1].isBefore(key) {
			t.Fatalf("%v comes behind %v", key, keys[len(keys)-1])
		}
		keys = append(keys, key)
		held = slices.DeleteFunc(held, func(offset int64) bool { return offset == key.Offset })
		return true
	}
	for offset := range int64(count) {
		record := recordAt(offset, offset/4*20-random.Int64N(span+1), 10)
		if window.IsLate(KeyOf(record)) {
			t.Fatalf("a record within the span is late: %v", KeyOf(record))
		}
		add(window, record)
		for held = append(held, offset); take(false); {
		}
		want := int64(-1)
		if len(held) > 0 {
			want = held[0]
		}
		if got := window.Lowest(-1); got != want {
			t.Fatalf("the lowest of the held offsets is %d, want %d", got, want)
		}
	}
	for take(true) {
	}
	if len(keys) != count || window.Lowest(-1) != -1 {
		t.Errorf("got %d records of %d, and offset %d is left", len(keys), count, window.Lowest(-1))
	}
}

// A record waits as long as one that is at most the span earlier may follow, and not any longer.
func TestWindowHoldsForTheSpan(t *testing.T) {
	window := New(Bounds{Span: 100 * time.Millisecond, Bytes: 1 << 30})
	add(window, recordAt(0, 1000, 0))
	add(window, recordAt(1, 1100, 0))
	if early := window.Next(false); early != nil {
		t.Errorf("the record of %v did not wait", early.Time.UnixMilli())
	}
	add(window, recordAt(2, 1101, 0))
	if first := window.Next(false); first == nil || first.Position.Offset != 0 {
		t.Errorf("got %v, want the first record", first)
	}
	if second := window.Next(false); second != nil {
		t.Errorf("got offset %d, which has to wait", second.Position.Offset)
	}
	if late, next := (Key{1000, 0}), (Key{1000, 3}); !window.IsLate(late) || window.IsLate(next) {
		t.Errorf("late: %t, %t, want true for what was given and false for what comes behind it", window.IsLate(late), window.IsLate(next))
	}
}

// Beyond the bytes that may wait, the earliest records wait no longer.
func TestWindowHoldsSoManyBytes(t *testing.T) {
	const size, most = 1000, 10
	window := New(Bounds{Span: time.Hour, Bytes: most * (Overhead + size)})
	for offset := range int64(most) {
		if add(window, recordAt(offset, 1000-offset, size)); window.Next(false) != nil {
			t.Fatalf("%d records do not wait, of %d that may", offset+1, most)
		}
	}
	add(window, recordAt(most, 2000, size))
	if first := window.Next(false); first == nil || first.Position.Offset != most-1 {
		t.Errorf("got %v, want the earliest record", first)
	}
	if window.Next(false) != nil {
		t.Error("more records than necessary do not wait")
	}
}
