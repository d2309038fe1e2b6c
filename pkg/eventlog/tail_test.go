package eventlog

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
)

// The records between two flushes are limited in number and in bytes, however many a fetch returns.
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
		if got := deliverableCount(test.records); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

// A client that has read records that the tail has not read yet waits for the tail, and misses nothing.
//
//notices:attach-before-tail
func TestAttachWaitsForTheTail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tail := &tail{consumer: fakeConsumer{}, flushed: func(int, time.Time) {}, ctx: t.Context(), next: 3, ring: *newRing(10, 1<<20)}
		tail.ring.begin(3)
		given := make(chan []atlas.Record, 1)
		go func() {
			if err := tail.attachFrom(t.Context(), 5, func(missed []atlas.Record) { given <- slices.Clone(missed) }); err != nil {
				t.Error(err)
			}
		}()
		for next := int64(3); next < 5; next++ {
			synctest.Wait()
			if len(given) > 0 {
				t.Fatalf("attached at 5 while the tail is at %d", next)
			}
			tail.deliver(next+1, ringRecords(1, next), time.Now())
		}
		synctest.Wait()
		if len(given) != 1 || len(<-given) > 0 {
			t.Fatal("not attached, or with records that were read before")
		}
		tail.deliver(7, ringRecords(1, 5, 6), time.Now())
		if err := tail.attachFrom(t.Context(), 6, func(missed []atlas.Record) { given <- slices.Clone(missed) }); err != nil {
			t.Fatal(err)
		}
		if missed := <-given; len(missed) != 1 || missed[0].Position.Offset != 6 {
			t.Errorf("from 6 on, got %v", missed)
		}
		if err := tail.attachFrom(t.Context(), 2, nil); !errors.Is(err, ErrNotInRing) {
			t.Errorf("before its beginning: got %v, want ErrNotInRing", err)
		}
	})
}
