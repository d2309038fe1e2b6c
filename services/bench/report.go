package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"

	"atlasstream/services/bench/internal/capacity"
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
	Capacity  []capacityFigures
	Sizes     capacity.Costs // of the scenario capacity: memory and bytes, and what connecting takes
	Outages   []outageFigures
	Pages     []pageFigures
	LeftOut   []string // what could not be measured here, and why
	Bars      []bar    // as they were judged when the report was written
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
	r.printCapacity(table)
	r.printOutages(table)
	r.printPages(table)
	r.printBars(table)
	_ = table.Flush() // there is nowhere to say that the output is gone
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

// bars judges what was measured; what was not has no bar.
func (r *report) bars() []bar {
	var bars []bar
	for _, scenario := range scenarios {
		bars = append(bars, r.fanOutBars(scenario)...)
	}
	return slices.Concat(bars, r.memoryBars(), r.ingestBars(), r.playbackBars(), r.abuseBars(), r.apiBars(), r.catchUpBars(), r.cursorBars(), r.stalledBars(),
		r.sourcesBars(), r.capacityBars(), r.outageBars(), r.pageBars())
}
