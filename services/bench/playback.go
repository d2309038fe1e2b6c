package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/stats"
)

// The amounts of the scenario playback.
const (
	muchRecorded   = 200_000 // results
	realSpeed      = 10_000
	realSeconds    = 61 // which the week takes at that speed
	playedAtOnce   = 200
	waitingAtOnce  = 100
	waitingSeconds = 5
	waitingWindow  = 2 << 20 // bytes of each
	maxReadAhead   = 2 << 20 // bytes, as pkg/eventlog has it
)

// playbackFigures is one measurement of a playback.
type playbackFigures struct {
	Round       int
	Kind        string
	Records     int
	MicrosEach  float64       // CPU time for each record
	P50, P99    time.Duration // by which records came later than they were due
	Held        int64         // bytes of heap in use at the end
	HeldOfBound float64       // that, in times of what playbacks that wait may hold
	Busy        float64       // share of the machine's processors that was busy, from 0 to 1
}

// playbackRun is one kind of reading or playing recordings.
type playbackRun struct {
	kind string
	run  func(ctx context.Context, l *lab, r recordings) (playbackFigures, error)
}

// recordings are those that the scenario plays.
type recordings struct{ much, even, real recording }

// The kinds, by their names in the report.
const (
	bareFetches = "bare fetches"
	unpaced     = "unpaced"
	realWeek    = "a week of DNS at 10,000×"
	manyAtOnce  = "200 at once on one processor"
	waiting     = "100 that wait"
)

var playbackRuns = []playbackRun{{bareFetches, fetchMuch}, {unpaced, playMuch}, {realWeek, playReal}, {manyAtOnce, playMany}, {waiting, playWaiting}}

// comparisons is how often in a round the two that are compared take turns. Each takes a second or two, and what else the machine does changes within a minute.
const comparisons = 4

// playbackOrder is the order of a round.
func playbackOrder(round int) []playbackRun {
	compared := slices.Clone(playbackRuns[:2])
	if round%2 == 1 {
		slices.Reverse(compared)
	}
	return append(slices.Repeat(compared, comparisons), playbackRuns[2:]...)
}

// recordPlayback writes the recordings.
func (l *lab) recordPlayback(ctx context.Context) (r recordings, err error) {
	if r.much, err = l.recordMuch(ctx, "much", l.settings.share(muchRecorded)); err != nil {
		return r, err
	}
	if r.even, err = l.recordEvenly(ctx, "even", recordedRate*l.settings.Seconds); err != nil {
		return r, err
	}
	r.real, err = l.recordReal(ctx, "real", "dns.jsonl.gz", weekOfDNS)
	return r, err
}

func fetchMuch(ctx context.Context, l *lab, r recordings) (playbackFigures, error) {
	return l.play(ctx, nil, "fetch", "--archive", r.much.topic, "--measurement", r.much.measurement.Key())
}

func playMuch(ctx context.Context, l *lab, r recordings) (playbackFigures, error) {
	return l.play(ctx, nil, "playbench", r.much.flags()...)
}

func playReal(ctx context.Context, l *lab, r recordings) (playbackFigures, error) {
	seconds := realSeconds
	if l.settings.Quick {
		seconds = l.settings.Seconds
	}
	return l.play(ctx, nil, "playbench", append(r.real.flags(), "--speed", strconv.Itoa(realSpeed), fmt.Sprintf("--for=%ds", seconds))...)
}

func playMany(ctx context.Context, l *lab, r recordings) (playbackFigures, error) {
	return l.play(ctx, []string{"GOMAXPROCS=1"}, "playbench", append(r.even.flags(), "--speed=1", "--playbacks", strconv.Itoa(playedAtOnce))...)
}

func playWaiting(ctx context.Context, l *lab, r recordings) (playbackFigures, error) {
	count := l.settings.share(waitingAtOnce)
	figures, err := l.play(ctx, nil, "playbench", append(r.much.flags(), "--speed=1", "--playbacks", strconv.Itoa(count),
		"--window", strconv.Itoa(waitingWindow), fmt.Sprintf("--for=%ds", min(waitingSeconds, l.settings.Seconds)))...)
	figures.HeldOfBound = float64(figures.Held) / float64(count*(waitingWindow+maxReadAhead))
	return figures, err
}

func (r recording) flags() []string {
	return []string{
		"--archive", r.topic, "--measurement", r.measurement.Key(),
		"--from", strconv.FormatInt(r.from.UnixMilli(), 10), "--until", strconv.FormatInt(r.until.UnixMilli(), 10),
	}
}

// play runs a program that reads or plays, to its end.
func (l *lab) play(ctx context.Context, environment []string, program string, arguments ...string) (figures playbackFigures, err error) {
	before, err := readMachine(os.Getpid())
	if err != nil {
		return figures, err
	}
	process, err := l.startIn(ctx, environment, l.program(program), append(arguments, "--kafka", l.kafka)...)
	if err != nil {
		return figures, err
	}
	defer process.stop()
	var played ipc.Played
	if err := process.receiveWithin(realSeconds*time.Second+answerTime, &played); err != nil {
		return figures, err
	}
	after, err := readMachine(os.Getpid())
	slices.Sort(played.Late)
	return playbackFigures{
		Records:    played.Records,
		MicrosEach: microsEach(played.CPU, played.Records),
		P50:        stats.Percentile(played.Late, 50),
		P99:        stats.Percentile(played.Late, 99),
		Held:       played.Held,
		Busy:       after.since(before).busy,
	}, err
}

func (r *report) addPlayback(progress io.Writer, f playbackFigures) {
	r.Past = append(r.Past, f)
	fmt.Fprintf(progress, "round %d, %s: %.1f µs a record, p99 %.1f ms late, machine %.0f%% busy\n", f.Round+1, f.Kind, f.MicrosEach, lateP99(f), 100*f.Busy)
}

func (r *report) playback(kind string) []playbackFigures {
	return matching(r.Past, func(f playbackFigures) bool { return f.Kind == kind })
}

func (r *report) printPlayback(to io.Writer) {
	if len(r.Past) == 0 {
		return
	}
	fmt.Fprintln(to, "\nplayback\tCPU µs/record\tp50 ms late\tp99 ms late\trecords\theld MiB\tmachine busy\t")
	for _, playback := range playbackRuns {
		found := r.playback(playback.kind)
		records := 0
		for _, f := range found {
			records += f.Records
		}
		fmt.Fprintf(to, "%s\t%.1f\t%.1f\t%.1f\t%d\t%.0f\t%.0f%%\t\n", playback.kind,
			medianOf(found, playbackMicros),
			medianOf(found, func(f playbackFigures) float64 { return f.P50.Seconds() * 1000 }),
			medianOf(found, lateP99),
			records,
			medianOf(found, func(f playbackFigures) float64 { return float64(f.Held) / (1 << 20) }),
			medianOf(found, func(f playbackFigures) float64 { return 100 * f.Busy }))
	}
}

// The bars of playbacks.
const (
	maxPlayTimes = 1.7                  // CPU of an unpaced one, in times of bare fetches'
	maxRealLate  = 5 * time.Millisecond // p99 of a week at 10,000 times its pace
	maxManyLate  = 20 * time.Millisecond
	maxHeldTimes = 1.0 // heap of those that wait, in times of what they may hold
)

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

func playbackMicros(f playbackFigures) float64 { return f.MicrosEach }

func lateP99(f playbackFigures) float64 { return f.P99.Seconds() * 1000 }

func (f playbackFigures) round() int { return f.Round }
