package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
)

// sendCursors runs the hub's sending of cursors for the time of a test.
func (b *bay) sendCursors(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() { b.SendCursors(ctx) })
	t.Cleanup(func() { cancel(); sending.Wait() })
}

// atlasCursor is the event that says that a client with a subscription to a measurement has everything up to an offset.
func atlasCursor(measurement atlas.MeasurementID, offset int64) string {
	return "atlas_cursor " + plainCursors{}.Live(measurement, atlas.Position{Topic: "river", Offset: offset})
}

// A client with a cursor that receives nothing for longer than cursors last is told where it is, so that it can resume.
func TestCursorOfAnIdleSubscription(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 5, Behind{})
		defer bay.close()
		other := &inbox{}
		subscribe(t, bay.join(t, other), `{"msm":1}`)
		subscribe(t, bay.subscriber, `{"msm":1,"prb":1,"cursor":""}`)
		subscribe(t, bay.subscriber, `{"msm":1,"prb":2,"cursor":""}`)
		bay.sendCursors(t)
		time.Sleep(21 * time.Second)
		bay.expect(t, atlasCursor(1, -1))
		bay.river.grow(0, same(10, 2, 1)...)
		time.Sleep(21 * time.Second)
		bay.expect(t, atlasCursor(1, 9))
		for range 10 {
			bay.river.grow(0, same(1, 1, 1)...)
			time.Sleep(10 * time.Second)
		}
		bay.listen()
		if slices.ContainsFunc(bay.heard, func(message string) bool { return strings.HasPrefix(message, "atlas_cursor") }) || len(bay.heard) != 10 {
			t.Errorf("got %q, want records only", bay.heard)
		}
		if got := other.messages; slices.ContainsFunc(got, func(message string) bool { return strings.HasPrefix(message, "atlas_cursor") }) {
			t.Errorf("a client without cursors got %q", got)
		}
	})
}

// A cursor that stands for all subscriptions is sent once, and for where each of them is.
func TestCursorOfAnIdleClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := rememberingBay(t)
		defer bay.close()
		const one, two = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`
		subscribe(t, bay.subscriber, one)
		subscribe(t, bay.subscriber, two)
		bay.river.grow(0, same(10, 3, 1)...)
		bay.listen()
		bay.heard = nil
		bay.sendCursors(t)
		time.Sleep(21 * time.Second)
		bay.listen()
		if len(bay.heard) != 1 || !strings.HasPrefix(bay.heard[0], "atlas_cursor ") {
			t.Fatalf("got %q, want one atlas_cursor", bay.heard)
		}
		bay.expectStandings(t, 0, map[string]int64{one: 9, two: 9})
	})
}

// No cursor stands behind records that wait to be sent, or that the client is still catching up with.
//
//notices:cursor-past-batch
func TestNoCursorOvertakesRecords(t *testing.T) {
	for name, parameters := range map[string]string{"that wait": `{"msm":1,"cursor":"","buffering":true}`, "that were missed": `{"msm":1,"cursor":""}`} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				bay := openBay(t, 5, Behind{})
				bay.seat.sized(sendqueue.Limits{Bytes: 2000, Messages: 1000})
				defer bay.close()
				subscribe(t, bay.subscriber, `{"msm":2}`)
				subscribe(t, bay.subscriber, parameters)
				bay.sendCursors(t)
				bay.river.grow(0, same(25, 2, 1)...) // more than half of the queue
				bay.river.grow(0, same(60, 1, 1)...) // for which there is no room
				time.Sleep(time.Minute)
				for range 30 {
					bay.listen()
					time.Sleep(time.Second)
				}
				last := slices.IndexFunc(bay.heard, func(message string) bool { return strings.Contains(message, `"offset":84}`) })
				first := slices.IndexFunc(bay.heard, func(message string) bool { return strings.HasPrefix(message, "atlas_cursor") })
				if last < 0 || first < last || bay.heard[first] != atlasCursor(1, 84) {
					t.Errorf("got %q, the last record at %d, want %s behind it", bay.heard[max(0, len(bay.heard)-3):], last, atlasCursor(1, 84))
				}
			})
		})
	}
}

// Once the log was truncated, cursors that stand for all subscriptions go back with it.
//
//notices:restart-keeps-offset
func TestCursorsGoBackWithATruncatedLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := rememberingBay(t)
		defer bay.close()
		const one, two = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`
		subscribe(t, bay.subscriber, one)
		subscribe(t, bay.subscriber, two)
		bay.river.grow(0, append(same(5, 1, 1), same(5, 2, 1)...)...)
		bay.listen()
		bay.heard = nil
		bay.river.banks[0].records, bay.river.banks[0].next = nil, 3
		bay.river.source.Gap(0, 10, 3)
		bay.river.grow(0, same(1, 1, 1)...)
		bay.listen()
		bay.expectStandings(t, 1, map[string]int64{one: 3, two: 2}) // behind the atlas_error
	})
}

// What is sealed and encoded for idle clients is so once for a measurement, however many clients there are.
func BenchmarkIdleCursors(b *testing.B) {
	house := newHouseWith(Settings{Limits: Limits{Clients: 20_000, Subscriptions: 1}, Cursors: newSealed()})
	for client := range 15_000 {
		subscribe(b, house.join(b, &sink{}), fmt.Sprintf(`{"msm":%d,"cursor":""}`, 1+client%100))
	}
	for b.Loop() {
		house.results.partition(0).SendCursors()
	}
}
