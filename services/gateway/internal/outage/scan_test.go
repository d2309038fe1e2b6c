package outage

import (
	"math/rand/v2"
	"testing"
)

// scanAll is the same as scan, word for word of its description.
func scanAll(recent []unitDisconnect, place int, rate float64) (best burst) {
	for start := range place {
		if recent[place].at-recent[start].at > longestWindow || place-start > maxWindows {
			continue
		}
		later := map[*probeState]bool{}
		for _, e := range recent[start+1 : place+1] {
			later[e.probe] = true
		}
		if later[recent[start].probe] || len(later)+1 < minProbes || recent[start].up+1 < minProbes {
			continue
		}
		expected := rate * float64(recent[start].up) * float64(recent[place].at-recent[start].at+second) / float64(hour)
		if s := surprise(len(later), expected); s >= alarmSurprise && s > best.surprise {
			best = burst{from: recent[start].at, until: recent[place].at, up: recent[start].up, after: len(later), expected: expected, surprise: s}
		}
	}
	return best
}

func TestScanFindsTheMostSurprisingWindow(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	alarms := 0
	for range 3000 {
		d := &Detector{}
		probes := make([]*probeState, 5+random.IntN(200))
		for i := range probes {
			probes[i] = &probeState{}
		}
		u, at := &unit{}, labStart
		for range 1 + random.IntN(450) {
			at += instant(random.ExpFloat64() * float64(10*second) * float64(1+random.IntN(4)))
			lost := &disconnect{at: at, probe: probes[random.IntN(len(probes))]}
			u.recent = append(u.recent, unitDisconnect{lost.at, random.IntN(len(probes)), lost})
		}
		place, rate := random.IntN(len(u.recent)), 0.5*random.Float64()
		got, want := d.scan(u, place, rate), scanAll(u.recent, place, rate)
		if got != want {
			t.Fatalf("of %d disconnects, at %d: got %+v, want %+v", len(u.recent), place, got, want)
		}
		if got.surprise > 0 {
			alarms++
		}
	}
	if alarms < 300 {
		t.Errorf("%d alarms were compared", alarms)
	}
}
