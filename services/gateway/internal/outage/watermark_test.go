package outage

import (
	"math/rand/v2"
	"slices"
	"testing"

	"atlasstream/pkg/atlas"
)

func TestWatermarkIsTheFifthNewestOfFiveProbes(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		var w watermark
		newest := map[atlas.ProbeID]instant{}
		for range 100 {
			id, at := atlas.ProbeID(random.IntN(12)), instant(1+random.IntN(1000))
			w.take(id, at)
			newest[id] = max(newest[id], at)
			times := []instant{0, 0, 0, 0, 0}
			for _, at := range newest {
				times = append(times, at)
			}
			slices.Sort(times)
			if got, want := w.at(), times[len(times)-agreeing]; got != want {
				t.Fatalf("got %d, want %d", got, want)
			}
		}
	}
}
