package playback

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"atlasstream/pkg/atlas"
	cursorv1 "atlasstream/proto/cursor/v1"
)

func cursors() map[string]Cursor {
	return map[string]Cursor{
		"live": {Measurement: 1001, Live: &atlas.Position{Topic: "atlas.results", Partition: 63, Offset: 1 << 40}},
		"replay": {Measurement: 1768147, Replay: &ReplayPlace{
			Interval: Interval{Start: time.UnixMilli(1426633200000), End: time.UnixMilli(1427238000000)},
			Topics: []TopicPlace{
				{Name: "atlas.archive.anycast", Mark: Mark{Low: 17, Next: 321, Last: place{time: 1426633300123, offset: 300}}, End: 2771},
				{Name: "atlas.results", Mark: startAt(4), End: 4},
			},
		}},
	}
}

func bookmarks() map[string]*Bookmark {
	all := make(map[string]*Bookmark)
	several := &Bookmark{Issued: time.Unix(1426633300, 0)}
	for name, cursor := range cursors() {
		all[name] = &Bookmark{Issued: time.Unix(1426633300, 0), Marks: []Bookmarked{{Cursor: cursor}}}
		several.Marks = append(several.Marks, Bookmarked{Cursor: cursor, Parameters: []byte(`{"msm":1001,"cursor":""}`)})
	}
	all["several"] = several
	return all
}

// marshalled is what proto.Marshal writes.
func marshalled(t *testing.T, bookmark *Bookmark) []byte {
	t.Helper()
	message := &cursorv1.Cursor{Issued: bookmark.Issued.Unix(), Anew: bookmark.Anew}
	for _, mark := range bookmark.Marks {
		place := &cursorv1.Place{Measurement: int64(mark.Measurement), Parameters: mark.Parameters}
		switch {
		case mark.Live != nil:
			place.Place = &cursorv1.Place_Live{Live: &cursorv1.Live{Topic: mark.Live.Topic, Partition: int32(mark.Live.Partition), Offset: mark.Live.Offset}}
		case mark.Replay != nil:
			place.Place = &cursorv1.Place_Replay{Replay: mark.Replay.message()}
		}
		if !mark.Issued.IsZero() {
			place.Issued = mark.Issued.Unix()
		}
		message.Places = append(message.Places, place)
	}
	text, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestBookmarksAreWrittenAsMessages(t *testing.T) {
	all := bookmarks()
	all["anew"] = &Bookmark{Issued: time.Unix(1, 0), Marks: []Bookmarked{{Issued: time.Unix(2, 0)}}, Anew: [][]byte{[]byte(`{"msm":1}`), {}}}
	all["before the first record"] = &Bookmark{Marks: []Bookmarked{{Cursor: Cursor{Live: &atlas.Position{Topic: "a", Offset: -1}}}, {Cursor: Cursor{Live: &atlas.Position{}}}}}
	all["long"] = &Bookmark{Issued: time.Unix(1, 0), Marks: slices.Repeat(all["several"].Marks, 20)}
	all["long"].Marks[3].Parameters = bytes.Repeat([]byte("x"), 1000)
	for name, bookmark := range all {
		if got, want := bookmark.appendTo(nil), marshalled(t, bookmark); !bytes.Equal(got, want) {
			t.Errorf("%s: got  %x\nwant %x", name, got, want)
		}
	}
}

// A cursor comes with each message of a client, and may stand for thirty subscriptions.
func BenchmarkSeal(b *testing.B) {
	for _, places := range []int{1, 30} {
		b.Run(fmt.Sprintf("%d-places", places), func(b *testing.B) {
			seal := newSeal()
			one := Bookmarked{Cursor: cursors()["live"], Parameters: []byte(`{"msm":1001,"cursor":""}`)}
			bookmark := &Bookmark{Issued: time.Unix(1426633300, 0), Marks: slices.Repeat([]Bookmarked{one}, places)}
			b.ReportAllocs()
			for b.Loop() {
				seal.Write(bookmark)
			}
		})
	}
}

//notices:cursor-confused
func TestCursorComesBack(t *testing.T) {
	seal := newSeal()
	for name, want := range bookmarks() {
		t.Run(name, func(t *testing.T) {
			text := seal.Write(want)
			got, err := seal.Read(text)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			t.Logf("%d bytes: %s", len(text), text)
		})
	}
}

//notices:cursor-unsealed
func TestDamagedCursorIsRefused(t *testing.T) {
	seal := newSeal()
	for name, bookmark := range bookmarks() {
		text := seal.Write(bookmark)
		for i := range len(text) {
			other := byte('A')
			if text[i] == other {
				other = 'B'
			}
			want := ErrDamaged
			if i*6 < keyIDSize*8 { // base64 has six bits in a byte
				want = ErrOtherKey
			}
			if _, err := seal.Read(text[:i] + string(other) + text[i+1:]); !errors.Is(err, want) {
				t.Errorf("%s, byte %d changed: got %v, want %v", name, i, err, want)
			}
		}
	}
	nobodys := seal.Write(&Bookmark{Marks: []Bookmarked{{}}})
	for _, text := range []string{"x", "====", strings.Repeat("A", MaxCursor+1), seal.Write(&Bookmark{}), nobodys} {
		if _, err := seal.Read(text); !errors.Is(err, ErrDamaged) {
			t.Errorf("%.20q: got %v, want ErrDamaged", text, err)
		}
	}
}

// A cursor that another key has sealed is told from what is none, also where it has the form of those before keys had IDs, and where there is no key.
//
//notices:cursor-of-another-key
func TestCursorOfAnotherKey(t *testing.T) {
	other := newSeal()
	other.SetKey([]byte("another key"))
	for name, bookmark := range bookmarks() {
		for form, text := range map[string]string{
			"now":    newSeal().Write(bookmark),
			"before": base64.RawURLEncoding.EncodeToString(append([]byte("its seal"), bookmark.appendTo(nil)...)),
		} {
			for _, seal := range []*Seal{other, {}} {
				if _, err := seal.Read(text); !errors.Is(err, ErrOtherKey) {
					t.Errorf("%s, as it is sealed %s: got %v, want ErrOtherKey", name, form, err)
				}
			}
		}
	}
	changing, text := newSeal(), newSeal().Write(bookmarks()["live"])
	changing.SetKey([]byte("another key"))
	if _, err := changing.Read(text); !errors.Is(err, ErrOtherKey) {
		t.Errorf("once the key has changed: got %v, want ErrOtherKey", err)
	}
}

// FuzzSealed has a gateway read what anybody may send: only what it has written itself comes through.
func FuzzSealed(f *testing.F) {
	seal := newSeal()
	for _, bookmark := range bookmarks() {
		f.Add(seal.Write(bookmark))
		f.Add(base64.RawURLEncoding.EncodeToString(append([]byte("its seal"), bookmark.appendTo(nil)...)))
	}
	f.Fuzz(func(t *testing.T, text string) {
		bookmark, err := seal.Read(text)
		if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrOtherKey) {
			t.Errorf("%q: got %v", text, err)
		}
		if err == nil && seal.Write(bookmark) != text {
			t.Errorf("%q is read as %+v, which is written otherwise", text, bookmark)
		}
	})
}

// The seal is left out, as it would keep nearly all that a fuzzer makes up from being looked at.
func FuzzCursor(f *testing.F) {
	for _, bookmark := range bookmarks() {
		f.Add(bookmark.appendTo(nil))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		bookmark, err := decodeBookmark(body)
		if err != nil {
			return
		}
		if got, want := bookmark.appendTo(nil), marshalled(t, bookmark); !bytes.Equal(got, want) {
			t.Errorf("%q: got  %x\nwant %x", body, got, want)
		}
		if again, err := decodeBookmark(bookmark.appendTo(nil)); err != nil || !reflect.DeepEqual(again, bookmark) {
			t.Errorf("%q: got %+v, %v, want %+v", body, again, err, bookmark)
		}
	})
}
