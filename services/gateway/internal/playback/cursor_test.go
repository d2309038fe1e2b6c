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

func TestCursorComesBack(t *testing.T) {
	for name, want := range cursors() {
		t.Run(name, func(t *testing.T) {
			text := want.String()
			got, err := ParseCursor(text)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			t.Logf("%d bytes: %s", len(text), text)
		})
	}
}

func TestDamagedCursorIsRefused(t *testing.T) {
	for name, cursor := range cursors() {
		text := cursor.String()
		for i := range len(text) {
			other := byte('A')
			if text[i] == other {
				other = 'B'
			}
			if _, err := ParseCursor(text[:i] + string(other) + text[i+1:]); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s, byte %d changed: got %v, want ErrDamaged", name, i, err)
			}
		}
	}
	for _, text := range []string{"x", "====", strings.Repeat("A", MaxCursor+1), Cursor{}.String(), Cursor{Measurement: 1}.String()} {
		if _, err := ParseCursor(text); !errors.Is(err, ErrDamaged) {
			t.Errorf("%.20q: got %v, want ErrDamaged", text, err)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	for _, cursor := range cursors() {
		f.Add(cursor.String())
	}
	f.Fuzz(func(t *testing.T, text string) {
		cursor, err := ParseCursor(text)
		if err != nil {
			return
		}
		if again, err := ParseCursor(cursor.String()); err != nil || !reflect.DeepEqual(again, cursor) {
			t.Errorf("%q: got %+v, %v, want %+v", text, again, err, cursor)
		}
	})
}
