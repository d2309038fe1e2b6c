package outage

import (
	"slices"
	"testing"

	"atlasstream/pkg/atlas"
)

// newQuietLab is a network where nothing happened for a day. Of few probes is it known which controller they are on: of one that is on ctr-7, as forty are,
// and of some that are on ctr-0, as the others are.
func newQuietLab(t *testing.T) (l *lab, seventh, others []atlas.ProbeID) {
	t.Helper()
	l = &lab{t: t, probes: map[atlas.ProbeID]ProbeInfo{}}
	for n := range atlas.ProbeID(200) {
		if n < 40 {
			seventh = append(seventh, n*labControllers+7)
		} else {
			others = append(others, n*labControllers)
		}
	}
	for _, id := range slices.Concat(seventh, others) {
		l.probes[id] = ProbeInfo{Connected: true}
	}
	for n := range agreeing {
		l.probes[clocks+atlas.ProbeID(n)] = ProbeInfo{Connected: true}
	}
	l.registry = NewRegistry(l.probes)
	l.detector = newDetector(l.registry, labStart, nil)
	l.take(labStart, true, append(others[:25:25], seventh[39])...)
	l.tick(labDay + 30*minute - second)
	return l, seventh, others
}

// Disconnects that came before a controller's rate was counted do not make that less than nothing, once an outage explains them: else the next outage
// would be no surprise.
func TestFirstProbesOfAControllerAreLostAtOnce(t *testing.T) {
	l, probes, others := newQuietLab(t)
	l.lose(labDay+30*minute, 0, probes[:5]...)
	l.tick(labDay + 35*minute)
	if first := l.one(); first.Kind != KindController || first.Lost != 5 {
		t.Fatalf("got %s", inJSON(first))
	}
	l.findAgain(labDay+36*minute, 0, slices.Concat(probes, others)...)
	l.tick(labDay + 90*minute - second)
	l.lose(labDay+90*minute, second, probes[:30]...)
	l.tick(labDay + 95*minute)
	all := l.told()
	if len(all) != 2 || all[1].Kind != KindController || all[1].Lost != 30 || all[1].Score < alarmSurprise {
		t.Errorf("got %s", inJSON(all))
	}
	for key, u := range l.detector.units {
		if u.rate != nil && u.rate.allDisconnects < 0 {
			t.Errorf("%v has %d disconnects", key, u.rate.allDisconnects)
		}
	}
}
