package session

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
)

// bay is a river with a house at it, and a client in it whose queue takes 20 messages.
type bay struct {
	*house
	river      *river
	seat       *seat
	subscriber *Session
	heard      []string // without the confirmations of what it has asked for
}

func openBay(t *testing.T, held int, behind Behind) *bay {
	t.Helper()
	b := &bay{river: newRiver(1, held), seat: newSeat(false)}
	if behind.Time == 0 {
		behind.Time = time.Hour
	}
	if behind.Bytes == 0 {
		behind.Bytes = 1 << 40
	}
	behind.Readers, behind.ReadersOfAddress = 1, 1
	b.house = &house{catalogue: &catalogue{}, metrics: prometheus.NewRegistry()}
	b.Hub = NewHub(Settings{
		Limits: Limits{Clients: 2, Subscriptions: 10}, Measurements: b.catalogue, Cursors: plainCursors{}, Behind: behind, Backlog: time.Minute,
	}, b.metrics)
	b.river.source = b.AddSource(atlas.StreamResult, func(*Source) Tails { return b.river })
	b.subscriber = b.join(t, b.seat)
	return b
}

func (b *bay) close() {
	b.subscriber.Leave()
	b.seat.Close()
}

// listen takes what comes until nothing does any more.
func (b *bay) listen() {
	for {
		synctest.Wait()
		messages, _ := b.seat.Take(1 << 20)
		if len(messages) == 0 {
			return
		}
		b.hear(messages)
	}
}

func (b *bay) hear(messages []*sendqueue.Message) {
	for _, message := range messages {
		if text := string(message.Payload()); !strings.HasPrefix(text, protocol.EventSubscribed) {
			b.heard = append(b.heard, text)
		}
	}
}

// expectRecords listens and expects the records of a measurement from one offset to before another, each with an event's name.
func (b *bay) expectRecords(t *testing.T, measurement atlas.MeasurementID, from, to int) {
	t.Helper()
	var want []string
	for offset := from; offset < to; offset++ {
		want = append(want, fmt.Sprintf(`atlas_result {"msm_id":%d,"offset":%d}`, measurement, offset))
	}
	b.expect(t, want...)
}

func (b *bay) expect(t *testing.T, want ...string) {
	t.Helper()
	b.listen()
	if !slices.Equal(b.heard, want) {
		t.Errorf("got  %d %.600q\nwant %d %.600q", len(b.heard), b.heard, len(want), want)
	}
	b.heard = nil
}

func (b *bay) expectBehind(t *testing.T, clients, records float64) {
	t.Helper()
	if got := b.counted(t, "atlas_gateway_behind_clients"); got != clients {
		t.Errorf("%g clients are behind, want %g", got, clients)
	}
	if got := b.counted(t, "atlas_gateway_behind_records"); got != records {
		t.Errorf("%g records stand between clients and the feed, want %g", got, records)
	}
}

// Who cannot take a record reads on where it has stopped, from what the feed holds or from the log.
//
//notices:feed-begins-late,missed-first-skipped
func TestFullQueue(t *testing.T) {
	for name, held := range map[string]int{"feed": 1000, "log": 5} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bay := openBay(t, held, Behind{})
				defer bay.close()
				subscribe(t, bay.subscriber, `{"msm":1}`)
				bay.river.grow(0, same(30, 1, 1)...)
				bay.river.grow(0, same(30, 1, 1)...)
				synctest.Wait()
				bay.expectBehind(t, 1, 41) // the confirmation and 19 records were taken
				bay.expectRecords(t, 1, 0, 60)
				bay.expectBehind(t, 0, 0)
				bay.river.grow(0, same(2, 1, 1)...)
				bay.expectRecords(t, 1, 60, 62)
				bay.expectOverflows(t, 0)
			})
		})
	}
}

// Beyond what the settings allow, a client is told what it misses and is back in the feed.
//
//notices:too-far-unsaid
func TestTooFarBehind(t *testing.T) {
	for name, behind := range map[string]Behind{"time": {Time: time.Minute}, "bytes": {Bytes: 1000}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bay := openBay(t, 5, behind)
				defer bay.close()
				subscribe(t, bay.subscriber, `{"msm":1}`)
				bay.river.grow(0, same(40, 1, 1)...)
				time.Sleep(2 * time.Minute)
				bay.river.grow(0, same(60, 1, 1)...)
				bay.listen()
				if told := bay.heard[len(bay.heard)-1]; len(bay.heard) != 20 || !strings.HasPrefix(told, `atlas_error "[gap] this client is too far behind: `) ||
					!strings.Contains(told, "from 19 to before 100 of partition 0") {
					t.Errorf("got %d messages, at last %s", len(bay.heard), told)
				}
				bay.heard = nil
				bay.river.grow(0, same(3, 1, 1)...)
				bay.expectRecords(t, 1, 100, 103)
				bay.expectBehind(t, 0, 0)
			})
		})
	}
}

// What the log loses before a client has read it is told.
//
//notices:gap-unsaid
func TestLogLosesWhatIsStillToBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 5, Behind{})
		defer bay.close()
		subscribe(t, bay.subscriber, `{"msm":1}`)
		bay.river.grow(0, same(60, 1, 1)...)
		bay.river.banks[0].lost = 30
		bay.listen()
		want := `atlas_error "[gap] the log has lost what stood from 19 to before 30 of partition 0; some may have been yours"`
		if len(bay.heard) != 19+1+30 || bay.heard[19] != want {
			t.Errorf("got %d messages, %.300q, want 50, with %s", len(bay.heard), bay.heard[min(19, len(bay.heard)):], want)
		}
	})
}

// A log that is made anew begins with other offsets: who is behind goes on there.
func TestLogIsCutWhileAClientIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 5, Behind{})
		defer bay.close()
		subscribe(t, bay.subscriber, `{"msm":1}`)
		bay.river.grow(0, same(60, 1, 1)...)
		bank := bay.river.banks[0]
		bank.mu.Lock()
		bank.records, bank.next = nil, 0
		bay.river.source.Gap(0, 60, 0)
		bank.mu.Unlock()
		bay.river.source.Flush(0)
		bay.river.grow(0, same(3, 1, 1)...)
		bay.listen()
		if last := bay.heard[len(bay.heard)-3:]; len(bay.heard) != 19+1+3 || !strings.HasPrefix(bay.heard[19], `atlas_error "[gap] partition 0 of the log was cut`) ||
			last[0] != `atlas_result {"msm_id":1,"offset":0}` {
			t.Errorf("got %d messages: %.500q", len(bay.heard), bay.heard[15:])
		}
	})
}

// A record that goes to a client in two streams comes once in each, though the queue has room for the first only.
//
//notices:partly-given-forgotten
func TestRecordInTwoStreamsOfWhichOneFits(t *testing.T) {
	for _, odd := range []int{0, 1} { // messages before
		synctest.Test(t, func(t *testing.T) {
			bay := openBay(t, 5, Behind{})
			defer bay.close()
			bay.river.source = bay.AddSource(atlas.StreamProbeStatus, func(*Source) Tails { return bay.river })
			subscribe(t, bay.subscriber, `{"msm":7000}`)
			subscribe(t, bay.subscriber, `{"stream_type":"probestatus"}`)
			for range odd {
				subscribe(t, bay.subscriber, `{"msm":7000}`)
			}
			bay.river.grow(0, same(30, 7000, 1)...)
			bay.listen()
			if len(bay.heard) != 60 {
				t.Errorf("got %d messages, want 60", len(bay.heard))
			}
			slices.Sort(bay.heard)
			if len(slices.Compact(bay.heard)) != 60 {
				t.Error("some came twice")
			}
		})
	}
}

// A measurement that stops has its results delivered that stand in the log; one that turns private has not.
func TestMeasurementEndsWhileAClientIsBehind(t *testing.T) {
	for name, test := range map[string]struct {
		change atlas.Measurement
		heard  int
	}{
		"stopped": {atlas.Measurement{ID: 1, Public: true, Stopped: true}, 60 + 1},
		"private": {atlas.Measurement{ID: 1}, 19 + 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bay := openBay(t, 5, Behind{})
				defer bay.close()
				subscribe(t, bay.subscriber, `{"msm":1}`)
				bay.river.grow(0, same(60, 1, 1)...)
				bay.change(test.change)
				bay.river.grow(0, same(10, 1, 1)...)
				bay.listen()
				if last := bay.heard[len(bay.heard)-1]; len(bay.heard) != test.heard || last != `atlas_unsubscribed {"msm":1}` {
					t.Errorf("got %d messages, at last %s, want %d", len(bay.heard), last, test.heard)
				}
				if left := bay.subscriber.Subscriptions(); left != 0 || len(bay.river.source.partition(0).Detached()) != 0 {
					t.Errorf("%d subscriptions are left", left)
				}
			})
		})
	}
}

// A subscription that goes on behind a cursor brings nobody else's records a second time.
//
//notices:rewind-forgets,rewind-gives-again
func TestGoingOnBesideWhatIsThere(t *testing.T) {
	for name, busy := range map[string]int{"in the feed": 0, "behind": 40} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bay := openBay(t, 5, Behind{})
				defer bay.close()
				bay.river.grow(0, append(same(10, 1, 1), same(10, 2, 1)...)...)
				subscribe(t, bay.subscriber, `{"msm":1}`)
				bay.river.grow(0, same(busy, 1, 1)...)
				after := plainCursors{}.Live(2, atlas.Position{Topic: "river", Offset: 14})
				if err := try(t, bay.subscriber, fmt.Sprintf(`{"msm":2,"cursor":%q}`, after)); err != nil {
					t.Fatal(err)
				}
				bay.river.grow(0, append(same(1, 1, 1), same(1, 2, 1)...)...)
				bay.listen()
				got := map[atlas.MeasurementID][]int64{}
				for _, message := range bay.heard {
					measurement, offsets := offsetsIn(strings.Fields(message)[1])
					got[measurement] = append(got[measurement], offsets...)
				}
				if want := []int64{15, 16, 17, 18, 19, int64(21 + busy)}; !slices.Equal(got[2], want) {
					t.Errorf("got %v of measurement 2, want %v", got[2], want)
				}
				if len(got[1]) != busy+1 || !slices.IsSorted(got[1]) || got[1][0] != 20 {
					t.Errorf("got %v of measurement 1", got[1])
				}
			})
		})
	}
}

// The backlog leaves out what is too old, and ends where the log ended as it was asked for.
//
//notices:backlog-sent-early,backlog-sent-late,backlog-too-old
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 100, Behind{})
		defer bay.close()
		bay.river.grow(0, same(5, 1, 1)...)
		time.Sleep(2 * time.Minute)
		late := same(6, 1, 1)
		late[2].Time = late[2].Time.Add(-time.Hour)
		bay.river.grow(0, late...)
		subscribe(t, bay.subscriber, `{"msm":1,"sendBacklog":true}`)
		late = same(2, 1, 1)
		late[0].Time = late[0].Time.Add(-time.Hour)
		bay.river.grow(0, late...)
		record := func(offset int) string { return fmt.Sprintf(`atlas_result {"msm_id":1,"offset":%d}`, offset) }
		bay.expect(t, record(5), record(6), record(8), record(9), record(10), `atlas_backlog_sent {"msm":1,"sendBacklog":true}`, record(11), record(12))
		subscribe(t, bay.subscriber, `{"msm":2,"sendBacklog":true}`)
		bay.expect(t, `atlas_backlog_sent {"msm":2,"sendBacklog":true}`)
	})
}

// Whoever goes while it is behind leaves nothing running, and who only ends a subscription hears no more of that.
func TestLeavingWhileBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 5, Behind{})
		subscribe(t, bay.subscriber, `{"msm":1}`)
		subscribe(t, bay.subscriber, `{"msm":2}`)
		bay.river.grow(0, append(same(40, 1, 1), same(40, 2, 1)...)...)
		if err := unsubscribe(t, bay.subscriber, `{"msm":1}`); err != nil {
			t.Fatal(err)
		}
		bay.listen()
		if last := bay.heard[len(bay.heard)-1]; len(bay.heard) != 18+1+40 || last != `atlas_result {"msm_id":2,"offset":79}` {
			t.Errorf("got %d messages, at last %s", len(bay.heard), last)
		}
		bay.river.grow(0, same(40, 2, 1)...)
		bay.close() // and nothing keeps the test from ending
	})
}

// How long others' records have been there does not matter: the next record for the client is what counts.
func TestSparseMeasurementIsNotFarBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 5, Behind{Time: time.Minute})
		defer bay.close()
		other := &inbox{}
		subscribe(t, bay.join(t, other), `{"msm":2}`)
		bay.river.grow(0, same(50, 2, 1)...)
		time.Sleep(2 * time.Minute)
		bay.river.grow(0, same(10, 2, 1)...)
		bay.river.grow(0, append(same(1, 1, 1), same(10, 2, 1)...)...)
		after := plainCursors{}.Live(1, atlas.Position{Topic: "river", Offset: 3})
		if err := try(t, bay.subscriber, fmt.Sprintf(`{"msm":1,"cursor":%q}`, after)); err != nil {
			t.Fatal(err)
		}
		bay.listen()
		if len(bay.heard) != 1 || !strings.HasPrefix(bay.heard[0], `atlas_result {"msm_id":1,"offset":60}`) {
			t.Errorf("got %q", bay.heard)
		}
	})
}

// A client that catches up is sent no more than it has room for, and the rest once it has room again.
//
//notices:catch-up-without-room
func TestCatchingUpWaitsForTheClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 5, Behind{})
		defer bay.close()
		bay.river.grow(0, same(30, 1, 1)...)
		client := &narrow{room: make(chan struct{})}
		client.some.Store(4)
		subscriber := bay.join(t, client)
		defer subscriber.Leave()
		subscribe(t, subscriber, `{"msm":1,"sendBacklog":true}`)
		time.Sleep(time.Minute)
		if got := len(client.take(t)); got < 2 || got > 4 {
			t.Errorf("got %d messages before there was room, want the confirmation and 3 records at most", got)
		}
		close(client.room)
		time.Sleep(time.Minute)
		if got := len(client.take(t)); got < 27 {
			t.Errorf("got %d messages once there was room, want the rest", got)
		}
	})
}
