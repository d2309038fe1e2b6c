package session

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
)

func numbered(number int) atlas.Record {
	return record(atlas.StreamResult, 1001, atlas.ProbeID(number), fmt.Sprintf(`{"prb_id":%d}`, number))
}

// buffering gives a client that buffers measurement 1001, subscribed.
func buffering(t *testing.T) (*house, *inbox, *Session) {
	house, box := newHouse(), &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001,"buffering":true}`)
	box.take(t)
	return house, box, subscriber
}

// elapse lets time pass until just before a tenth of a second is over.
func elapse() {
	time.Sleep(batchDelay - time.Nanosecond)
	synctest.Wait()
}

// tick is what is left of it.
func tick() {
	time.Sleep(time.Nanosecond)
	synctest.Wait()
}

func TestBufferIsSentATenthOfASecondAfterTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		for range 3 {
			house.deliver(numbered(1), numbered(2))
			time.Sleep(batchDelay / 2)
			house.deliver(numbered(3))
			time.Sleep(batchDelay/2 - time.Nanosecond)
			synctest.Wait()
			box.expect(t)
			tick()
			box.expect(t, `atlas_result [{"prb_id":1},{"prb_id":2},{"prb_id":3}]`)
			time.Sleep(time.Minute)
			synctest.Wait()
			box.expect(t)
		}
	})
}

func TestBufferIsSentWhenItIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		for number := range maxBatchRecords - 1 {
			house.deliver(numbered(number))
		}
		box.expect(t)
		time.Sleep(batchDelay / 2)
		house.deliver(numbered(maxBatchRecords), numbered(5))
		if got := box.take(t); len(got) != 1 || strings.Count(got[0], "prb_id") != maxBatchRecords || !strings.HasSuffix(got[0], `{"prb_id":1000}]`) {
			t.Errorf("got %.100q", got)
		}
		elapse() // the next one's time counts from itself
		box.expect(t)
		tick()
		box.expect(t, `atlas_result [{"prb_id":5}]`)
	})
}

func TestBufferIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		long := record(atlas.StreamResult, 1001, 1, `{"text":"`+strings.Repeat("x", 1000)+`"}`)
		for range 200 {
			house.deliver(long)
		}
		sent := box.take(t)
		if len(sent) != 3 {
			t.Errorf("got %d arrays of 200 kB in all, want 3", len(sent))
		}
		for _, array := range sent {
			if size := len(array) - len("atlas_result "); size > maxBatchBytes || size < maxBatchBytes-len(long.Value)-2 {
				t.Errorf("an array has %d bytes", size)
			}
		}
	})
}

// Brackets and commas count.
func TestBufferHoldsAnArrayOfItsSize(t *testing.T) {
	for spare, arrays := range map[int]int{0: 1, -1: 2} {
		synctest.Test(t, func(t *testing.T) {
			house, box, subscriber := buffering(t)
			defer subscriber.Leave()
			half := `"` + strings.Repeat("x", maxBatchBytes/2) + `"`
			rest := `"` + strings.Repeat("x", maxBatchBytes-len(half)-len(`[,""]`)-spare) + `"`
			house.deliver(record(atlas.StreamResult, 1001, 1, half), record(atlas.StreamResult, 1001, 1, rest))
			time.Sleep(batchDelay)
			synctest.Wait()
			if got := box.take(t); len(got) != arrays {
				t.Errorf("%d bytes to spare: got %d arrays, want %d", spare, len(got), arrays)
			}
		})
	}
}

// A record that is longer than a buffer goes out by itself, after what waits: together with that it might be too long for the client's queue.
func TestLongRecordIsSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		long := `{"text":"` + strings.Repeat("x", 1<<20) + `"}`
		house.deliver(numbered(1), record(atlas.StreamResult, 1001, 1, long))
		box.expect(t, `atlas_result [{"prb_id":1}]`, `atlas_result [`+long+`]`)
		house.deliver(numbered(2))
		time.Sleep(batchDelay)
		synctest.Wait()
		box.expect(t, `atlas_result [{"prb_id":2}]`)
	})
}

// Only what all matching subscriptions buffer is buffered, and nothing overtakes what waits.
func TestUnbufferedRecordComesAfterWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		subscribe(t, subscriber, `{"msm":1001,"prb":2}`)
		box.take(t)
		house.deliver(numbered(1), numbered(3), numbered(2), numbered(2), numbered(4))
		box.expect(t, `atlas_result [{"prb_id":1},{"prb_id":3}]`, `atlas_result {"prb_id":2}`, `atlas_result {"prb_id":2}`)
		elapse()
		box.expect(t)
		tick()
		box.expect(t, `atlas_result [{"prb_id":4}]`)
	})
}

// Partitions and measurements share the buffer of their stream; streams have one each.
func TestBuffersAreTheStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		subscribe(t, subscriber, `{"msm":7000,"buffering":true}`)
		subscribe(t, subscriber, `{"stream_type":"probestatus","buffering":true,"enrichProbes":true}`)
		box.take(t)
		connection := record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7}`)
		house.deliver(numbered(1))
		deliver(house.statuses, connection)
		house.deliver(numbered(2))
		box.expect(t)
		time.Sleep(batchDelay)
		synctest.Wait()
		got := box.take(t)
		if len(got) == 2 && got[0] > got[1] {
			got[0], got[1] = got[1], got[0] // both are due at the same time
		}
		want := []string{`atlas_probestatus [{"prb_id":7,"probe":{"id":7}}]`, `atlas_result [{"prb_id":1},{"prb_id":7},{"prb_id":2}]`}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestBufferIsSentBeforeTheEndOfASubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		house.deliver(numbered(1))
		if err := unsubscribe(t, subscriber, `{"msm":1001,"buffering":true}`); err != nil {
			t.Fatal(err)
		}
		box.expect(t, `atlas_result [{"prb_id":1}]`, `atlas_unsubscribed {"msm":1001,"buffering":true}`)
		subscribe(t, subscriber, `{"msm":1001,"buffering":true}`)
		box.take(t)
		house.deliver(numbered(2))
		house.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
		box.expect(t, `atlas_result [{"prb_id":2}]`, `atlas_unsubscribed {"msm":1001,"buffering":true}`)
		time.Sleep(time.Minute)
		synctest.Wait()
		box.expect(t)
	})
}

func TestBufferIsSentBeforeAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		defer subscriber.Leave()
		house.deliver(numbered(1))
		house.results.Gap(0, 10, 20)
		house.results.Flush(0)
		if got := box.take(t); len(got) != 2 || got[0] != `atlas_result [{"prb_id":1}]` || !strings.HasPrefix(got[1], `atlas_error "[gap]`) {
			t.Errorf("got %q", got)
		}
	})
}

func TestNothingLingersAfterLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house, box, subscriber := buffering(t)
		house.deliver(numbered(1))
		subscriber.Leave()
		time.Sleep(time.Minute)
		synctest.Wait()
		box.expect(t)
		if box.flushes != 1 {
			t.Errorf("%d flushes, want the one of the confirmation", box.flushes)
		}
	})
}

// An array that does not fit is an overflow like any other, whoever sends it.
func TestBufferOverflows(t *testing.T) {
	for name, send := range map[string]func(*house, *Session){
		"in time": func(*house, *Session) { time.Sleep(batchDelay) },
		"for a long record": func(h *house, _ *Session) {
			h.deliver(record(atlas.StreamResult, 1001, 2, `"`+strings.Repeat("x", 1<<20)+`"`))
		},
		"for an unbuffered":   func(h *house, _ *Session) { h.deliver(numbered(2)) },
		"for a gap":           func(h *house, _ *Session) { h.results.Gap(0, 1, 2); h.results.Flush(0) },
		"at a stop":           func(h *house, _ *Session) { h.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true}) },
		"for an unsubscribed": func(_ *house, s *Session) { s.Overflow() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				house, box, subscriber := buffering(t)
				defer subscriber.Leave()
				subscribe(t, subscriber, `{"msm":1001,"prb":2}`)
				subscribe(t, subscriber, `{"msm":1001,"prb":3}`)
				box.limit = 2
				house.deliver(numbered(1))
				if name == "for an unsubscribed" {
					if err := unsubscribe(t, subscriber, `{"msm":1001,"prb":3}`); err == nil {
						t.Error("the confirmation found room that there is not")
					}
				}
				send(house, subscriber)
				synctest.Wait()
				house.deliver(numbered(4))
				time.Sleep(time.Minute)
				synctest.Wait()
				box.expect(t, `atlas_subscribed {"msm":1001,"prb":2}`, `atlas_subscribed {"msm":1001,"prb":3}`)
				box.expectOverflows(t, 1)
				house.expectOverflows(t, 1)
			})
		})
	}
}
