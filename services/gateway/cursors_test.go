package gateway

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/subscription"
)

// newSeal gives one with the key of the tests.
func newCodec() *cursor.Codec {
	codec := &cursor.Codec{}
	codec.SetKeys([]byte("the key of the tests"))
	return codec
}

// standings are those of a client with a live subscription, a replay and another one that has not begun.
func standings(codec *cursor.Codec) []fanout.Standing {
	replay := codec.Seal(cursor.Token{Issued: time.Now(), Subscriptions: []cursor.SavedSubscription{{Checkpoint: cursor.Checkpoint{Measurement: 2, Replay: &cursor.Replay{
		Start: time.UnixMilli(1000), End: time.UnixMilli(9000),
		Topics: []cursor.TopicPosition{{Topic: "atlas.results", Progress: cursor.Progress{Low: 3, Next: 5}, End: 8}},
	}}}}})
	return []fanout.Standing{
		{Parameters: []byte(`{"msm":1}`), Measurement: 1, Position: atlas.Position{Topic: "atlas.results", Partition: 4, Offset: 17}},
		{Parameters: []byte(`{"msm":2,"startTime":1}`), Measurement: 2, InReplay: true, Replay: replay},
		{Parameters: []byte(`{"msm":3,"startTime":1}`), Measurement: 3, InReplay: true},
	}
}

// A cursor of all subscriptions has the place and the parameters of each.
func TestCursorForAll(t *testing.T) {
	codec := newCodec()
	all := &cursors{codec: codec}
	text := all.ForAll(standings(codec), [][]byte{[]byte(`{"msm":4}`)})
	subscriptions, err := all.Each(text)
	if err != nil {
		t.Fatal(err)
	}
	if anew := subscriptions[len(subscriptions)-1]; string(anew.Parameters) != `{"msm":4}` || anew.Cursor != "" {
		t.Errorf("got %+v of the subscription without a cursor", anew)
	}
	var parameters []byte
	var own []cursor.Checkpoint
	for _, recalled := range subscriptions[:len(subscriptions)-1] {
		parameters = append(parameters, recalled.Parameters...)
		token, err := codec.Open(recalled.Cursor)
		if err != nil || len(token.Subscriptions) != 1 {
			t.Fatalf("got %+v, %v", token, err)
		}
		own = append(own, token.Subscriptions[0].Checkpoint)
	}
	if got := string(parameters); got != `{"msm":1}{"msm":2,"startTime":1}{"msm":3,"startTime":1}` {
		t.Fatalf("got the parameters %s", got)
	}
	if live := own[0]; live.Measurement != 1 || live.Live != (cursor.Live{Topic: "atlas.results", Partition: 4, Offset: 17}) {
		t.Errorf("got %+v of the live subscription", live)
	}
	if replay := own[1]; replay.Measurement != 2 || replay.Replay == nil || replay.Replay.Topics[0].Low != 3 {
		t.Errorf("got %+v of the replay", replay)
	}
	if replay := own[2]; replay.Measurement != 3 || replay.Replay != nil || replay.IsLive() {
		t.Errorf("got %+v of the replay that has not begun", replay)
	}
}

// What a client has not got back yet stays where it was, and grows old, also beside what it has got.
//
//notices:due-rejuvenated
func TestCursorForWhatIsDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codec := newCodec()
		all := &cursors{codec: codec}
		had, err := all.Each(all.ForAll(standings(codec), nil))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		got := standings(codec)[:1]
		for _, recalled := range had {
			got = append(got, fanout.Standing{Parameters: recalled.Parameters, After: recalled.Cursor})
		}
		again, err := all.Each(all.ForAll(got, nil))
		if err != nil || len(again) != 1+len(had) {
			t.Fatalf("got %+v, %v", again, err)
		}
		if !reflect.DeepEqual(again[1:], had) {
			t.Errorf("got %+v, want %+v", again[1:], had)
		}
		if now, err := codec.Open(again[0].Cursor); err != nil || !now.Issued.Equal(time.Now()) {
			t.Errorf("got %+v, %v of what the client has got", now, err)
		}
	})
}

// Once cursors have another key, none stands for a place that was sealed before: the client is to see that it is not recovered.
func TestCursorForAllOfAnotherKey(t *testing.T) {
	codec := newCodec()
	all := &cursors{codec: codec}
	live, replays := standings(codec)[:1], standings(codec)[1:]
	due := []fanout.Standing{{Parameters: live[0].Parameters, After: all.Live(1, live[0].Position)}}
	codec.SetKeys([]byte("another key"))
	for name, test := range map[string]struct {
		standings []fanout.Standing
		isEmpty   bool
	}{
		"what is due":                   {slices.Concat(live, due), true},
		"a replay":                      {replays[:1], true},
		"a replay that has not begun":   {replays[1:], false},
		"what has a place in the clear": {live, false},
	} {
		if cursor := all.ForAll(test.standings, nil); (cursor == "") != test.isEmpty {
			t.Errorf("%s: got %q", name, cursor)
		}
	}
}

// A client that brings such a cursor for one subscription goes on where that is, and with another subscription where most is to come.
//
//notices:several-places
func TestCursorForAllIsGoodForEach(t *testing.T) {
	codec := newCodec()
	standing := func(parameters string, offset int64) fanout.Standing {
		return fanout.Standing{Parameters: []byte(parameters), Measurement: 1, Position: atlas.Position{Topic: "atlas.results", Offset: offset}}
	}
	text := (&cursors{codec: codec}).ForAll([]fanout.Standing{standing(`{"msm":1,"prb":1,"cursor":""}`, 99), standing(`{"msm":1,"prb":2,"cursor":""}`, 60)}, [][]byte{[]byte(`{"msm":1}`)})
	for parameters, want := range map[string]int64{`"prb":1`: 99, `"prb":2`: 60, `"prb":3`: 60} {
		wanted, err := subscription.Parse([]byte(`{"msm":1,"cursor":"` + text + `",` + parameters + `}`))
		if err != nil {
			t.Fatal(err)
		}
		token, err := tokenFor(codec, wanted)
		if err != nil {
			t.Fatal(err)
		}
		if checkpoint, found := token.Find(1, false); !found || checkpoint.Live.Offset != want {
			t.Errorf("%s: got %+v, want the offset %d", parameters, checkpoint, want)
		}
	}
}

// What a client remembers counts only if it is a cursor of all its subscriptions.
func TestMemoryThatIsRefused(t *testing.T) {
	codec, other := newCodec(), newCodec()
	other.SetKeys([]byte("of another log"))
	all := &cursors{codec: codec}
	text := all.ForAll(standings(codec), nil)
	for name, test := range map[string]struct {
		cursors *cursors
		text    string
		want    string
	}{
		"of one message": {all, all.Live(1, atlas.Position{Topic: "atlas.results"}), "[bad_cursor] offset: names no subscription"},
		"damaged":        {all, text[:len(text)-1], "[bad_cursor] offset: the cursor is damaged"},
		"of another key": {&cursors{codec: other}, text, "[cursor_gone] offset: the cursor was sealed with another key"},
	} {
		if _, err := test.cursors.Each(test.text); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}

// A cursor that was remembered is as old as it was, in each of its parts, or it would be good for ever.
//
//notices:memory-rejuvenated
func TestMemoryGrowsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		codec := newCodec()
		all := &cursors{codec: codec}
		text, issued := all.ForAll(standings(codec), nil), time.Now()
		time.Sleep(time.Hour)
		each, err := all.Each(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, recalled := range each {
			if token, err := codec.Open(recalled.Cursor); err != nil || !token.Issued.Equal(issued) {
				t.Errorf("got %+v, %v, want it of %v", token, err, issued)
			}
		}
	})
}
