package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"atlasstream/services/bench/internal/ipc"
)

// networkSize is how many probes the pages are shown; RIPE Atlas has some 13,400 in use.
const networkSize = 13_000

// pageSeconds is for how long something is done.
type pageSeconds struct {
	Calm   int // at 500 results/s
	Busy   int // at 2,000 results/s
	Map    int // drawing
	Hidden int // behind another tab
	Asleep int // with the browser stopped
}

// pageRequest is what a part asks for, and waits for; or its figures, in the end.
type pageRequest struct {
	Results *int // a second, from now on
	Changes *int // of probes' connections a second, from now on
	Figures []pageFigure
}

// pageFigure is something that was found in the browser.
type pageFigure struct {
	Name string
	Got  float64
	Unit string
	Most *float64 // the bar, if there is one
}

// pageFigures is what a part has found.
type pageFigures struct {
	Part    string
	Figures []pageFigure
	Busy    float64 // share of the machine's processors that was busy, from 0 to 1
}

// pages measures the gateway's pages, once: each part by a file of its name in pages/.
func (s *settings) pages(ctx context.Context, lab *lab, report *report) error {
	if !slices.Contains(s.Scenario, "pages") {
		return nil
	}
	if err := lab.findBrowser(); err != nil {
		report.LeftOut = append(report.LeftOut, fmt.Sprintf("pages: %s", err))
		return nil
	}
	for _, part := range s.Pages {
		figures, err := lab.measurePage(ctx, part)
		if err != nil {
			return fmt.Errorf("pages, %s: %w", part, err)
		}
		report.addPage(os.Stderr, figures)
	}
	return nil
}

func (s *settings) pageSeconds() pageSeconds {
	if s.Quick {
		return pageSeconds{Calm: 3, Busy: 3, Map: 3, Hidden: 3, Asleep: 35} // less is no sleep to the pages
	}
	return pageSeconds{Calm: 60, Busy: 120, Map: 10, Hidden: int(s.Hidden.Seconds()), Asleep: 120}
}

// measurePage has a part go on in a browser, with a gateway of its own.
func (l *lab) measurePage(ctx context.Context, part string) (figures pageFigures, err error) {
	gateway, err := l.startServer(ctx, server{command: limitedGatewayCommand, hasAdmin: true})
	if err != nil {
		return figures, err
	}
	defer gateway.stop()
	screen, display, err := l.startScreen(ctx)
	if err != nil {
		return figures, err
	}
	defer screen.stop()
	browser, err := l.startBrowser(ctx, display, part, gateway)
	if err != nil {
		return figures, err
	}
	defer browser.stop()
	feed := pageFeed{lab: l}
	defer feed.stop()
	before, err := readMachine(gateway.pid())
	if err != nil {
		return figures, err
	}
	found, err := l.serveBrowser(ctx, browser, &feed)
	if err != nil {
		return figures, gateway.explain(err)
	}
	after, err := readMachine(gateway.pid())
	return pageFigures{Part: part, Figures: found, Busy: after.since(before).busy}, err
}

// startBrowser has node measure a part, with a screen for a browser that has a window.
func (l *lab) startBrowser(ctx context.Context, screen, part string, gateway *running) (*process, error) {
	seconds, err := json.Marshal(l.settings.pageSeconds())
	if err != nil {
		return nil, err
	}
	return l.startIn(ctx, []string{"DISPLAY=" + screen}, "node", filepath.Join(l.pages, "measure.cjs"), part, "http://"+gateway.address, string(seconds))
}

// serveBrowser does what the part asks for until it has its figures.
func (l *lab) serveBrowser(ctx context.Context, browser *process, feed *pageFeed) ([]pageFigure, error) {
	const patience = 5 * time.Minute
	seconds := l.settings.pageSeconds()
	longest := patience + time.Duration(max(seconds.Calm, seconds.Busy, seconds.Hidden, seconds.Asleep))*time.Second
	for {
		var request pageRequest
		if err := browser.receiveWithin(longest, &request); err != nil {
			return nil, err
		}
		if request.Figures != nil {
			return request.Figures, nil
		}
		if err := feed.change(ctx, request); err != nil {
			return nil, err
		}
		if err := browser.Send(ipc.Ready{}); err != nil {
			return nil, browser.explain(err)
		}
	}
}

// pageFeed is what a gateway has to show.
type pageFeed struct {
	lab              *lab
	results, network *process
}

func (f *pageFeed) stop() {
	for _, process := range []*process{f.results, f.network} {
		if process != nil {
			process.stop()
		}
	}
	f.results, f.network = nil, nil
}

func (f *pageFeed) change(ctx context.Context, to pageRequest) (err error) {
	if to.Results != nil {
		err = f.sendResults(ctx, *to.Results)
	}
	if to.Changes != nil {
		err = errors.Join(err, f.changeConnections(ctx, *to.Changes))
	}
	return err
}

func (f *pageFeed) sendResults(ctx context.Context, rate int) (err error) {
	if f.results != nil {
		f.results.stop()
		f.results = nil
	}
	if rate > 0 {
		f.results, err = f.lab.start(ctx, f.lab.program("producer"), "--kafka", f.lab.kafka, "--rows", f.lab.rows,
			"--rate", strconv.Itoa(rate), "--measurements", "1")
	}
	return err
}

func (f *pageFeed) changeConnections(ctx context.Context, rate int) (err error) {
	if f.network != nil {
		f.network.stop()
		f.network = nil
	}
	if rate == 0 {
		return nil
	}
	f.network, err = f.lab.start(ctx, f.lab.program("network"), "--kafka", f.lab.kafka,
		"--probes", strconv.Itoa(networkSize), "--changes", strconv.Itoa(rate))
	if err != nil {
		return err
	}
	return f.network.receive(&ipc.Ready{})
}

func (r *report) addPage(progress io.Writer, f pageFigures) {
	r.Pages = append(r.Pages, f)
	fmt.Fprintf(progress, "pages, %s: machine %.0f%% busy\n", f.Part, 100*f.Busy)
}

func (r *report) printPages(to io.Writer) {
	if len(r.Pages) == 0 {
		return
	}
	fmt.Fprintln(to, "\npages\twhat\tfigure\tmachine busy\t")
	for _, part := range r.Pages {
		for _, f := range part.Figures {
			fmt.Fprintf(to, "%s\t%s\t%.2f %s\t%.0f%%\t\n", part.Part, f.Name, f.Got, f.Unit, 100*part.Busy)
		}
	}
}

// pageBars are the bars of the figures that have one; the others are for explanation.
func (r *report) pageBars() (bars []bar) {
	for _, part := range r.Pages {
		for _, f := range part.Figures {
			if f.Most != nil {
				bars = append(bars, newBar(fmt.Sprintf("pages, %s: %s", part.Part, f.Name), f.Got, *f.Most, f.Unit))
			}
		}
	}
	return bars
}

// findBrowser tells what is missing for the pages to be measured.
func (l *lab) findBrowser() error {
	var missing []error
	chromium := cmp.Or(os.Getenv("CHROMIUM"), "/usr/bin/chromium") // as chromium.cjs has it
	for _, program := range []string{"node", chromium, "Xvfb"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, err)
		}
	}
	for _, made := range []string{"../../gateway/web/dist/index.html", "../../e2e/clients/browser/node_modules/playwright-core"} {
		if _, err := os.Stat(filepath.Join(l.pages, made)); err != nil {
			missing = append(missing, fmt.Errorf("make bench makes %s: %w", filepath.Base(made), err))
		}
	}
	return errors.Join(missing...)
}

// startScreen starts a virtual screen and returns its name: in a headless browser, no tab is ever hidden.
func (l *lab) startScreen(ctx context.Context) (*process, string, error) {
	screen, err := l.start(ctx, "Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1700x1000x24")
	if err != nil {
		return nil, "", err
	}
	var number int
	if err := screen.receive(&number); err != nil {
		screen.stop()
		return nil, "", err
	}
	return screen, fmt.Sprintf(":%d", number), nil
}
