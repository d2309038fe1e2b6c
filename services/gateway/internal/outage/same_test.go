package outage

import (
	"math/rand/v2"
	"slices"
	"testing"

	"atlasstream/pkg/atlas"
)

// Whether two outages have a probe in common is found out as by looking for each of one in the other.
func TestShareProbe(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	some := func() (probes []Lost) {
		for _, id := range random.Perm(40)[:random.IntN(8)] {
			probes = append(probes, Lost{ID: atlas.ProbeID(id)})
		}
		slices.SortFunc(probes, func(a, b Lost) int { return int(a.ID - b.ID) })
		return probes
	}
	shared := 0
	for range 500 {
		a, b := some(), some()
		want := slices.ContainsFunc(a, func(one Lost) bool {
			return slices.ContainsFunc(b, func(other Lost) bool { return other.ID == one.ID })
		})
		if got := shareProbe(a, b); got != want {
			t.Errorf("%v and %v: got %t", a, b, got)
		}
		if want {
			shared++
		}
	}
	if shared < 100 || shared > 400 {
		t.Errorf("%d of 500 pairs share a probe", shared)
	}
}

// Two troubles of the platform about midnight that hit different probes are told apart without comparing each probe with each.
func BenchmarkDifferentProbes(b *testing.B) {
	var one, other []Lost
	for id := range atlas.ProbeID(13_000) {
		one, other = append(one, Lost{ID: 2 * id}), append(other, Lost{ID: 2*id + 1})
	}
	for b.Loop() {
		if shareProbe(one, other) {
			b.Fatal("they share one")
		}
	}
}
