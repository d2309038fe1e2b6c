package outage

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/footprint"
)

// The real network: so many probes, of about so many networks and cells, most of which have few, and so many events a day.
const (
	realProbes    = 13_421
	realNetworks  = 4000
	realCells     = 3000
	realCountries = 170
	realEvents    = 17_000
)

// realNetwork is one with as many of everything as the real one.
func realNetwork(random *rand.Rand) map[atlas.ProbeID]ProbeInfo {
	few := func(of int) int { return int(float64(of) * random.Float64() * random.Float64() * random.Float64()) } // most are of the first
	probes := make(map[atlas.ProbeID]ProbeInfo, realProbes)
	for id := range atlas.ProbeID(realProbes) {
		country, place := few(realCountries), few(realCells)
		probes[1+id] = ProbeInfo{
			Country: fmt.Sprintf("%c%c", 'A'+country/26, 'A'+country%26), ASN: int64(1 + few(realNetworks)),
			Cell: CellAt(float64(place/60), float64(place%60)), Connected: true,
		}
	}
	for i := range realNetworks { // each has one at least
		p := probes[atlas.ProbeID(1+i)]
		p.ASN = int64(1 + i)
		probes[atlas.ProbeID(1+i)] = p
	}
	return probes
}

// The detectors of the real network hold so much and no more, however many days they run: also after trouble of the platform, which hit a third of the probes.
func TestAbuseMemoryOfTheRealNetwork(t *testing.T) {
	const days, most = 5, 18 << 20
	random := rand.New(rand.NewPCG(1, 2))
	probes := realNetwork(random)
	before := footprint.Heap()
	found := NewDays(NewRegistry(probes), 20_000)
	take := func(at instant, id atlas.ProbeID, connected bool) {
		found.Take(ConnectionEvent{Offset: found.Offset() + 1, Time: at.time(), Probe: id, Connected: connected, Controller: fmt.Sprintf("ctr-%d", id%30), ASN: probes[id].ASN})
	}
	for n := range instant(days * realEvents / 2) {
		at, id := Day(20_000-2).begin()+n*2*day/realEvents, atlas.ProbeID(1+random.IntN(realProbes))
		take(at, id, false)
		take(at+instant(random.Int64N(int64(minute))), id, true)
		if n%(realEvents/2) == realEvents/4 {
			for i := range instant(realProbes / 3) {
				take(at+i*minute/realProbes, atlas.ProbeID(1+3*i), false)
			}
			for i := range instant(realProbes / 3) {
				take(at+10*minute+i*minute/realProbes, atlas.ProbeID(1+3*i), true)
			}
		}
	}
	if held := footprint.Heap() - before; held > most || len(found.Outages()) == 0 {
		t.Errorf("%d outages, %d bytes, want %d at most", len(found.Outages()), held, most)
	}
	runtime.KeepAlive(found)
}

// Once an outage is over and cannot relapse any more, what is told of it is all that is kept, and stays the same.
func TestWhatIsOverKeepsNoDisconnects(t *testing.T) {
	l := lostDutch(t)
	l.tick(labDay + 30*minute - second)
	l.findAgain(labDay+30*minute, 0, l.of["NL"]...)
	before := l.one()
	l.tick(labDay + 59*minute)
	if len(l.detector.outages[0].lost) != 40 {
		t.Error("it keeps nothing by which a relapse is known")
	}
	l.tick(labDay + 2*hour)
	if after := l.one(); inJSON(after) != inJSON(before) {
		t.Errorf("got %s\nafter %s", inJSON(after), inJSON(before))
	}
	if kept := len(l.detector.outages[0].lost); kept > 0 {
		t.Errorf("it keeps %d disconnects", kept)
	}
	for _, p := range l.detector.probes {
		if p.lost != nil && p.lost.at < labDay {
			t.Errorf("probe %d keeps a disconnect", p.id)
		}
	}
	for key, u := range l.detector.units {
		if len(u.recent) > 0 {
			t.Errorf("%v keeps %d disconnects", key, len(u.recent))
		}
	}
}
