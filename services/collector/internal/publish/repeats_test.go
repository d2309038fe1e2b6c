package publish

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/repeats"
)

func numberedEvent(number int) atlas.Event {
	var id atlas.EventID
	binary.BigEndian.PutUint64(id[:], uint64(number)+1)
	return atlas.Event{ID: id}
}

// The counter agrees with readers that have the same horizon.
func TestRepeatsAgreeWithReaders(t *testing.T) {
	const horizon = 64
	random := rand.New(rand.NewPCG(1, 2))
	ours, readers := NewRepeatCounter(horizon), repeats.New(horizon)
	for offset := range int64(20_000) {
		event := numberedEvent(random.IntN(150))
		want := 0
		if readers.Add(offset, event.ID) {
			want = 1
		}
		if got := ours.add("t", []atlas.Event{event}, []eventlog.Place{{Offset: offset}}); got != want {
			t.Fatalf("offset %d: got %d, want %d", offset, got, want)
		}
	}
}

func TestRepeatsByPlace(t *testing.T) {
	const horizon = 10
	repeats := NewRepeatCounter(horizon)
	event := numberedEvent(1)
	for _, test := range []struct {
		name  string
		topic string
		place eventlog.Place
		want  int
	}{
		{"the first one", "a", eventlog.Place{Offset: 100}, 0},
		{"in another topic", "b", eventlog.Place{Offset: 101}, 0},
		{"in another partition", "a", eventlog.Place{Partition: 1, Offset: 101}, 0},
		{"not partitionRecords", "a", eventlog.Place{Offset: -1}, 0},
		{"at the horizon", "a", eventlog.Place{Offset: 110}, 1},
		{"told late", "a", eventlog.Place{Offset: 105}, 1},
		{"beyond the horizon", "a", eventlog.Place{Offset: 121}, 0},
		{"in a topic that was recreated", "a", eventlog.Place{Offset: 0}, 0},
		{"there again", "a", eventlog.Place{Offset: 1}, 1},
	} {
		if got := repeats.add(test.topic, []atlas.Event{event}, []eventlog.Place{test.place}); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

func TestRepeatsAreBounded(t *testing.T) {
	const horizon = 1000
	repeats := NewRepeatCounter(horizon)
	for offset := range 20 * horizon {
		repeats.add("t", []atlas.Event{numberedEvent(offset)}, []eventlog.Place{{Offset: int64(offset)}})
		if known := len(repeats.partitions[partitionKey{topic: "t"}].last); known > horizon+horizon/4 {
			t.Fatalf("%d are known", known)
		}
	}
}

// A repeat is reported in the answer, within a request and over several, and only for live topics.
func TestRepeatsAreTold(t *testing.T) {
	publisher := New(&fakeLog{}, limit, "test", nil)
	publisher.CountRepeats(NewRepeatCounter(100))
	for _, test := range []struct {
		to    Destination
		texts []string
		want  int
	}{
		{Results, []string{result(1), result(2), result(1)}, 1}, {Results, []string{result(2), result(3), "x"}, 1}, {Results, []string{result(4)}, 0},
		{Archive("atlas.archive.a"), []string{result(1), result(1)}, 0},
	} {
		outcome, err := publisher.Publish(t.Context(), test.to, values(test.texts...))
		if err != nil || outcome.Repeated != test.want {
			t.Errorf("%q: got %+v, %v", test.texts, outcome, err)
		}
	}
}
