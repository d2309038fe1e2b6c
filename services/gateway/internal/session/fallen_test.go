package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
)

// sized gives the seat another queue, which must be empty.
func (s *seat) sized(limits sendqueue.Limits) *seat {
	s.Queue = sendqueue.NewDetached(&limits, &sendqueue.Stats{}, s.wake)
	return s
}

// Who has missed more than is delivered at a time gets all of it from what the feed holds, each record once, and the feed behind that.
//
//notices:missed-delivered-again,rejoin-with-rest
func TestMuchIsMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const many = 2*maxHeld + 100
		bay := openBay(t, many, Behind{})
		bay.seat.sized(sendqueue.Limits{Bytes: 1 << 20, Messages: 4 * many})
		defer bay.close()
		bay.river.grow(0, same(many, 1, 1)...)
		after := plainCursors{}.Live(1, atlas.Position{Topic: "river", Offset: -1})
		subscribe(t, bay.subscriber, fmt.Sprintf(`{"msm":1,"cursor":%q}`, after))
		bay.listen()
		bay.expectBehind(t, 0, 0)
		bay.river.grow(0, same(3, 1, 1)...)
		bay.listen()
		for i, message := range bay.heard {
			if _, offsets := offsetsIn(strings.Fields(message)[1]); offsets[0] != int64(i) {
				t.Fatalf("message %d: got record %d", i, offsets[0])
			}
		}
		if len(bay.heard) != many+3 {
			t.Errorf("got %d records, want %d", len(bay.heard), many+3)
		}
	})
}

// A record that does not fit is not overtaken by what does because it is shorter: of each stream, the records keep their order and come once.
//
//notices:fallen-gets-more
func TestShorterMessageOvertakesNothing(t *testing.T) {
	const shorter = `"acceptedFields":["offset"]`
	for name, parameters := range map[string][]string{
		"of results":     {`{"msm":7000,` + shorter + `}`, `{"stream_type":"probestatus"}`},
		"of connections": {`{"msm":7000}`, `{"stream_type":"probestatus",` + shorter + `}`},
	} {
		t.Run(name, func(t *testing.T) {
			for size := 1000; size < 1100; size++ {
				synctest.Test(t, func(t *testing.T) {
					bay := openBay(t, 5, Behind{})
					defer bay.close()
					bay.river.source = bay.AddSource(atlas.StreamProbeStatus, func(*Source) Tails { return bay.river })
					bay.seat.sized(sendqueue.Limits{Bytes: size, Messages: 1000})
					for _, words := range parameters {
						subscribe(t, bay.subscriber, words)
					}
					bay.listen()
					bay.river.grow(0, same(60, 7000, 1)...)
					bay.listen()
					expectBothStreams(t, bay.heard, 60)
				})
			}
		})
	}
}

// expectBothStreams expects so many records as results and as connections, each in their order.
func expectBothStreams(t *testing.T, heard []string, count int) {
	t.Helper()
	got := map[string]int{}
	for _, message := range heard {
		event := strings.Fields(message)[0]
		if !strings.HasSuffix(message, fmt.Sprintf(`"offset":%d}`, got[event])) {
			t.Fatalf("got %s, want offset %d", message, got[event])
		}
		got[event]++
	}
	if len(got) != 2 || got["atlas_result"] != count || got["atlas_probestatus"] != count {
		t.Errorf("got %v, want %d of each", got, count)
	}
}

// In a replay too, a record in two streams of which one fits comes once in each.
//
//notices:partly-given-forgotten
func TestReplayedRecordInTwoStreamsOfWhichOneFits(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		for i := range h.tape.records {
			h.tape.records[i] = record(atlas.StreamProbeStatus, atlas.ConnectionMeasurement, 1, fmt.Sprintf(`{"offset":%d}`, i))
		}
		bay := &bay{house: h.house, seat: newSeat(false).sized(sendqueue.Limits{Bytes: 1 << 20, Messages: 2})}
		bay.subscriber = h.join(t, bay.seat)
		defer bay.close()
		subscribe(t, bay.subscriber, `{"msm":7000,"startTime":100}`)
		subscribe(t, bay.subscriber, `{"stream_type":"probestatus","startTime":100}`)
		bay.listen()
		time.Sleep(1500 * time.Millisecond)
		messages, _ := bay.seat.Take(1) // so that there is room for one more
		bay.hear(messages)
		time.Sleep(time.Second)
		bay.listen()
		expectBothStreams(t, bay.heard, 2)
	})
}

// An array that does not fit into the queue waits for room, and so does what comes after it.
//
//notices:array-lost
func TestArrayThatDoesNotFitWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 5, Behind{})
		defer bay.close()
		for range 20 {
			subscribe(t, bay.subscriber, `{"msm":1,"buffering":true}`)
		}
		bay.river.grow(0, same(3, 1, 1)...)
		time.Sleep(10 * batchDelay)
		bay.river.grow(0, same(2, 1, 1)...)
		time.Sleep(10 * batchDelay)
		bay.listen()
		time.Sleep(batchDelay)
		bay.listen()
		var got []int64
		for _, message := range bay.heard {
			_, offsets := offsetsIn(strings.Fields(message)[1])
			got = append(got, offsets...)
		}
		if want := []int64{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		bay.expectOverflows(t, 0)
	})
}

// An array that is full and does not fit takes nothing more: who has it is behind, and loses nothing by that.
//
//notices:full-array-grows
func TestFullArrayThatDoesNotFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const more = 50
		bay := openBay(t, 5, Behind{})
		defer bay.close()
		for range 20 {
			subscribe(t, bay.subscriber, `{"msm":1,"buffering":true}`)
		}
		bay.river.grow(0, same(maxBatchRecords+more, 1, 1)...)
		synctest.Wait()
		bay.expectBehind(t, 1, more)
		bay.listen()
		time.Sleep(10 * batchDelay)
		bay.listen()
		var got []int64
		for _, message := range bay.heard {
			_, offsets := offsetsIn(strings.Fields(message)[1])
			got = append(got, offsets...)
		}
		if len(got) != maxBatchRecords+more || !slices.IsSorted(got) || got[len(got)-1] != maxBatchRecords+more-1 {
			t.Errorf("got %d records, want %d in order", len(got), maxBatchRecords+more)
		}
	})
}
