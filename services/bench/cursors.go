package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
)

// maxCursorTimes is the bar of the scenario cursors: CPU for a delivery with a cursor of the client's own, in times of one without.
const maxCursorTimes = 1.3

// cursorPairs is how often in a round deliveries are measured without cursors and with them.
const cursorPairs = 2

var cursorLoad = scenario{Name: "cursors", Clients: 1000, Measurements: 1, Rate: 40}

// cursorFigures is one measurement of deliveries to clients that speak Engine.IO 4, with cursors or without.
type cursorFigures struct {
	fanOutFigures
	Pair    int // over all rounds
	Cursors bool
}

func (f cursorFigures) round() int { return f.Pair }

// cursors measures pairs, of which every other one begins with the cursors.
func (s *settings) cursors(ctx context.Context, lab *lab, report *report, round int) error {
	if !slices.Contains(s.Scenario, cursorLoad.Name) {
		return nil
	}
	pairs := s.share(cursorPairs)
	for i := range 2 * pairs {
		pair := round*pairs + i/2
		for _, name := range s.gateways(i) {
			figures, err := lab.deliverCursors(ctx, s.scaled(cursorLoad), servers[name], (i+pair)%2 == 1)
			if err != nil {
				return fmt.Errorf("cursors, %s: %w", name, err)
			}
			figures.Round, figures.Pair, figures.Scenario, figures.Server = round, pair, cursorLoad.Name, name
			report.addCursors(os.Stderr, figures)
		}
	}
	return nil
}

// deliverCursors measures a gateway that has no clients but those with cursors, or those without.
func (l *lab) deliverCursors(ctx context.Context, load scenario, gateway server, cursors bool) (figures cursorFigures, err error) {
	load.Cursors, gateway.protocol = cursors, "engineio4"
	figures.Cursors = cursors
	figures.fanOutFigures, err = l.fanOut(ctx, load, gateway)
	return figures, err
}

func (r *report) addCursors(progress io.Writer, f cursorFigures) {
	r.Cursors = append(r.Cursors, f)
	fmt.Fprintf(progress, "round %d, cursors, %s, %s: %.1f µs a delivery, p99 %.1f ms, machine %.0f%% busy\n",
		f.Round+1, f.Server, cursorKind(f.Cursors), f.MicrosEach, p99(f.fanOutFigures), 100*f.Busy)
}

func cursorKind(cursors bool) string {
	if cursors {
		return "with cursors"
	}
	return "without cursors"
}

func (r *report) cursorsOf(server string, cursors bool) []cursorFigures {
	return matching(r.Cursors, func(f cursorFigures) bool { return f.Server == server && f.Cursors == cursors })
}

func (r *report) printCursors(to io.Writer) {
	if len(r.Cursors) > 0 {
		fmt.Fprintln(to, "\nEngine.IO 4\tgateway\tCPU µs/delivery\tp50 ms\tp99 ms\tmissing\tmachine busy\t")
	}
	for _, server := range []string{"ours", earlierGateway} {
		for _, cursors := range []bool{false, true} {
			if found := r.cursorsOf(server, cursors); len(found) > 0 {
				printCursorRow(to, server, cursors, found)
			}
		}
	}
}

func printCursorRow(to io.Writer, server string, cursors bool, found []cursorFigures) {
	fmt.Fprintf(to, "%s\t%s\t%.1f\t%.1f\t%.1f\t%d\t%.0f%%\t\n", cursorKind(cursors), server,
		medianOf(found, cursorMicros),
		medianOf(found, func(f cursorFigures) float64 { return f.Received.P50.Seconds() * 1000 }),
		medianOf(found, func(f cursorFigures) float64 { return p99(f.fanOutFigures) }),
		missingCursors(found),
		medianOf(found, func(f cursorFigures) float64 { return 100 * f.Busy }))
}

func (r *report) cursorBars() []bar {
	with, without := r.cursorsOf("ours", true), r.cursorsOf("ours", false)
	if len(with) == 0 || len(without) == 0 {
		return nil
	}
	return append(ratioBar("cursors: CPU for a delivery, to without", pairedRatios(with, without, cursorMicros), maxCursorTimes),
		newBar("cursors: deliveries that are missing or double", float64(missingCursors(slices.Concat(with, without))), 0, ""))
}

func cursorMicros(f cursorFigures) float64 { return f.MicrosEach }

func missingCursors(figures []cursorFigures) (count int) {
	for _, f := range figures {
		count += missing([]fanOutFigures{f.fanOutFigures})
	}
	return count
}
