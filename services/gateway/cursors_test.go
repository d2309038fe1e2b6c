package gateway

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/playback"
)

// standings are those of a client with a live subscription, a replay and another one that has not begun.
func standings(seal *playback.Seal) []fanout.Standing {
	replay := seal.Write(&playback.Bookmark{Issued: time.Now(), Marks: []playback.Bookmarked{{Cursor: playback.Cursor{Measurement: 2, Replay: &playback.ReplayPlace{
		Interval: playback.Interval{Start: time.UnixMilli(1000), End: time.UnixMilli(9000)},
		Topics:   []playback.TopicPlace{{Name: "atlas.results", Mark: playback.Mark{Low: 3, Next: 5}, End: 8}},
	}}}}})
	return []fanout.Standing{
		{Parameters: []byte(`{"msm":1}`), Measurement: 1, Position: atlas.Position{Topic: "atlas.results", Partition: 4, Offset: 17}},
		{Parameters: []byte(`{"msm":2,"startTime":1}`), Measurement: 2, InReplay: true, Replay: replay},
		{Parameters: []byte(`{"msm":3,"startTime":1}`), Measurement: 3, InReplay: true},
	}
}

// A cursor of all subscriptions has the place and the parameters of each.
func TestCursorForAll(t *testing.T) {
	seal := &playback.Seal{}
	all := &cursors{seal: seal, most: time.Hour}
	text := all.ForAll(standings(seal))
	parameters, err := all.Parameters(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(slices.Concat(parameters...)); got != `{"msm":1}{"msm":2,"startTime":1}{"msm":3,"startTime":1}` {
		t.Errorf("got the parameters %s", got)
	}
	bookmark, err := seal.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	if live, found := bookmark.Find(1, false); !found || *live.Live != (atlas.Position{Topic: "atlas.results", Partition: 4, Offset: 17}) {
		t.Errorf("got %+v of the live subscription", live)
	}
	if replay, found := bookmark.Find(2, true); !found || replay.Replay == nil || replay.Replay.Topics[0].Mark.Low != 3 {
		t.Errorf("got %+v of the replay", replay)
	}
	if replay, found := bookmark.Find(3, true); !found || replay.Replay != nil || replay.Live != nil {
		t.Errorf("got %+v of the replay that has not begun", replay)
	}
}

// What a client remembers counts for so long, and only if it is a cursor of all its subscriptions.
func TestMemoryThatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seal := &playback.Seal{}
		all := &cursors{seal: seal, most: time.Hour}
		aged := all.ForAll(standings(seal))
		time.Sleep(time.Hour)
		if _, err := all.Parameters(aged); err != nil {
			t.Errorf("as old as it may be: got %v", err)
		}
		single := all.Live(1, atlas.Position{Topic: "atlas.results"})
		fresh := all.ForAll(standings(seal))
		time.Sleep(time.Second)
		other := &playback.Seal{}
		other.SetKey([]byte("of another log"))
		for name, test := range map[string]struct {
			cursors *cursors
			text    string
			want    string
		}{
			"too old":            {all, aged, "[cursor_gone] offset: was given out 1h0m1s ago, want one of the last 1h0m0s"},
			"of one message":     {all, single, "[bad_cursor] offset: names no subscription"},
			"damaged":            {all, fresh[:len(fresh)-1], "[bad_cursor] cursor: it is damaged"},
			"of another service": {&cursors{seal: other, most: time.Hour}, fresh, "[bad_cursor] cursor: it is damaged"},
		} {
			if _, err := test.cursors.Parameters(test.text); err == nil || !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%s: got %v, want %s", name, err, test.want)
			}
		}
	})
}

// All gateways of a log have the same key, and none has that of a gateway with another secret.
func TestKeyOfCursors(t *testing.T) {
	seals := map[string]*playback.Seal{}
	for _, secret := range []string{"one", "another"} {
		seals[secret] = &playback.Seal{}
		if err := (&cursors{seal: seals[secret], secret: secret}).Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	again := &playback.Seal{}
	if err := (&cursors{seal: again, secret: "one"}).Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	text := (&cursors{seal: seals["one"]}).Live(1, atlas.Position{Topic: "atlas.results"})
	if _, err := again.Read(text); err != nil {
		t.Errorf("with the same secret: got %v", err)
	}
	if _, err := seals["another"].Read(text); err == nil {
		t.Error("a cursor is good for another secret")
	}
}
