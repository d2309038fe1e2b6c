package score

import (
	"fmt"
	"math"
	"slices"
	"strconv"
)

// Recall is the share of large outages that were found.
func (f *Figures) Recall() float64 { return share(f.LargeFound, f.Large) }

// FalsePerDay counts incidents of the wrong place or kind.
func (f *Figures) FalsePerDay() float64 { return float64(f.Found-f.Right) / f.Days }

// PiecesEach is as how many incidents a large outage is told that is found.
func (f *Figures) PiecesEach() float64 { return float64(f.Pieces) / float64(max(1, f.LargeFound)) }

// F1 is the harmonic mean of recall and of the share of incidents that are true.
func (f *Figures) F1() float64 {
	recall, precision := f.Recall(), share(f.Right, f.Found)
	if recall+precision == 0 {
		return 0
	}
	return 2 * recall * precision / (recall + precision)
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// Percentile gives the value that a share of values is not above; NaN where there are none.
func Percentile(values []float64, percent int) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, len(sorted)*percent/100)]
}

// Row is what a detector did.
type Row struct {
	Detector string
	Figures  Figures
}

// Header names the cells of a Row.
var Header = []string{
	"detector", "recall ≥ 20", "5–19", "false/day", "F1", "pieces", "platform", "controllers", "called outages",
	"delay p50/p90 s", "start ± s", "end ± s", "extent",
}

// Cells are a row of a table.
func (r *Row) Cells() []string {
	f := &r.Figures
	of := func(found, all int) string { return fmt.Sprintf("%d/%d", found, all) }
	percentiles := func(values []float64) string {
		if len(values) == 0 {
			return "–"
		}
		return fmt.Sprintf("%.0f/%.0f", Percentile(values, 50), Percentile(values, 90))
	}
	return []string{
		r.Detector, of(f.LargeFound, f.Large), of(f.SmallFound, f.Small), fmt.Sprintf("%.2f", f.FalsePerDay()), fmt.Sprintf("%.3f", f.F1()),
		fmt.Sprintf("%.2f", f.PiecesEach()), of(f.PlatformLabelled, f.Platform), of(f.ControllersLabelled, f.Controllers), strconv.Itoa(f.Miscalled),
		percentiles(f.Delays), percentiles(f.StartErrors), percentiles(f.EndErrors), fmt.Sprintf("%.2f", Percentile(f.Extents, 50)),
	}
}
