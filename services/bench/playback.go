package main

import (
	"context"
	"fmt"
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
