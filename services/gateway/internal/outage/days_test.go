package outage_test

import (
	"cmp"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/simulator"
)

// logOf simulates connection events and puts them into an order in which a log might have them: some come late, some have fast clocks, and some come twice.
func logOf(t *testing.T, network *simulator.Network, from, until time.Time) (log []outage.ConnectionEvent) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	type arrival struct {
		at time.Time
		outage.ConnectionEvent
	}
	var arrivals []arrival
	for event := range network.Connections(from) {
		if event.Time.After(until) {
			break
		}
		parsed, err := atlas.ParseProbeStatus(event.JSON)
		if err != nil {
			t.Fatal(err)
		}
		read, err := outage.EventOf(&atlas.Record{Event: parsed})
		if err != nil {
			t.Fatal(err)
		}
		at := event.Time.Add(time.Duration(random.ExpFloat64() * float64(3*time.Second)))
		switch random.IntN(50) {
		case 0:
			at = at.Add(time.Duration(random.Int64N(int64(3 * time.Hour))))
		case 1:
			read.Time = read.Time.Add(time.Duration(random.Int64N(int64(10 * time.Minute)))).Truncate(time.Second)
		case 2:
			arrivals = append(arrivals, arrival{at.Add(time.Duration(random.Int64N(int64(time.Hour)))), read})
		}
		arrivals = append(arrivals, arrival{at, read})
	}
	slices.SortStableFunc(arrivals, func(a, b arrival) int { return a.at.Compare(b.at) })
	for i, a := range arrivals {
		a.Offset = int64(i)
		log = append(log, a.ConnectionEvent)
	}
	return log
}

// registryOf is what the network's probes are at a time.
func registryOf(t *testing.T, network *simulator.Network, at time.Time) map[atlas.ProbeID]outage.ProbeInfo {
	t.Helper()
	objects, err := network.ProbeObjects(at)
	if err != nil {
		t.Fatal(err)
	}
	probes := map[atlas.ProbeID]outage.ProbeInfo{}
	for _, object := range objects {
		p, err := atlas.ParseProbe(object)
		if err != nil {
			t.Fatal(err)
		}
		probes[p.ID] = outage.ProbeOf(&p)
	}
	return probes
}

// read has a reader that starts now find the outages: it reads from where the log has the first event that it needs.
func read(registry *outage.Registry, log []outage.ConnectionEvent, first outage.Day) *outage.Days {
	from := slices.IndexFunc(log, func(e outage.ConnectionEvent) bool { return !e.Time.Before(first.ReadFrom()) })
	days := outage.NewDays(registry, first)
	for _, event := range log[max(0, from):] {
		days.Take(event)
	}
	return days
}

func inJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// No unit loses more probes than it has.
func checkShares(t *testing.T, outages []outage.Outage) {
	t.Helper()
	for _, o := range outages {
		for _, unit := range o.Units {
			if unit.Lost > unit.Of || o.Lost > o.Of {
				t.Errorf("%d of %d probes, of which %s lost %d of %d", o.Lost, o.Of, unit.Name, unit.Lost, unit.Of)
			}
		}
	}
}

// Equal logs and equal registries give byte-equal lists, wherever reading began, and whatever comes late, early or twice. Outages of the same ID and
// revision are equal.
func TestListsFollowFromLogAndRegistry(t *testing.T) {
	network, err := simulator.New(simulator.Config{Seed: 5, Probes: 80, Rate: simulator.MinRate, Incidents: simulator.Hard})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const longRun = 36
	log := logOf(t, network, from, from.AddDate(0, 0, longRun))
	probes := registryOf(t, network, from.AddDate(0, 0, longRun))
	for id := range probes { // of some the registry knows nothing, and of others something else than the events say
		switch id % 20 {
		case 0:
			delete(probes, id)
		case 1:
			probes[id] = outage.ProbeInfo{Country: "XX", ASN: 1, Connected: id%40 == 1}
		}
	}
	registry := outage.NewRegistry(probes)
	longest := outage.NewDays(registry, outage.DayOf(from)+32)
	compared, outages, told := 0, 0, map[[2]int64]string{}
	random := rand.New(rand.NewPCG(3, 4))
	next := cmp.Or(slices.IndexFunc(log, func(e outage.ConnectionEvent) bool { return outage.DayOf(e.Time) >= outage.DayOf(from)+34 }), -1)
	for i, event := range log {
		longest.Take(event)
		if outage.DayOf(longest.Now()) >= outage.DayOf(from)+35 {
			checkRevisions(t, told, longest.Outages())
			checkShares(t, longest.Outages())
		}
		if i < next || outage.DayOf(longest.Now()) < outage.DayOf(from)+34 {
			continue
		}
		next = i + 1 + random.IntN(40)
		want := inJSON(t, longest.Outages())
		for _, earlier := range []outage.Day{1, outage.Day(1 + random.IntN(2))} {
			started := read(registry, log[:i+1], max(outage.DayOf(from)+32, outage.DayOf(longest.Now())-earlier))
			if got := inJSON(t, started.Outages()); got != want || started.Offset() != longest.Offset() {
				t.Fatalf("at offset %d a reader that started %d days before has\n%s\nwant\n%s", i, earlier, got, want)
			}
		}
		compared++
		outages += len(longest.Outages())
	}
	if compared < 10 || outages < 10 {
		t.Errorf("%d lists with %d outages were compared", compared, outages)
	}
}

// checkRevisions checks that an outage of the same revision is what was told.
func checkRevisions(t *testing.T, told map[[2]int64]string, outages []outage.Outage) {
	t.Helper()
	for _, o := range outages {
		revision := [2]int64{o.ID, o.Revision}
		if former, now := told[revision], inJSON(t, o); former != "" && former != now {
			t.Fatalf("revision %v was\n%s\nand is\n%s", revision, former, now)
		} else {
			told[revision] = now
		}
	}
}

// Past days are told as they were told on the day, once all is over.
func TestDaysOfThePast(t *testing.T) {
	network, err := simulator.New(simulator.Config{Seed: 6, Probes: 200, Rate: simulator.MinRate})
	if err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	log := logOf(t, network, from, from.AddDate(0, 0, 7))
	registry := outage.NewRegistry(registryOf(t, network, from))
	first := outage.DayOf(from) + 3
	past, live := outage.DaysOf(registry, first, first+1), outage.NewDays(registry, first)
	told := map[int64]outage.Outage{}
	for _, event := range log {
		past.Take(event)
		live.Take(event)
		if event.Offset%20 == 0 {
			for _, o := range live.Outages() {
				told[o.ID] = o
			}
		}
	}
	all := past.Between(from.AddDate(0, 0, 3), from.AddDate(0, 0, 5).Add(-time.Second))
	if len(all) < 15 {
		t.Errorf("got %d outages of two days, want one an hour but for small regions", len(all))
	}
	for _, o := range all {
		if o.State == outage.StateOver && inJSON(t, told[o.ID]) != inJSON(t, o) {
			t.Errorf("got %s\ntold before: %s", inJSON(t, o), inJSON(t, told[o.ID]))
		}
	}
	some := past.Between(time.UnixMilli(int64(1000*all[5].Start)), time.UnixMilli(int64(1000*all[5].Start)))
	if !slices.ContainsFunc(some, func(o outage.Outage) bool { return o.ID == all[5].ID }) || len(some) > 3 {
		t.Errorf("at the start of one: got %s", inJSON(t, some))
	}
}
