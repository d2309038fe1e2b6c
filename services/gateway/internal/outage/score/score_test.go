package score

import (
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
)

var judged = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)

func numbered(first, count int) (ids []atlas.ProbeID) {
	for i := range count {
		ids = append(ids, atlas.ProbeID(first+i))
	}
	return ids
}

func incident(kind outage.Kind, after time.Duration, ids []atlas.ProbeID) *Incident {
	i := &Incident{Kind: kind, Start: judged.Add(after), Recovered50: judged.Add(after + time.Hour), Probes: map[atlas.ProbeID]bool{}}
	for _, id := range ids {
		i.Probes[id] = true
	}
	return i
}

func found(kind outage.Kind, after time.Duration, ids []atlas.ProbeID) Found {
	at := judged.Add(after)
	return Found{Kind: kind, Start: at, Noticed: at.Add(10 * time.Second), Recovered50: at.Add(time.Hour), Probes: ids}
}

func TestJudge(t *testing.T) {
	r := &Recording{From: judged.Add(-time.Hour), Until: judged.Add(23 * time.Hour), Truth: []*Incident{
		incident(outage.KindOutage, -2*time.Hour, numbered(500, 30)), // before what is judged
		incident(outage.KindOutage, 0, numbered(1, 40)),
		incident(outage.KindOutage, time.Hour, numbered(100, 20)),
		incident(outage.KindOutage, 2*time.Hour, numbered(200, 5)),
		incident(outage.KindController, 3*time.Hour, numbered(300, 50)),
		incident(outage.KindPlatform, 4*time.Hour, numbered(1, 400)),
	}}
	f := Judge(r, []Found{
		found(outage.KindOutage, 20*time.Second, numbered(1, 30)),
		found(outage.KindOutage, 14*time.Minute, slices.Concat(numbered(31, 5), numbered(900, 5))), // a piece, half of it right
		found(outage.KindOutage, time.Hour+16*time.Minute, numbered(100, 20)),                      // too late
		found(outage.KindOutage, 2*time.Hour, numbered(198, 5)),                                    // three of five are right
		found(outage.KindOutage, 3*time.Hour, numbered(300, 50)),                                   // it is a controller
		found(outage.KindPlatform, 4*time.Hour, numbered(1, 300)),
		found(outage.KindOutage, 5*time.Hour, numbered(1, 10)), // nothing
		found(outage.KindOutage, -2*time.Hour, numbered(500, 30)),
	})
	got := [...]int{
		f.Large, f.LargeFound, f.Small, f.SmallFound, f.Found, f.Right, f.Pieces,
		f.Platform, f.PlatformLabelled, f.Controllers, f.ControllersLabelled, f.Miscalled,
	}
	if want := [...]int{2, 1, 1, 1, 7, 4, 2, 1, 1, 1, 0, 1}; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if f.FalsePerDay() != 3 || f.Recall() != 0.5 || f.PiecesEach() != 2 || f.Extents[0] != 35.0/40 || f.Delays[0] != 30 || f.StartErrors[0] != 20 || f.EndErrors[0] != 20 {
		t.Errorf("got %+v", f)
	}
	if got, want := f.F1(), 2*0.5*(4.0/7)/(0.5+4.0/7); got != want {
		t.Errorf("F1: got %v, want %v", got, want)
	}
}

func lostAt(at time.Time, id atlas.ProbeID) outage.ConnectionEvent {
	return outage.ConnectionEvent{Time: at, Probe: id}
}

func TestCounterCountsProbesOfAUnitWithinFiveMinutes(t *testing.T) {
	r := &Recording{From: judged, Until: judged.Add(time.Hour), Probes: map[atlas.ProbeID]outage.ProbeInfo{}}
	for _, id := range numbered(1, 20) {
		r.Probes[id] = outage.ProbeInfo{Country: "NL", ASN: int64(id) % 2}
	}
	for i, id := range numbered(1, 4) {
		r.Events = append(r.Events, lostAt(judged.Add(time.Duration(i)*time.Minute), id), lostAt(judged.Add(time.Duration(i)*time.Minute), id))
	}
	if all := (counter{least: 5}).find(r); len(all) > 0 {
		t.Errorf("of four probes: got %v", all)
	}
	r.Events = append(r.Events, lostAt(judged.Add(4*time.Minute), 5))
	all := counter{least: 5}.find(r)
	if len(all) != 1 || !all[0].Start.Equal(judged) || !all[0].Noticed.Equal(judged.Add(4*time.Minute)) || len(all[0].Probes) != 5 {
		t.Errorf("of five probes: got %v", all)
	}
	if all := (counter{least: 5, share: 0.3}).find(r); len(all) > 0 {
		t.Errorf("of a quarter: got %v", all)
	}
}

// A state for each rate: gaps that fit it lead there, and rising costs more than a few gaps are worth.
func TestKleinberg(t *testing.T) {
	var lost []outage.ConnectionEvent
	at := judged
	add := func(gap time.Duration, count int) {
		for range count {
			at = at.Add(gap)
			lost = append(lost, lostAt(at, atlas.ProbeID(len(lost))))
		}
	}
	const probes = 24 // one an hour at level 0
	add(time.Hour, 4)
	add(time.Hour/1024, 20)
	add(time.Hour, 4)
	levels := kleinberg(lost, probes)
	if levels[0] != 0 || levels[len(levels)-1] != 0 || levels[10] != 10 {
		t.Errorf("got %v, want level 10 in the middle and 0 at both ends", levels)
	}
	if found := disco(10).ofDay(lost, probes); len(found) != 1 || len(found[0].Probes) != 21 {
		t.Errorf("got %v", found)
	}
	if found := disco(11).ofDay(lost, probes); len(found) > 0 {
		t.Errorf("at a higher level: got %v", found)
	}
}
