package main

import (
	"math"

	"atlasstream/services/bench/internal/stats"
)

// bar is something that was to be reached.
type bar struct {
	Name      string
	Got, Most float64
	Unit      string
	Passed    bool
}

func newBar(name string, got, most float64, unit string) bar {
	return bar{Name: name, Got: got, Most: most, Unit: unit, Passed: got <= most}
}

// ratioBar judges the median of ratios; without any there is no bar.
func ratioBar(name string, ratios []float64, most float64) []bar {
	if len(ratios) == 0 {
		return nil
	}
	return []bar{newBar(name, stats.Median(ratios), most, "×")}
}

// ratios gives one figure in times of another, unless that is nothing: in a short run, a process may take less time than the clock tells.
func ratios(ours, theirs float64) []float64 {
	if theirs == 0 {
		return nil
	}
	return []float64{ours / theirs}
}

// pairedRatios are those of one server's figure to another's of the same round: what else the machine does changes between rounds.
func pairedRatios[F ofRound](ours, theirs []F, figure func(F) float64) []float64 {
	return paired(ours, theirs, func(a, b F) []float64 { return ratios(figure(a), figure(b)) })
}

// pairedDifference is the median of one server's figure less another's of the same round.
func pairedDifference[F ofRound](ours, theirs []F, figure func(F) float64) float64 {
	return stats.Median(paired(ours, theirs, func(a, b F) []float64 { return []float64{figure(a) - figure(b)} }))
}

// ofRound is something that was measured in a round.
type ofRound interface{ round() int }

func paired[F ofRound](ours, theirs []F, compare func(a, b F) []float64) (values []float64) {
	for _, a := range ours {
		for _, b := range theirs {
			if a.round() == b.round() {
				values = append(values, compare(a, b)...)
			}
		}
	}
	return values
}

func medianOf[F any](figures []F, figure func(F) float64) float64 {
	values := make([]float64, len(figures))
	for i := range figures {
		values[i] = figure(figures[i])
	}
	return stats.Median(values)
}

// minOf is for what a busy machine can only make worse.
func minOf[F any](figures []F, figure func(F) float64) float64 {
	least := math.Inf(1)
	for i := range figures {
		least = min(least, figure(figures[i]))
	}
	return least
}

// matching are those of the figures that are wanted.
func matching[F any](figures []F, isWanted func(F) bool) (found []F) {
	for _, f := range figures {
		if isWanted(f) {
			found = append(found, f)
		}
	}
	return found
}
