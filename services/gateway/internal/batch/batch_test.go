package batch_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/batch"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// elapse lets time pass until just before a batch is due.
func elapse() {
	time.Sleep(batch.Delay - time.Nanosecond)
	synctest.Wait()
}

// tick lets the rest of that time pass.
func tick() {
	time.Sleep(time.Nanosecond)
	synctest.Wait()
}

func TestBatchIsSentATenthOfASecondAfterItsFirstRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		for range 3 {
			hub.DeliverResults(sessiontest.NumberedResult(1), sessiontest.NumberedResult(2))
			time.Sleep(batch.Delay / 2)
			hub.DeliverResults(sessiontest.NumberedResult(3))
			time.Sleep(batch.Delay/2 - time.Nanosecond)
			synctest.Wait()
			client.Expect(t)
			tick()
			client.Expect(t, `atlas_result [{"prb_id":1},{"prb_id":2},{"prb_id":3}]`)
			time.Sleep(time.Minute)
			synctest.Wait()
			client.Expect(t)
		}
	})
}

func TestBatchIsSentWhenItIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		for number := range batch.MaxRecords - 1 {
			hub.DeliverResults(sessiontest.NumberedResult(number))
		}
		client.Expect(t)
		time.Sleep(batch.Delay / 2)
		hub.DeliverResults(sessiontest.NumberedResult(batch.MaxRecords), sessiontest.NumberedResult(5))
		if got := client.Take(t); len(got) != 1 || strings.Count(got[0], "prb_id") != batch.MaxRecords || !strings.HasSuffix(got[0], `{"prb_id":1000}]`) {
			t.Errorf("got %.100q", got)
		}
		elapse() // the next one's time counts from itself
		client.Expect(t)
		tick()
		client.Expect(t, `atlas_result [{"prb_id":5}]`)
	})
}

func TestBatchIsLimitedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		long := sessiontest.Record(atlas.StreamResult, 1001, 1, `{"text":"`+strings.Repeat("x", 1000)+`"}`)
		for range 200 {
			hub.DeliverResults(long)
		}
		sent := client.Take(t)
		if len(sent) != 3 {
			t.Errorf("got %d arrays of 200 kB in all, want 3", len(sent))
		}
		for _, array := range sent {
			if size := len(array) - len("atlas_result "); size > batch.MaxBytes || size < batch.MaxBytes-len(long.Value)-2 {
				t.Errorf("an array has %d bytes", size)
			}
		}
	})
}

// Brackets and commas count.
func TestBatchSizeIncludesBracketsAndCommas(t *testing.T) {
	for spare, arrays := range map[int]int{0: 1, -1: 2} {
		synctest.Test(t, func(t *testing.T) {
			hub, client, subscriber := sessiontest.NewBufferingHub(t)
			defer subscriber.Leave()
			half := `"` + strings.Repeat("x", batch.MaxBytes/2) + `"`
			rest := `"` + strings.Repeat("x", batch.MaxBytes-len(half)-len(`[,""]`)-spare) + `"`
			hub.DeliverResults(sessiontest.Record(atlas.StreamResult, 1001, 1, half), sessiontest.Record(atlas.StreamResult, 1001, 1, rest))
			time.Sleep(batch.Delay)
			synctest.Wait()
			if got := client.Take(t); len(got) != arrays {
				t.Errorf("%d bytes to spare: got %d arrays, want %d", spare, len(got), arrays)
			}
		})
	}
}

// A record that is longer than a batch is sent alone, after the batch: together they might be too long for the client's queue.
func TestLongRecordIsSentAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		long := `{"text":"` + strings.Repeat("x", 1<<20) + `"}`
		hub.DeliverResults(sessiontest.NumberedResult(1), sessiontest.Record(atlas.StreamResult, 1001, 1, long))
		client.Expect(t, `atlas_result [{"prb_id":1}]`, `atlas_result [`+long+`]`)
		hub.DeliverResults(sessiontest.NumberedResult(2))
		time.Sleep(batch.Delay)
		synctest.Wait()
		client.Expect(t, `atlas_result [{"prb_id":2}]`)
	})
}

// A record is only buffered if all subscriptions that match it are, and no record overtakes a batch.
func TestUnbufferedRecordComesAfterTheBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":2}`)
		client.Take(t)
		hub.DeliverResults(sessiontest.NumberedResult(1), sessiontest.NumberedResult(3), sessiontest.NumberedResult(2), sessiontest.NumberedResult(2), sessiontest.NumberedResult(4))
		client.Expect(t, `atlas_result [{"prb_id":1},{"prb_id":3}]`, `atlas_result {"prb_id":2}`, `atlas_result {"prb_id":2}`)
		elapse()
		client.Expect(t)
		tick()
		client.Expect(t, `atlas_result [{"prb_id":4}]`)
	})
}

// Partitions and measurements share the batch of their stream.
func TestEachStreamHasABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":7000,"buffering":true}`)
		sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"probestatus","buffering":true,"enrichProbes":true}`)
		client.Take(t)
		connection := sessiontest.Record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7}`)
		hub.DeliverResults(sessiontest.NumberedResult(1))
		sessiontest.Deliver(hub.Statuses, connection)
		hub.DeliverResults(sessiontest.NumberedResult(2))
		client.Expect(t)
		time.Sleep(batch.Delay)
		synctest.Wait()
		got := client.Take(t)
		if len(got) == 2 && got[0] > got[1] {
			got[0], got[1] = got[1], got[0] // both are due at the same time
		}
		want := []string{`atlas_probestatus [{"prb_id":7,"probe":{"id":7}}]`, `atlas_result [{"prb_id":1},{"prb_id":7},{"prb_id":2}]`}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	})
}

func TestBatchIsSentBeforeTheEndOfASubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		hub.DeliverResults(sessiontest.NumberedResult(1))
		sessiontest.MustUnsubscribe(t, subscriber, `{"msm":1001,"buffering":true}`)
		client.Expect(t, `atlas_result [{"prb_id":1}]`, `atlas_unsubscribed {"msm":1001,"buffering":true}`)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"buffering":true}`)
		client.Take(t)
		hub.DeliverResults(sessiontest.NumberedResult(2))
		hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
		client.Expect(t, `atlas_result [{"prb_id":2}]`, `atlas_unsubscribed {"msm":1001,"buffering":true}`)
		time.Sleep(time.Minute)
		synctest.Wait()
		client.Expect(t)
	})
}

func TestBatchIsSentBeforeAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		hub.DeliverResults(sessiontest.NumberedResult(1))
		hub.Results.Gap(0, 10, 20)
		hub.Results.Flush(0)
		if got := client.Take(t); len(got) != 2 || got[0] != `atlas_result [{"prb_id":1}]` || !strings.HasPrefix(got[1], `atlas_error "[gap]`) {
			t.Errorf("got %q", got)
		}
	})
}

func TestLeaveDiscardsBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		hub.DeliverResults(sessiontest.NumberedResult(1))
		subscriber.Leave()
		time.Sleep(time.Minute)
		synctest.Wait()
		client.Expect(t)
		if client.Flushes() != 1 {
			t.Errorf("%d flushes, want the one of the confirmation", client.Flushes())
		}
	})
}

// A batch that does not fit is an overflow, whatever has it sent.
func TestBatchOverflows(t *testing.T) {
	for name, send := range map[string]func(*sessiontest.Hub, *session.Session){
		"in time": func(*sessiontest.Hub, *session.Session) { time.Sleep(batch.Delay) },
		"for a long record": func(h *sessiontest.Hub, _ *session.Session) {
			h.DeliverResults(sessiontest.Record(atlas.StreamResult, 1001, 2, `"`+strings.Repeat("x", 1<<20)+`"`))
		},
		"for an unbuffered": func(h *sessiontest.Hub, _ *session.Session) { h.DeliverResults(sessiontest.NumberedResult(2)) },
		"for a gap":         func(h *sessiontest.Hub, _ *session.Session) { h.Results.Gap(0, 1, 2); h.Results.Flush(0) },
		"at a stop": func(h *sessiontest.Hub, _ *session.Session) {
			h.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
		},
		"for an unsubscribed": func(_ *sessiontest.Hub, s *session.Session) { s.Overflow() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				hub, client, subscriber := sessiontest.NewBufferingHub(t)
				defer subscriber.Leave()
				sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":2}`)
				sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":3}`)
				client.Limit = 2
				hub.DeliverResults(sessiontest.NumberedResult(1))
				if name == "for an unsubscribed" {
					if err := sessiontest.Unsubscribe(t, subscriber, `{"msm":1001,"prb":3}`); err == nil {
						t.Error("the confirmation found room")
					}
				}
				send(hub, subscriber)
				synctest.Wait()
				hub.DeliverResults(sessiontest.NumberedResult(4))
				time.Sleep(time.Minute)
				synctest.Wait()
				client.Expect(t, `atlas_subscribed {"msm":1001,"prb":2}`, `atlas_subscribed {"msm":1001,"prb":3}`)
				client.ExpectOverflows(t, 1)
				hub.ExpectOverflows(t, 1)
			})
		})
	}
}

// A batch that does not fit into the queue waits for room, and so do the records after it.
//
//notices:array-lost
func TestBatchWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		for range 20 {
			sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"buffering":true}`)
		}
		hub.Log.Append(0, sessiontest.Records(3, 1, 1)...)
		time.Sleep(10 * batch.Delay)
		hub.Log.Append(0, sessiontest.Records(2, 1, 1)...)
		time.Sleep(10 * batch.Delay)
		hub.Receive()
		time.Sleep(batch.Delay)
		hub.Receive()
		var got []int64
		for _, message := range hub.Received {
			_, offsets := sessiontest.Offsets(strings.Fields(message)[1])
			got = append(got, offsets...)
		}
		if want := []int64{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		hub.ExpectOverflows(t, 0)
	})
}

// A full batch that does not fit takes no more records: its client catches up, and loses nothing.
//
//notices:full-array-grows
func TestFullBatchWithoutRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const more = 50
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		for range 20 {
			sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"buffering":true}`)
		}
		hub.Log.Append(0, sessiontest.Records(batch.MaxRecords+more, 1, 1)...)
		synctest.Wait()
		hub.ExpectLag(t, 1, more)
		hub.Receive()
		time.Sleep(10 * batch.Delay)
		hub.Receive()
		var got []int64
		for _, message := range hub.Received {
			_, offsets := sessiontest.Offsets(strings.Fields(message)[1])
			got = append(got, offsets...)
		}
		if len(got) != batch.MaxRecords+more || !slices.IsSorted(got) || got[len(got)-1] != batch.MaxRecords+more-1 {
			t.Errorf("got %d records, want %d in order", len(got), batch.MaxRecords+more)
		}
	})
}
