package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// report is everything that was measured.
type report struct {
	Broker    string
	Began     time.Time
	Rounds    int
	Seconds   int
	Quick     bool
	FanOut    []fanOutFigures
	Memory    []memoryFigures
	Intake    []ingestFigures
	Past      []playbackFigures
	Abuse     []abuseFigures
	API       []apiFigures
	APIMemory []apiMemoryFigures
	CatchUp   []catchUpFigures
	Stalled   []stalledFigures
	Sources   []sourcesFigures
	Cursors   []cursorFigures
	Outages   []outageFigures
	Pages     []pageFigures
	LeftOut   []string // what could not be measured here, and why
	Bars      []bar    // as they were judged when the report was written
}

func (r *report) addFanOut(progress io.Writer, f fanOutFigures) {
	r.FanOut = append(r.FanOut, f)
	fmt.Fprintf(progress, "round %d, %s %s: %.1f µs a delivery, p99 %.1f ms, machine %.0f%% busy\n",
		f.Round+1, f.Scenario, f.Server, f.MicrosEach, p99(f), 100*f.Busy)
}

func (r *report) addMemory(progress io.Writer, f memoryFigures) {
	r.Memory = append(r.Memory, f)
	fmt.Fprintf(progress, "memory: %.0f bytes (%.0f of them stack) for each of %d idle connections\n", f.BytesEach, f.StackEach, f.Connections)
}

func (r *report) addIngest(progress io.Writer, f ingestFigures) {
	r.Intake = append(r.Intake, f)
	fmt.Fprintf(progress, "round %d, %s: %.1f µs a record, %.2f processors, machine %.0f%% busy\n", f.Round+1, f.Server, f.MicrosEach, f.Cores, 100*f.Busy)
}

func (r *report) addPlayback(progress io.Writer, f playbackFigures) {
	r.Past = append(r.Past, f)
	fmt.Fprintf(progress, "round %d, %s: %.1f µs a record, p99 %.1f ms late, machine %.0f%% busy\n", f.Round+1, f.Kind, f.MicrosEach, lateP99(f), 100*f.Busy)
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

func (r *report) server(scenario, server string) []fanOutFigures {
	return matching(r.FanOut, func(f fanOutFigures) bool { return f.Scenario == scenario && f.Server == server })
}

func (r *report) ingest(server string) []ingestFigures {
	return matching(r.Intake, func(f ingestFigures) bool { return f.Server == server })
}

func (r *report) playback(kind string) []playbackFigures {
	return matching(r.Past, func(f playbackFigures) bool { return f.Kind == kind })
}

func (r *report) bytesEach() float64 {
	return medianOf(r.Memory, func(f memoryFigures) float64 { return f.BytesEach })
}

// print writes the tables for people.
func (r *report) print(to io.Writer) {
	fmt.Fprintf(to, "\nOver %s, %d processors, medians of %d rounds of %d s.\n", r.Broker, runtime.NumCPU(), r.Rounds, r.Seconds)
	if r.Quick {
		fmt.Fprintln(to, "This was a quick run at a tenth of the load: the figures mean nothing.")
	}
	for _, why := range r.LeftOut {
		fmt.Fprintf(to, "Left out: %s\n", why)
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	r.printFanOut(table)
	r.printIngest(table)
	r.printPlayback(table)
	r.printAbuse(table)
	r.printAPI(table)
	r.printCatchUp(table)
	r.printStalled(table)
	r.printSources(table)
	r.printCursors(table)
	r.printOutages(table)
	r.printPages(table)
	r.printBars(table)
	_ = table.Flush() // there is nowhere to say that the output is gone
}

func (r *report) printFanOut(to io.Writer) {
	if len(r.FanOut) == 0 {
		return
	}
	fmt.Fprintln(to, "\nscenario\tserver\tCPU µs/delivery\tp50 ms\tp99 ms\tdelivered\tload\tproducer late ms\tresident MiB\tmachine busy\t")
	for _, scenario := range scenarios {
		for _, name := range slices.Sorted(maps.Keys(servers)) {
			if found := r.server(scenario.Name, name); len(found) > 0 {
				printServer(to, scenario.Name, name, found)
			}
		}
	}
}

func printServer(to io.Writer, scenario, server string, found []fanOutFigures) {
	expected, delivered := 0, 0
	for _, f := range found {
		expected += f.Expected
		delivered += f.Received.Deliveries
	}
	fmt.Fprintf(to, "%s\t%s\t%.1f\t%.1f\t%.1f\t%d/%d\t%.1f%%\t%.1f\t%.0f\t%.0f%%\t\n", scenario, server,
		medianOf(found, micros),
		medianOf(found, func(f fanOutFigures) float64 { return f.Received.P50.Seconds() * 1000 }),
		medianOf(found, p99),
		delivered, expected,
		medianOf(found, func(f fanOutFigures) float64 { return 100 * f.Loaded }),
		medianOf(found, func(f fanOutFigures) float64 { return f.Load.Late.Seconds() * 1000 }),
		medianOf(found, func(f fanOutFigures) float64 { return float64(f.Resident) / (1 << 20) }),
		medianOf(found, func(f fanOutFigures) float64 { return 100 * f.Busy }))
}

func (r *report) printIngest(to io.Writer) {
	if len(r.Intake) == 0 {
		return
	}
	fmt.Fprintln(to, "\nway in\tCPU µs/record\tprocessors\tp99 ms\trecords\tfailed\tresident MiB\tmachine busy\t")
	for _, server := range ingestServers {
		found := r.ingest(server.name)
		records, failed := 0, 0
		for _, f := range found {
			records += f.Load.Records
			failed += f.Load.Failed
		}
		fmt.Fprintf(to, "%s\t%.1f\t%.2f\t%.1f\t%d\t%d\t%.0f\t%.0f%%\t\n", server.name,
			medianOf(found, ingestMicros),
			medianOf(found, func(f ingestFigures) float64 { return f.Cores }),
			medianOf(found, func(f ingestFigures) float64 { return f.Load.P99.Seconds() * 1000 }),
			records, failed,
			medianOf(found, func(f ingestFigures) float64 { return float64(f.Resident) / (1 << 20) }),
			medianOf(found, func(f ingestFigures) float64 { return 100 * f.Busy }))
	}
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

func (r *report) printBars(to io.Writer) {
	bars := r.bars()
	if len(bars) == 0 {
		return
	}
	fmt.Fprintln(to, "\nbar\tgot\tat most\t\t")
	for _, bar := range bars {
		verdict := "passed"
		if !bar.Passed {
			verdict = "FAILED"
		}
		fmt.Fprintf(to, "%s\t%.2f %s\t%.2f %s\t%s\t\n", bar.Name, bar.Got, bar.Unit, bar.Most, bar.Unit, verdict)
	}
}

// write writes everything as JSON.
func (r *report) write(path string) error {
	r.Bars = r.bars()
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o600)
}

// failure says how many bars were not reached; a quick run is not judged.
func (r *report) failure() error {
	failed, bars := 0, r.bars()
	for _, bar := range bars {
		if !bar.Passed {
			failed++
		}
	}
	if failed == 0 || r.Quick {
		return nil
	}
	return fmt.Errorf("%d of %d bars were not reached", failed, len(bars))
}
