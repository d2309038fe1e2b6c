package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The bars of the outage detector beyond those that it is judged by.
const (
	maxDetectorCPU  = 1.0      // seconds for a day of the larger network
	maxDetectorHeap = 16 << 20 // bytes
	detectorTime    = 30 * time.Minute
)

// outages is what the outage detector is judged by.
type outages struct {
	incidents string
	probes    int
}

var allOutages = []outages{{"easy", 1000}, {"hard", 1000}, {"easy", 10_000}, {"hard", 10_000}}

// outageFigures is what outagebench prints.
type outageFigures struct {
	Incidents  string
	Probes     int
	Header     []string
	Rows       [][]string // of the detectors, ours first
	Bars       []bar
	SecondsDay float64 // of CPU for a day
	Held       int64   // bytes of heap in use at most
}

// outages judges the outage detector on seeds whose results were not known when it was made.
func (s *settings) outages(ctx context.Context, lab *lab, report *report) error {
	if !slices.Contains(s.Scenario, "outages") {
		return nil
	}
	seeds, days := "5,6,7", 7
	if s.Quick {
		seeds, days = "5", 1
	}
	for _, o := range allOutages {
		figures, err := lab.judgeOutages(ctx, outages{o.incidents, s.share(o.probes)}, seeds, days)
		if err != nil {
			return fmt.Errorf("outages, %s: %w", o.incidents, err)
		}
		report.addOutages(os.Stderr, figures)
	}
	return nil
}

func (l *lab) judgeOutages(ctx context.Context, o outages, seeds string, days int) (figures outageFigures, err error) {
	process, err := l.start(ctx, l.program("outagebench"),
		"--incidents", o.incidents, "--probes", strconv.Itoa(o.probes), "--seeds", seeds, "--days", strconv.Itoa(days))
	if err != nil {
		return figures, err
	}
	defer process.stop()
	err = process.receiveWithin(detectorTime, &figures)
	figures.Incidents, figures.Probes = o.incidents, o.probes
	return figures, err
}

func (r *report) addOutages(progress io.Writer, f outageFigures) {
	r.Outages = append(r.Outages, f)
	fmt.Fprintf(progress, "outages, %s, %d probes: recall %s, %.2f s of CPU a day\n", f.Incidents, f.Probes, f.Rows[0][1], f.SecondsDay)
}

func (r *report) printOutages(to io.Writer) {
	for _, f := range r.Outages {
		fmt.Fprintf(to, "\noutages, %s, %d probes: %.2f s of CPU for a day, %.0f MiB\n%s\t\n",
			f.Incidents, f.Probes, f.SecondsDay, float64(f.Held)/(1<<20), strings.Join(f.Header, "\t"))
		for _, row := range f.Rows {
			fmt.Fprintf(to, "%s\t\n", strings.Join(row, "\t"))
		}
	}
}

func (r *report) outageBars() (bars []bar) {
	for _, f := range r.Outages {
		of := fmt.Sprintf("outages, %s, %d probes: ", f.Incidents, f.Probes)
		for _, b := range f.Bars {
			bars = append(bars, newBar(of+b.Name, b.Got, b.Most, b.Unit))
		}
		bars = append(bars,
			newBar(of+"CPU for a day", f.SecondsDay, maxDetectorCPU, "s"),
			newBar(of+"heap", float64(f.Held)/(1<<20), maxDetectorHeap/(1<<20), "MiB"))
	}
	return bars
}
