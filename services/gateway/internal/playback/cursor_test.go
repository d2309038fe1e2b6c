package playback

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
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

func TestCursorComesBack(t *testing.T) {
	seal := &Seal{}
	seal.SetKey([]byte("key"))
	for name, want := range bookmarks() {
		t.Run(name, func(t *testing.T) {
			text := seal.Write(want)
			got, err := seal.Read(text)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			t.Logf("%d bytes: %s", len(text), text)
			if _, err := new(Seal).Read(text); !errors.Is(err, ErrDamaged) {
				t.Errorf("with another key: got %v, want ErrDamaged", err)
			}
		})
	}
}

func TestDamagedCursorIsRefused(t *testing.T) {
	seal := &Seal{}
	for name, bookmark := range bookmarks() {
		text := seal.Write(bookmark)
		for i := range len(text) {
			other := byte('A')
			if text[i] == other {
				other = 'B'
			}
			if _, err := seal.Read(text[:i] + string(other) + text[i+1:]); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s, byte %d changed: got %v, want ErrDamaged", name, i, err)
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

// The seal is left out, as it would keep nearly all that a fuzzer makes up from being looked at.
func FuzzCursor(f *testing.F) {
	for _, bookmark := range bookmarks() {
		f.Add(bookmark.encode())
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		bookmark, err := decodeBookmark(body)
		if err != nil {
			return
		}
		if again, err := decodeBookmark(bookmark.encode()); err != nil || !reflect.DeepEqual(again, bookmark) {
			t.Errorf("%q: got %+v, %v, want %+v", body, again, err, bookmark)
		}
	})
}
