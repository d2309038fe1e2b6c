package score

import (
	"math"

	"atlasstream/services/simulator"
)

// Bar is something that the detector must do: it got a figure, which must not be above the most.
type Bar struct {
	Name      string
	Got, Most float64
	Unit      string
}

// Passed tells whether it did.
func (b *Bar) Passed() bool { return b.Got <= b.Most }

const (
	manyProbes = 5000 // from which on outages are long enough in the telling to come in more pieces
	little     = 1e-9 // less than a figure may be better by
)

// Bars judges ours, the first of the rows, beside the others.
func Bars(incidents simulator.Incidents, probes int, rows []Row) []Bar {
	f := &rows[0].Figures
	missed, pieces, behind := 0.05, 1.2, 0.0
	if incidents == simulator.Hard {
		missed, behind = 0.1, -little // better, not as good
	}
	if probes >= manyProbes {
		pieces = 1.35
	}
	bars := []Bar{
		{"outages of 20 probes or more that were missed", 1 - f.Recall(), missed, "of all"},
		{"wrong incidents a day", f.FalsePerDay(), 0.2, ""},
		{"incidents for an outage", f.PiecesEach(), pieces, ""},
		{"troubles of the platform that were not said to be", float64(f.Platform - f.PlatformLabelled), 0, ""},
		{"restarts of controllers that were not said to be", 1 - share(f.ControllersLabelled, f.Controllers), 0.1, "of all"},
		{"such troubles that were called outages", float64(f.Miscalled), 0, ""},
		{"F1 of the best other detector, over ours", bestF1(rows[1:]) - f.F1(), behind, ""},
	}
	if f.LargeFound == 0 {
		return bars // there is nothing to measure
	}
	return append(bars,
		Bar{"delay, median", Percentile(f.Delays, 50), 60, "s"},
		Bar{"delay, p90", Percentile(f.Delays, 90), 180, "s"},
		Bar{"probes of an outage that were not named, median", 1 - Percentile(f.Extents, 50), 0.1, "of all"})
}

func bestF1(rows []Row) float64 {
	best := 0.0
	for i := range rows {
		best = math.Max(best, rows[i].Figures.F1())
	}
	return best
}
