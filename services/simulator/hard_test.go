package simulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

var hardConfig = Config{Seed: 1, Rate: MinRate, Incidents: Hard}

// change is what the tests read of a connection event.
type change struct {
	Probe      atlas.ProbeID `json:"prb_id"`
	Event      string        `json:"event"`
	Controller string        `json:"controller"`
	at         time.Time
}

func changesDuring(t *testing.T, n *Network, from time.Time, length time.Duration) (all []change) {
	t.Helper()
	for event := range n.Connections(from) {
		if !event.Time.Before(from.Add(length)) {
			break
		}
		parse(t, event)
		c := change{at: event.Time}
		if err := json.Unmarshal(event.JSON, &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	return all
}

func TestHardConnectionEventsAlternateAndAreInOrder(t *testing.T) {
	n := newNetwork(t, hardConfig)
	last, before := map[atlas.ProbeID]string{}, start
	changes := changesDuring(t, n, start, 9*24*time.Hour)
	for _, c := range changes {
		if last[c.Probe] == c.Event {
			t.Errorf("probe %d: %s twice, the second time at %s", c.Probe, c.Event, c.at)
		}
		if c.at.Before(before) {
			t.Fatalf("%s comes after %s", c.at, before)
		}
		last[c.Probe], before = c.Event, c.at
	}
	if perHour := float64(len(changes)) / (9 * 24 * 300); perHour < 0.08 || perHour > 0.25 {
		t.Errorf("%v connection events of a probe an hour", perHour)
	}
}

// Connections are those of Events, and a run that starts later continues where another one is; at midnight too, when the next period begins.
func TestHardConnectionsAreThoseOfTheEvents(t *testing.T) {
	n := newNetwork(t, hardConfig)
	var all, ofEvents [][]byte
	later := start.Add(20 * time.Hour)
	for event := range n.Connections(start) {
		if !event.Time.Before(start.Add(30 * time.Hour)) {
			break
		}
		if !event.Time.Before(later) {
			all = append(all, event.JSON)
		}
	}
	for event := range during(n, later, 10*time.Hour) {
		if event.Stream == atlas.StreamProbeStatus {
			ofEvents = append(ofEvents, event.JSON)
		}
	}
	if len(all) < 100 || !slices.EqualFunc(all, ofEvents, bytes.Equal) {
		t.Errorf("%d events, of which a later start gives %d or others", len(all), len(ofEvents))
	}
}

func TestHardNetworkHasAllKindsOfIncidents(t *testing.T) {
	n := newNetwork(t, Config{Seed: 2, Rate: MinRate, Probes: 1000, Incidents: Hard})
	week := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC) // a Thursday, as the weeks since 1970 begin
	kinds, sizes := map[Kind]int{}, map[Kind]int{}
	for _, told := range n.Truth(week, week.AddDate(0, 0, 28)) {
		kinds[told.Kind]++
		sizes[told.Kind] += len(told.Probes)
	}
	if kinds[KindOutage] != 8*28 || kinds[KindController] != 2*28 || kinds[KindPlatform] != 4 || kinds[KindCatchment] != 24*28 {
		t.Errorf("got %v in four weeks", kinds)
	}
	for kind, least := range map[Kind]int{KindOutage: 10, KindController: 80, KindPlatform: 400, KindCatchment: 10} {
		if size := sizes[kind] / kinds[kind]; size < least {
			t.Errorf("%s: %d probes on average, want %d or more", kind, size, least)
		}
	}
}

// What is true shows in the events: the probes that an incident is said to hit, and no others of its unit by it, lose their controller soon after it began.
func TestTruthShowsInConnections(t *testing.T) {
	for _, incidents := range []Incidents{Easy, Hard} {
		n := newNetwork(t, Config{Seed: 3, Rate: MinRate, Incidents: incidents})
		lost := map[atlas.ProbeID][]time.Time{}
		for _, c := range changesDuring(t, n, start, 60*time.Hour) {
			if c.Event == disconnects {
				lost[c.Probe] = append(lost[c.Probe], c.at)
			}
		}
		hit := 0
		for _, told := range n.Truth(start, start.Add(48*time.Hour)) {
			begin := time.UnixMilli(int64(1000 * told.Start))
			if told.Kind == KindCatchment {
				continue
			}
			for _, id := range told.Probes {
				hit++
				if !slices.ContainsFunc(lost[id], func(at time.Time) bool { return at.Sub(begin) > -time.Second && at.Sub(begin) < 13*time.Minute }) {
					t.Errorf("%s of %v at %s: probe %d goes on", told.Kind, told.Units, begin, id)
				}
			}
		}
		if hit < 150 {
			t.Errorf("%s: %d probes were hit in two days", incidents, hit)
		}
	}
}

// Who loses the network has no answers; who loses the controller alone goes on measuring.
func TestHardOutagesTakeAnswersAndControllersDoNot(t *testing.T) {
	n := newNetwork(t, Config{Seed: 4, Rate: 30, Incidents: Hard})
	first := n.Truth(start, start.Add(48*time.Hour))
	unanswered := map[Kind][2]int{} // of pings
	for _, told := range first {
		if told.Kind != KindOutage && told.Kind != KindController || len(told.Probes) < 5 {
			continue
		}
		begin, end := timeOf(told.Start).Add(maxSpread), timeOf(told.End)
		if told.Kind == KindController {
			begin = timeOf(told.Start).Add(restartSpread)
		}
		for _, r := range resultsDuring(t, n, begin, min(end.Sub(begin), 2*time.Minute), "ping") {
			if slices.Contains(told.Probes, r.probe.id) {
				count := unanswered[told.Kind]
				count[0]++
				if r.Received == 0 {
					count[1]++
				}
				unanswered[told.Kind] = count
			}
		}
	}
	if count := unanswered[KindOutage]; count[0] < 20 || count[1] != count[0] {
		t.Errorf("in outages %d of %d pings have no answer", count[1], count[0])
	}
	if count := unanswered[KindController]; count[0] < 20 || count[1] > count[0]/10 {
		t.Errorf("without their controllers %d of %d pings have no answer", count[1], count[0])
	}
}

func timeOf(seconds float64) time.Time { return time.UnixMilli(int64(1000 * seconds)).UTC() }

// A shift of a root server shows in its measurement: the probes that are said to have moved are answered by another instance, as long as it lasts.
func TestTruthShowsInCatchments(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 25, Incidents: Hard})
	told := n.Truth(start.Truncate(time.Hour), start.Truncate(time.Hour).Add(time.Hour))
	at := slices.IndexFunc(told, func(truth Truth) bool { return truth.Kind == KindCatchment })
	if at < 0 {
		t.Fatalf("no shift in %v", told)
	}
	shift := told[at]
	answered := func(from, until time.Time) map[atlas.ProbeID]string {
		by := map[atlas.ProbeID]string{}
		for _, r := range resultsDuring(t, n, from, until.Sub(from), "dns") {
			if r.Measurement != shift.Measurement {
				continue
			}
			if identity, _ := r.identity(t); identity != "" {
				by[r.Probe] = identity
			}
		}
		return by
	}
	begin, end := timeOf(shift.Start), timeOf(shift.End)
	before, meanwhile := answered(begin.Add(-6*time.Minute), begin), answered(begin, end)
	moved := 0
	for id, identity := range meanwhile {
		if before[id] != "" && (before[id] != identity) != slices.Contains(shift.Probes, id) {
			t.Errorf("probe %d: %s, and before %s", id, identity, before[id])
		}
		if before[id] != "" && before[id] != identity {
			moved++
		}
	}
	if moved == 0 || moved < len(shift.Probes)*8/10 {
		t.Errorf("%d of %d probes moved", moved, len(shift.Probes))
	}
}
