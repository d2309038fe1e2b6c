package main

import (
	"fmt"
	"math"
	"slices"
	"time"

	"atlasstream/services/bench/internal/stats"
)

// The bars beyond the scenarios' own.
const (
	maxP99Over     = 5 * time.Millisecond // our p99 latency over the bare loop's, so that nothing is won by waiting
	maxBytesEach   = 8 << 10              // of an idle connection
	maxWriterTimes = 2.0                  // CPU of the collector, in times of the bare Writer's
	maxCores       = 0.5                  // of the collector at the real network's rate
	maxPlayTimes   = 1.7                  // CPU of an unpaced playback, in times of bare fetches'
	maxRealLate    = 5 * time.Millisecond // p99 of a week at 10,000 times its pace
	maxManyLate    = 20 * time.Millisecond
	maxHeldTimes   = 1.0 // heap of playbacks that wait, in times of what they may hold
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

// bars judges what was measured; what was not has no bar.
func (r *report) bars() []bar {
	var bars []bar
	for _, scenario := range scenarios {
		bars = append(bars, r.fanOutBars(scenario)...)
	}
	if len(r.Memory) > 0 {
		bars = append(bars, newBar("memory: an idle connection", r.bytesEach(), maxBytesEach, "bytes"))
	}
	return slices.Concat(bars, r.ingestBars(), r.playbackBars(), r.abuseBars(), r.apiBars(), r.catchUpBars(), r.cursorBars(), r.stalledBars(), r.sourcesBars(), r.outageBars(),
		r.pageBars())
}

func (r *report) fanOutBars(scenario scenario) []bar {
	var bars []bar
	ours := r.server(scenario.Name, "ours")
	if len(ours) == 0 {
		return nil
	}
	if scenario.Filtered {
		bars = append(bars, newBar(scenario.Name+": processors busy", medianOf(ours, r.cores), scenario.MostCores, ""))
	}
	if bare := r.server(scenario.Name, "bare"); len(bare) > 0 {
		bars = append(bars, ratioBar(scenario.Name+": CPU for a delivery, ours to the bare loop's", pairedRatios(ours, bare, micros), scenario.MostCPU)...)
		bars = append(bars, newBar(scenario.Name+": p99 latency, ours over the bare loop's", pairedDifference(ours, bare, p99), maxP99Over.Seconds()*1000, "ms"))
	}
	for _, peer := range []string{"node", "googollee"} {
		if theirs := r.server(scenario.Name, peer); len(theirs) > 0 {
			bars = append(bars, ratioBar(scenario.Name+": CPU for a delivery, ours to "+peer+"'s", pairedRatios(ours, theirs, micros), 1)...)
			bars = append(bars, newBar(scenario.Name+": p99 latency, ours over "+peer+"'s", pairedDifference(ours, theirs, p99), 0, "ms"))
		}
	}
	return append(bars, newBar(scenario.Name+": deliveries that are missing or double", float64(missing(ours)), 0, ""))
}

func (r *report) ingestBars() []bar {
	collector, writer := r.ingest("collector"), r.ingest("writer")
	if len(collector) == 0 || len(writer) == 0 {
		return nil
	}
	rate := fmt.Sprintf("%d results/s", realNetworkRate)
	return append(
		ratioBar("collector: CPU for a record, to the bare Writer's", ratios(medianOf(collector, ingestMicros), medianOf(writer, ingestMicros)), maxWriterTimes),
		newBar("collector: processors busy at "+rate, medianOf(collector, func(f ingestFigures) float64 { return f.Cores }), maxCores, ""))
}

func (r *report) playbackBars() (bars []bar) {
	if played, fetched := r.playback(unpaced), r.playback(bareFetches); len(played) > 0 && len(fetched) > 0 {
		bars = ratioBar("playback: CPU for a record, unpaced to bare fetches'", pairedRatios(played, fetched, playbackMicros), maxPlayTimes)
	}
	for _, pace := range []struct {
		kind string
		most time.Duration
	}{{realWeek, maxRealLate}, {manyAtOnce, maxManyLate}} {
		if found := r.playback(pace.kind); len(found) > 0 {
			bars = append(bars, newBar("playback: p99 lateness, "+pace.kind, minOf(found, lateP99), pace.most.Seconds()*1000, "ms"))
		}
	}
	if found := r.playback(waiting); len(found) > 0 {
		held := medianOf(found, func(f playbackFigures) float64 { return f.HeldOfBound })
		bars = append(bars, newBar("playback: heap of "+waiting+", to window and read-ahead", held, maxHeldTimes, "×"))
	}
	return bars
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

// cores is how many processors a server kept busy.
func (r *report) cores(f fanOutFigures) float64 { return f.CPU.Seconds() / float64(r.Seconds) }

func micros(f fanOutFigures) float64 { return f.MicrosEach }

func p99(f fanOutFigures) float64 { return f.Received.P99.Seconds() * 1000 }

func ingestMicros(f ingestFigures) float64 { return f.MicrosEach }

func playbackMicros(f playbackFigures) float64 { return f.MicrosEach }

func lateP99(f playbackFigures) float64 { return f.P99.Seconds() * 1000 }

// missing counts over all rounds; too many count as well as too few.
func missing(figures []fanOutFigures) (count int) {
	for _, f := range figures {
		difference := f.Expected - f.Received.Deliveries
		count += max(difference, -difference)
	}
	return count
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

func (f fanOutFigures) round() int   { return f.Round }
func (f playbackFigures) round() int { return f.Round }

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
