package probeactivity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
)

func record(offset int64, id atlas.ProbeID, at time.Time, kind string) atlas.Record {
	return atlas.Record{
		Event:    atlas.Event{Stream: atlas.StreamProbeStatus, Probe: id, Time: at, Value: fmt.Appendf(nil, `{"event":%q}`, kind)},
		Position: atlas.Position{Offset: offset},
	}
}

func TestCounts(t *testing.T) {
	now := time.Now()
	end := now.Truncate(time.Hour).Add(time.Hour)
	at := func(hour int) time.Time { return end.Add(-Length + time.Duration(hour)*time.Hour + 10*time.Minute) }
	day := NewDay()
	day.Add([]atlas.Record{
		record(7, 1, at(3), "disconnect"), record(8, 1, at(5), "connect"), record(9, 9, at(5), "connect"), record(9, 9, at(5), "connect"),
	})
	day.Add([]atlas.Record{record(4, 2, at(2), "connect"), record(5, 2, at(2), "nonsense"), record(1, 2, now.Add(-25*time.Hour), "connect")})
	day.SetKnownSince(at(1))
	got := day.Count(Query{Step: time.Hour, Countries: []string{"NL", "XX"}, Now: now, Probes: []Probe{
		{ID: 1, Country: "NL", Connected: true}, {ID: 2, Country: "BE", Connected: true}, {ID: 3, Country: "NL"},
		{ID: 4, Connected: true}, {ID: 5, Country: "NL", Connected: true, Since: at(4)}, {ID: 6, Connected: true, Since: at(-50)},
	}})
	if !got.To.Equal(end) || !got.From.Equal(end.Add(-Length)) || got.Offset != 9 {
		t.Errorf("from %s to %s, offset %d", got.From, got.To, got.Offset)
	}
	if known := got.Known[:4]; !slices.Equal(known, []bool{false, false, true, true}) {
		t.Errorf("known: %v", known)
	}
	for name, test := range map[string]struct{ got, want []int64 }{
		"connected":                     {got.World.Connected[:7], []int64{3, 3, 4, 3, 4, 5, 5}},
		"connects":                      {got.World.Connects[:7], []int64{0, 0, 1, 0, 0, 2, 0}},
		"disconnects":                   {got.World.Disconnects[:7], []int64{0, 0, 0, 1, 0, 0, 0}},
		"connected in the Netherlands":  {got.Countries["NL"].Connected[:7], []int64{1, 1, 1, 0, 1, 2, 2}},
		"connects in the Netherlands":   {got.Countries["NL"].Connects[:7], []int64{0, 0, 0, 0, 0, 1, 0}},
		"what there is of nowhere":      {got.Countries["XX"].Connected[:7], make([]int64, 7)},
		"connected now, as are counted": {got.World.Connected[23:], []int64{5}},
	} {
		if !slices.Equal(test.got, test.want) {
			t.Errorf("%s: got %v, want %v", name, test.got, test.want)
		}
	}
	day = NewDay()
	day.SetKnownWhole()
	day.Add([]atlas.Record{record(0, 1, at(4), "connect")})
	if known := day.Count(Query{Step: time.Hour, Now: now}).Known[:6]; !slices.Equal(known, []bool{false, false, false, false, false, true}) {
		t.Errorf("from the first event on: known are %v", known)
	}
	day = NewDay()
	if all := day.Count(Query{Step: time.Hour, All: true, Now: now, Probes: []Probe{{ID: 1, Country: "NL"}, {ID: 2, Country: "BE"}, {ID: 3}}}).Countries; len(all) != 2 {
		t.Errorf("all countries are %v", all)
	}
}

// Whatever the events and their order, each step differs from the previous one by its events, and the last one agrees with the catalog.
func TestCountsAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 2))
		now, day := time.Now(), NewDay()
		var records []atlas.Record
		connected := map[atlas.ProbeID]bool{}
		for i := range 3000 {
			id := atlas.ProbeID(random.IntN(50))
			connected[id] = !connected[id]
			at := now.Add(-Length + time.Duration(i)*Length/3000 + time.Minute)
			records = append(records, record(int64(i), id, at, map[bool]string{true: "connect", false: "disconnect"}[connected[id]]))
		}
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		day.Add(records)
		day.Add(records[:1000])
		var probes []Probe
		for id := range atlas.ProbeID(50) {
			probes = append(probes, Probe{ID: id, Connected: connected[id]})
		}
		got := day.Count(Query{Step: 10 * time.Minute, Probes: probes, Now: now})
		sum, count := got.World.Connected[0]-got.World.Connects[0]+got.World.Disconnects[0], int64(0)
		for i := range got.Known {
			sum += got.World.Connects[i] - got.World.Disconnects[i]
			count += got.World.Connects[i] + got.World.Disconnects[i]
			if got.World.Connected[i] != sum {
				t.Fatalf("step %d: %d are connected, want %d", i, got.World.Connected[i], sum)
			}
		}
		isNow := 0
		for _, is := range connected {
			if is {
				isNow++
			}
		}
		if sum != int64(isNow) {
			t.Errorf("%d are connected in the end, want %d", sum, isNow)
		}
		if count < 2900 || day.Events() != 3000 {
			t.Errorf("%d events were counted, %d are kept", count, day.Events())
		}
		time.Sleep(Length)
		if day.Add(nil); day.Events() > 10 {
			t.Errorf("%d events are kept a day later", day.Events())
		}
	})
}

// A day after the first event the whole day is known, even without further events.
func TestQuietDayIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		day := NewDay()
		day.Add([]atlas.Record{record(1, 1, time.Now(), "connect")})
		day.SetKnownWhole()
		if got := day.Count(Query{Step: time.Hour, Now: time.Now()}); got.Known[0] {
			t.Error("steps before the first event are known")
		}
		time.Sleep(Length + 2*time.Hour)
		if got := day.Count(Query{Step: time.Hour, Now: time.Now()}); slices.Contains(got.Known[2:], false) {
			t.Errorf("known: %v", got.Known)
		}
	})
}

// Sorted events are not sorted again, nor copied while deliveries wait; a slice that is being read does not change when events are added.
func TestAbuseQueriesDoNotBlockDeliveries(t *testing.T) {
	now, day := time.Now(), NewDay()
	at := func(minutesAgo int64) atlas.Record {
		return record(100-minutesAgo, 1, now.Add(-time.Duration(minutesAgo)*time.Minute), "connect")
	}
	day.Add([]atlas.Record{at(30), at(50), at(10), at(50)})
	first, _, _ := day.sortedEvents(now)
	again, _, _ := day.sortedEvents(now)
	if &first[0] != &again[0] {
		t.Error("the events were copied without a new one")
	}
	day.Add([]atlas.Record{at(40), at(5)})
	if before, after := offsets(first), offsets(again); !slices.Equal(before, []int64{50, 70, 90}) || !slices.Equal(before, after) {
		t.Errorf("got %v and %v, want the three events that there were", before, after)
	}
	more, _, _ := day.sortedEvents(now)
	day.Count(Query{Step: time.Hour, Now: now, Probes: []Probe{{ID: 2, Connected: true, Since: now.Add(-45 * time.Minute)}}})
	if got := offsets(more); !slices.Equal(got, []int64{50, 60, 70, 90, 95}) || !slices.Equal(offsets(first), []int64{50, 70, 90}) {
		t.Errorf("got %v once more has come, and %v before", got, offsets(first))
	}
}

func offsets(events []event) (all []int64) {
	for _, e := range events {
		all = append(all, e.offset)
	}
	return all
}

// However many events are added before a query, few are sorted at once.
func TestAbuseEventsOutOfOrder(t *testing.T) {
	now, day := time.Now(), NewDay()
	const count = 3*maxUnsorted + 7
	for i := range int64(count) {
		day.Add([]atlas.Record{record(i, 1, now.Add(-time.Duration(i)*time.Second), "connect")})
		if len(day.unsorted) >= maxUnsorted {
			t.Fatalf("%d events would be sorted at once", len(day.unsorted))
		}
	}
	events, _, _ := day.sortedEvents(now)
	if len(events) != count || !slices.IsSortedFunc(events, event.compare) {
		t.Errorf("%d events are sorted, want %d", len(events), count)
	}
}

// The number of events is limited. Steps whose events are dropped are unknown, not empty.
func TestAbuseEventsAreBounded(t *testing.T) {
	now, day := time.Now(), NewDay()
	day.maxEvents = 1000
	day.SetKnownSince(now.Add(-Length))
	for i := range int64(5000) {
		day.Add([]atlas.Record{record(i, 1, now.Add(-Length+time.Duration(i)*Length/5000), "connect")})
		if day.Events() > day.maxEvents {
			t.Fatalf("%d events are kept, want %d at most", day.Events(), day.maxEvents)
		}
	}
	got := day.Count(Query{Step: time.Hour, Now: now})
	if got.Known[2] || !got.Known[22] {
		t.Errorf("known: %v", got.Known)
	}
}

// After the topic is recreated its new offset counts, and nothing before is known.
func TestRecreatedTopic(t *testing.T) {
	now, day := time.Now(), NewDay()
	day.SetKnownSince(now.Add(-Length))
	day.Add([]atlas.Record{record(90, 1, now.Add(-2*time.Hour), "connect")})
	for _, step := range []struct{ next, offset, want int64 }{{100, 101, 101}, {0, 3, 3}, {4, 4, 4}} {
		day.Reset(step.next)
		if got := day.Count(Query{Step: time.Hour, Now: now}); got.Offset >= step.next || slices.Contains(got.Known[:23], true) {
			t.Errorf("a log that continues at %d: the offset is %d, known are %v", step.next, got.Offset, got.Known)
		}
		day.Add([]atlas.Record{record(step.offset, 1, now, "disconnect")})
		if got := day.Count(Query{Step: time.Hour, Now: now}).Offset; got != step.want {
			t.Errorf("a log that continues at %d: the offset is %d, want %d", step.next, got, step.want)
		}
	}
}
