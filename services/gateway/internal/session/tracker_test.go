package session

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/replay"
)

// standingsIn reads the cursor at the end of a message: measurement and stream to the offset up to which the client has everything.
func standingsIn(t *testing.T, message string) map[string]int64 {
	t.Helper()
	words := strings.Fields(message)
	token, err := plainCursors{}.Open(words[len(words)-1])
	if err != nil {
		t.Fatalf("%s: %v", message, err)
	}
	got := make(map[string]int64)
	for _, saved := range token.Each() {
		if _, twice := got[string(saved.Parameters)]; twice {
			t.Errorf("%s: names %s twice", message, saved.Parameters)
		}
		got[string(saved.Parameters)] = saved.Live.Offset
	}
	return got
}

// rememberingBay has a client that comes back with nothing but the last cursor.
func rememberingBay(t *testing.T) *bay {
	bay := openBay(t, 100, Behind{})
	bay.seat.forAll = true
	return bay
}

func (b *bay) expectStandings(t *testing.T, message int, want map[string]int64) {
	t.Helper()
	got := standingsIn(t, b.heard[message])
	for parameters, offset := range want {
		if at, named := got[parameters]; !named || at != offset {
			t.Errorf("%s\n%s: got %d (named: %t), want %d", b.heard[message], parameters, at, named, offset)
		}
	}
	if len(got) != len(want) {
		t.Errorf("got %d standings, want %d", len(got), len(want))
	}
}

// What waits in an array has not been given, whatever else of its partition has.
//
//notices:tracker-of-other-measurements
func TestCursorDoesNotStandForWhatWaitsInAnArray(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := rememberingBay(t)
		defer bay.close()
		const buffered, plain = `{"msm":1,"buffering":true,"cursor":""}`, `{"msm":2,"cursor":""}`
		subscribe(t, bay.subscriber, buffered)
		subscribe(t, bay.subscriber, plain)
		bay.river.grow(0, append(same(1, 1, 1), same(1, 2, 1)...)...)
		bay.river.grow(0, same(1, 2, 1)...)
		bay.listen()
		bay.expectStandings(t, 0, map[string]int64{buffered: -1, plain: 1})
		bay.expectStandings(t, 1, map[string]int64{buffered: -1, plain: 2})
		elapse()
		tick()
		bay.listen()
		bay.expectStandings(t, 2, map[string]int64{buffered: 0, plain: 2})
	})
}

// Of two messages of one record, the first does not stand for the second.
//
//notices:tracker-of-other-streams
func TestCursorDoesNotStandForTheOtherStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := rememberingBay(t)
		defer bay.close()
		bay.river.source = bay.AddSource(atlas.StreamProbeStatus, func(*Source) Tails { return bay.river })
		const results, statuses = `{"msm":7000,"cursor":""}`, `{"stream_type":"probestatus","cursor":""}`
		subscribe(t, bay.subscriber, results)
		subscribe(t, bay.subscriber, statuses)
		bay.river.grow(0, same(1, 7000, 1)...)
		bay.listen()
		first, second := results, statuses
		if strings.HasPrefix(bay.heard[0], "atlas_probestatus") {
			first, second = statuses, results
		}
		bay.expectStandings(t, 0, map[string]int64{first: 0, second: -1})
		bay.expectStandings(t, 1, map[string]int64{first: 0, second: 0})
	})
}

// A subscription that matches nothing for long has got on with its partition all the same, unless the client is behind there.
func TestCursorMovesOnWhereNothingMatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := rememberingBay(t)
		defer bay.close()
		const quiet, busy = `{"msm":1,"prb":9,"cursor":""}`, `{"msm":2,"cursor":""}`
		subscribe(t, bay.subscriber, quiet)
		subscribe(t, bay.subscriber, busy)
		for range 5 {
			bay.river.grow(0, append(same(3, 1, 1), same(1, 2, 1)...)...)
		}
		bay.listen()
		bay.expectStandings(t, 4, map[string]int64{quiet: 15, busy: 19})
		bay.heard = nil
		bay.river.grow(0, append(same(30, 2, 1), same(1, 1, 9)...)...)
		bay.listen()
		for i, message := range bay.heard {
			if got := standingsIn(t, message)[quiet]; got != 50 && got > int64(19+i) {
				t.Errorf("message %d: the quiet one stands at %d", i, got)
			}
		}
	})
}

// Subscriptions without a cursor are named too, from when one has a cursor until they end.
//
//notices:confirmed-not-remembered
func TestCursorNamesSubscriptionsWithoutOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := rememberingBay(t)
		defer bay.close()
		const marked, before, after = `{"msm":1,"cursor":""}`, `{"msm":2}`, `{"msm":3,"prb":5}`
		subscribe(t, bay.subscriber, before)
		subscribe(t, bay.subscriber, marked)
		subscribe(t, bay.subscriber, after)
		if err := unsubscribe(t, bay.subscriber, before); err != nil {
			t.Fatal(err)
		}
		messages, _ := bay.seat.Take(1 << 20)
		for _, message := range messages {
			bay.heard = append(bay.heard, string(message.Payload()))
		}
		if want := "atlas_subscribed " + before; bay.heard[0] != want {
			t.Errorf("got %s, want %s", bay.heard[0], want)
		}
		bay.expectStandings(t, 1, map[string]int64{marked: -1, before: 0})
		bay.expectStandings(t, 2, map[string]int64{marked: -1, before: 0, after: 0})
		bay.expectStandings(t, 3, map[string]int64{marked: -1, after: 0})
		if err := unsubscribe(t, bay.subscriber, marked); err != nil {
			t.Fatal(err)
		}
		bay.heard = nil
		bay.listen()
		if want := "atlas_unsubscribed " + marked; strings.TrimSpace(bay.heard[0]) != want {
			t.Errorf("got %s, want %s and nothing to remember", bay.heard[0], want)
		}
	})
}

// A client that is given its subscriptions back may be cut off before it has them all: its cursors stand for those that are left too.
//
//notices:given-back-forgotten,given-back-twice
func TestCursorStandsForWhatIsBeingGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := rememberingBay(t)
		defer bay.close()
		const marked, other, plain = `{"msm":1,"cursor":""}`, `{"msm":2,"cursor":""}`, `{"msm":3}`
		recalled := []*Resumption{
			{saved: cursor.SavedSubscription{Checkpoint: cursor.Checkpoint{Measurement: 1}, Parameters: []byte(marked)}},
			{saved: cursor.SavedSubscription{Checkpoint: cursor.Checkpoint{Measurement: 2}, Parameters: []byte(other)}},
			{saved: cursor.SavedSubscription{Parameters: []byte(plain)}},
		}
		for i, subscription := range recalled {
			bay.subscriber.SetPending(recalled[i:])
			subscribe(t, bay.subscriber, string(subscription.Parameters()))
			bay.seat.Take(1 << 20) // its confirmation
			bay.river.grow(0, same(1, 1, 1)...)
			bay.listen()
		}
		bay.expectStandings(t, 0, map[string]int64{marked: 0, other: 0, plain: 0})
		bay.expectStandings(t, 1, map[string]int64{marked: 1, other: 0, plain: 0}) // what the feed is just bringing, it has not brought to all
		bay.expectStandings(t, 2, map[string]int64{marked: 2, other: 1, plain: 0})
		bay.subscriber.SetPending(recalled[:1])
		bay.subscriber.SetPending(nil)
		bay.river.grow(0, same(1, 1, 1)...)
		bay.listen()
		bay.expectStandings(t, 3, map[string]int64{marked: 3, other: 2, plain: 0})
	})
}

// What was not given back is not remembered, and neither is what has too many neighbours without cursors.
func TestCursorForgetsWhatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 100, Behind{})
		bay.seat.forAll, bay.settings.Limits.Subscriptions = true, 1000
		defer bay.close()
		const marked = `{"msm":1,"cursor":""}`
		subscribe(t, bay.subscriber, marked)
		bay.subscriber.SetPending([]*Resumption{{saved: cursor.SavedSubscription{Parameters: []byte(`{"msm":9}`)}}})
		bay.subscriber.SetPending(nil)
		bay.river.grow(0, same(1, 1, 1)...)
		bay.listen()
		bay.expectStandings(t, 0, map[string]int64{marked: 0})
		for measurement := range 300 {
			subscribe(t, bay.subscriber, fmt.Sprintf(`{"msm":%d}`, measurement+10))
			bay.seat.Take(1 << 20)
		}
		bay.heard = nil
		bay.river.grow(0, same(1, 1, 1)...)
		bay.listen()
		own := plainCursors{}.Live(1, atlas.Position{Topic: "river", Offset: 1})
		if want := `atlas_result {"msm_id":1,"offset":1} ` + own; !slices.Equal(bay.heard, []string{want}) {
			t.Errorf("got %.300q, want %s", bay.heard, want)
		}
	})
}

// Who has joined a replay cannot be told from its parameters to which one it belongs.
func TestSetLeavesOutWhatJoinedAReplay(t *testing.T) {
	var set set
	for parameters, isPast := range map[string]bool{`{"msm":1}`: false, `{"msm":2}`: true, `{"msm":3,"startTime":1}`: true, `{"msm":4,"cursor":""}`: false} {
		var source delivery.Source = &live.Partition{}
		if isPast {
			source = &replay.Replay{}
		}
		set.add(&delivery.Active{Key: parameters, Wanted: parse(t, parameters), Parameters: []byte(parameters), Source: source})
	}
	plain, fit := set.Plain(4 << 10)
	got := string(bytes.Join(plain, nil))
	if want := `{"msm":1}{"msm":3,"startTime":1}`; len(got) != len(want) || !strings.Contains(got, `{"msm":1}`) || !fit || set.plain.bytes != len(want) {
		t.Errorf("got %s of %d bytes, want %s", got, set.plain.bytes, want)
	}
}

// Subscriptions come and go with the cursor, and too many of them have none for all.
func TestCursorNamesTheSubscriptionsThatThereAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bay := openBay(t, 100, Behind{})
		bay.seat.forAll, bay.settings.Limits.Subscriptions = true, 100
		defer bay.close()
		subscribe(t, bay.subscriber, `{"msm":1, "cursor":"", "prb":1}`)
		subscribe(t, bay.subscriber, `{"msm":1,"cursor":"","prb":2}`)
		if err := unsubscribe(t, bay.subscriber, `{"msm":1,"cursor":"","prb":1}`); err != nil {
			t.Fatal(err)
		}
		bay.listen()
		bay.expectStandings(t, 0, map[string]int64{`{"msm":1,"prb":2,"cursor":""}`: -1})
		for probe := range 60 {
			subscribe(t, bay.subscriber, fmt.Sprintf(`{"msm":1,"cursor":"","prb":%d}`, probe+10))
			bay.listen()
		}
		bay.heard = nil
		bay.river.grow(0, same(1, 1, 2)...)
		bay.listen()
		own := plainCursors{}.Live(1, atlas.Position{Topic: "river"})
		if want := `atlas_result {"msm_id":1,"offset":0} ` + own; !slices.Equal(bay.heard, []string{want}) {
			t.Errorf("got %q, want %s", bay.heard, want)
		}
	})
}
