package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"atlasstream/services/bench/internal/ipc"
)

// The amounts and bars of the scenario sources.
const (
	steadySources  = 3
	steadyRate     = 1000 // results a second of each
	steadyBatch    = 100  // results
	floodSenders   = 120  // about as many connections as an address may have, and twice as many requests as there may be at once
	stalledBodies  = 120
	maxSourcesLoss = 0.1 // of what the steady ones send
	// unsteadyAddress is where it comes from, as the limits of an address are not what is measured.
	unsteadyAddress = "127.0.0.2"
)

// unsteady is what the source beside the steady ones does.
type unsteady struct {
	name string
	over string // protocol
	how  []string
}

var unsteadies = []unsteady{
	{"a flood over HTTP", "http", []string{"--at-once", strconv.Itoa(floodSenders), "--from", unsteadyAddress}},
	{"a flood over gRPC", "grpc", []string{"--at-once", strconv.Itoa(floodSenders), "--from", unsteadyAddress}},
	{"bodies that stall", "http", []string{"--stalled", strconv.Itoa(stalledBodies), "--from", unsteadyAddress}},
}

// sourcesFigures is one measurement of sources that send at a rate beside one that does not.
type sourcesFigures struct {
	Round         int
	Unsteady      string
	Alone, Beside ipc.Load // of the steady ones together
	Other         ipc.Load // of the unsteady one
	Busy          float64  // share of the machine's processors that was busy, from 0 to 1
}

// sources measures a collector for each of the unsteady ones.
func (s *settings) sources(ctx context.Context, lab *lab, report *report, round int) error {
	if !slices.Contains(s.Scenario, "sources") {
		return nil
	}
	for _, unsteady := range unsteadies {
		figures, err := lab.sources(ctx, unsteady)
		if err != nil {
			return fmt.Errorf("sources, %s: %w", unsteady.name, err)
		}
		figures.Round, figures.Unsteady = round, unsteady.name
		report.addSources(os.Stderr, figures)
	}
	return nil
}

// sources measures the steady ones by themselves and then beside the other. All have the same share.
func (l *lab) sources(ctx context.Context, beside unsteady) (figures sourcesFigures, err error) {
	file := filepath.Join(l.dir, "sources.json")
	if err := writeSources(file); err != nil {
		return figures, err
	}
	collector, err := l.startCollector(ctx, "--sources", file)
	if err != nil {
		return figures, err
	}
	defer collector.stop()
	if figures.Alone, _, err = l.steadily(ctx, collector, nil); err != nil {
		return figures, err
	}
	other, err := l.startSource(ctx, collector, steadySources, beside.over, beside.how...)
	if err != nil {
		return figures, err
	}
	defer other.stop()
	if figures.Beside, figures.Busy, err = l.steadily(ctx, collector, other); err != nil {
		return figures, err
	}
	return figures, other.receive(&figures.Other)
}

// writeSources names the steady sources and the other.
func writeSources(path string) error {
	var entries []string
	for n := range steadySources + 1 {
		entries = append(entries, fmt.Sprintf(`{"name":"source-%d","token":"%s","rights":["results"]}`, n, sourceToken(n)))
	}
	return os.WriteFile(path, []byte("["+strings.Join(entries, ",")+"]"), 0o600)
}

func sourceToken(n int) string { return fmt.Sprintf("token-of-the-source-%d", n) }

// startSource returns when the source sends.
func (l *lab) startSource(ctx context.Context, collector *running, n int, over string, how ...string) (*process, error) {
	address := map[string]string{"http": collector.address, "grpc": collector.grpc}[over]
	source, err := l.start(ctx, l.program("poster"), append(how, "--address", address, "--over", over, "--token", sourceToken(n),
		"--rows", l.rows, "--rate", strconv.Itoa(steadyRate), "--size", strconv.Itoa(steadyBatch))...)
	if err != nil {
		return nil, err
	}
	if err := source.receive(&ipc.Ready{}); err != nil {
		source.stop()
		return nil, collector.explain(err)
	}
	return source, nil
}

// steadily has the steady ones send, every other one over gRPC. The other is also sent the window; it may be nil.
func (l *lab) steadily(ctx context.Context, collector *running, other *process) (sum ipc.Load, busy float64, err error) {
	var steady []*process
	for n := range steadySources {
		source, err := l.startSource(ctx, collector, n, []string{"http", "grpc"}[n%2])
		if err != nil {
			return sum, 0, err
		}
		defer source.stop()
		steady = append(steady, source)
	}
	window := l.nextWindow()
	sending := steady
	if other != nil {
		sending = append(slices.Clip(steady), other)
	}
	for _, source := range sending {
		if err := source.Send(window); err != nil {
			return sum, 0, source.explain(err)
		}
	}
	usage, err := l.watch(ctx, collector, window, "sources")
	if err != nil {
		return sum, 0, collector.explain(err)
	}
	for _, source := range steady {
		var load ipc.Load
		if err := source.receive(&load); err != nil {
			return sum, 0, err
		}
		sum.Records += load.Records
		sum.Failed += load.Failed
		sum.P99 = max(sum.P99, load.P99)
	}
	return sum, usage.busy, nil
}

// lost is the share of what the steady ones sent by themselves that was not taken beside the other.
func (f sourcesFigures) lost() float64 {
	return max(0, 1-float64(f.Beside.Records)/float64(max(1, f.Alone.Records)))
}

func (r *report) addSources(progress io.Writer, f sourcesFigures) {
	r.Sources = append(r.Sources, f)
	fmt.Fprintf(progress, "round %d, sources beside %s: %d records after %d, %d refused, p99 %s after %s, machine %.0f%% busy\n", f.Round+1, f.Unsteady,
		f.Beside.Records, f.Alone.Records, f.Beside.Failed, f.Beside.P99.Round(time.Millisecond), f.Alone.P99.Round(time.Millisecond), 100*f.Busy)
}

func (r *report) sourcesBeside(unsteady string) []sourcesFigures {
	return matching(r.Sources, func(f sourcesFigures) bool { return f.Unsteady == unsteady })
}

func (r *report) printSources(to io.Writer) {
	if len(r.Sources) == 0 {
		return
	}
	fmt.Fprintln(to, "\nsources beside\trecords alone\trecords\trefused\tp99 ms alone\tp99 ms\tits records\tits refused\tmachine busy\t")
	for _, unsteady := range unsteadies {
		found := r.sourcesBeside(unsteady.name)
		of := func(get func(f sourcesFigures) float64) float64 { return medianOf(found, get) }
		fmt.Fprintf(to, "%s\t%.0f\t%.0f\t%.0f\t%.1f\t%.1f\t%.0f\t%.0f\t%.0f%%\t\n", unsteady.name,
			of(func(f sourcesFigures) float64 { return float64(f.Alone.Records) }),
			of(func(f sourcesFigures) float64 { return float64(f.Beside.Records) }),
			of(func(f sourcesFigures) float64 { return float64(f.Alone.Failed + f.Beside.Failed) }),
			of(func(f sourcesFigures) float64 { return f.Alone.P99.Seconds() * 1000 }),
			of(func(f sourcesFigures) float64 { return f.Beside.P99.Seconds() * 1000 }),
			of(func(f sourcesFigures) float64 { return float64(f.Other.Records) }),
			of(func(f sourcesFigures) float64 { return float64(f.Other.Failed) }),
			of(func(f sourcesFigures) float64 { return 100 * f.Busy }))
	}
}

func (r *report) sourcesBars() (bars []bar) {
	for _, unsteady := range unsteadies {
		found := r.sourcesBeside(unsteady.name)
		if len(found) == 0 {
			continue
		}
		refused := 0
		for _, f := range found {
			refused += f.Alone.Failed + f.Beside.Failed
		}
		bars = append(bars,
			newBar("sources: what steady ones lose beside "+unsteady.name, medianOf(found, sourcesFigures.lost), maxSourcesLoss, ""),
			newBar("sources: records of steady ones refused beside "+unsteady.name, float64(refused), 0, ""))
	}
	return bars
}
