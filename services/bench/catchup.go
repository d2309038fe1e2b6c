package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/payload"
)

// The amounts and the bar of the scenario catchup.
const (
	catchingUp      = 100     // clients
	missedResults   = 100_000 // of each of them: so many that the log is read
	maxCatchUpTimes = 0.8     // CPU for a record, in times of the earlier gateway's
	catchUpTimeout  = 20 * time.Minute
)

// catchUpLoad is what others receive live meanwhile. Its measurement, which no other scenario has, is also that of the clients that catch up: so all of them
// share a partition.
var catchUpLoad = scenario{Name: "catchup", Clients: 1000, Measurements: 1, First: 1_000_001, Rate: 10}

// missedLog is what the clients have missed that catch up.
type missedLog struct {
	results int
	until   int64 // the time that the latest result says, in microseconds since 1970
}

// catchUpFigures is one measurement of clients that catch up.
type catchUpFigures struct {
	Live       fanOutFigures // of the others, while those catch up
	CaughtUp   ipc.CaughtUp
	Incorrect  int     // results that clients that catch up did not get, or got twice
	MicrosEach float64 // CPU time, also that for the others, for each record that was caught up with
}

func (f catchUpFigures) round() int { return f.Live.Round }

// catchUp measures the gateways in turn, over one log.
func (s *settings) catchUp(ctx context.Context, lab *lab, report *report) error {
	if !slices.Contains(s.Scenario, catchUpLoad.Name) {
		return nil
	}
	missed, err := lab.recordMissed(ctx, s.share(missedResults))
	if err != nil {
		return fmt.Errorf("catchup: %w", err)
	}
	for round := range s.Rounds {
		for _, name := range s.gateways(round) {
			figures, err := lab.catchUp(ctx, missed, s.scaled(catchUpLoad), servers[name])
			if err != nil {
				return fmt.Errorf("catchup, %s: %w", name, err)
			}
			figures.Live.Round, figures.Live.Scenario, figures.Live.Server = round, catchUpLoad.Name, name
			report.addCatchUp(os.Stderr, figures)
		}
	}
	return nil
}

// recordMissed writes what is missed.
func (l *lab) recordMissed(ctx context.Context, count int) (missedLog, error) {
	rows, err := payload.Load(l.rows)
	if err != nil {
		return missedLog{}, err
	}
	log, err := eventlog.Open(eventlog.Config{Brokers: strings.Split(l.kafka, ",")}, zap.NewNop(), nil)
	if err != nil {
		return missedLog{}, err
	}
	defer log.Close() //nolint:errcheck // the writer has written all
	until := time.Now()
	measurement := atlas.MeasurementID(catchUpLoad.First)
	events := make([]atlas.Event, count)
	for n := range events {
		events[n] = resultOf(measurement, until, rows.Result(n, measurement, until.UnixMicro()-int64(count-1-n)))
	}
	return missedLog{results: count, until: until.UnixMicro()}, appendAll(ctx, log, eventlog.ResultsTopic, events)
}

// patientCommand is for a gateway that reads as much of the log as is missed, for all clients at once.
func patientCommand(gateway server) func(lab *lab, listen, admin string) []string {
	return func(lab *lab, listen, admin string) []string {
		return append(gateway.command(lab, listen, admin),
			"--backlog", "24h", "--behind-time", "24h", "--behind-readers", strconv.Itoa(catchingUp), "--address-readers", strconv.Itoa(catchingUp))
	}
}

// catchUp measures one gateway, from when the clients that catch up connect until the last of them has caught up.
func (l *lab) catchUp(ctx context.Context, missed missedLog, live scenario, gateway server) (figures catchUpFigures, err error) {
	gateway.command = patientCommand(gateway)
	target, err := l.startServer(ctx, gateway)
	if err != nil {
		return figures, err
	}
	defer target.stop()
	load, err := l.startLoad(ctx, live, gateway, target)
	if err != nil {
		return figures, err
	}
	defer load.stop()
	window := l.nextWindow()
	window.To = 0
	if err := load.announce(window); err != nil {
		return figures, err
	}
	usage, err := l.watchCatchUp(ctx, target, missed, window, &figures.CaughtUp)
	if err != nil {
		return figures, target.explain(err)
	}
	const notice = time.Second / 2 // in which the others hear of the window's end
	window.To = time.Now().Add(notice).UnixMicro()
	if err := errors.Join(load.announce(window), load.finish(live, &figures.Live)); err != nil {
		return figures, err
	}
	figures.Live.CPU, figures.Live.Resident, figures.Live.Busy = usage.cpu, usage.resident, usage.busy
	figures.MicrosEach = microsEach(usage.cpu, figures.CaughtUp.Records)
	figures.Incorrect = missed.incorrect(figures.CaughtUp)
	return figures, nil
}

// watchCatchUp has clients catch up once the window begins.
func (l *lab) watchCatchUp(ctx context.Context, target *running, missed missedLog, window ipc.Window, caughtUp *ipc.CaughtUp) (usage, error) {
	if err := waitUntil(ctx, time.UnixMicro(window.From)); err != nil {
		return usage{}, err
	}
	begin, err := readMachine(target.pid())
	if err != nil {
		return usage{}, err
	}
	profiled := l.profile(ctx, target, catchUpLoad.Name)
	load := scenario{Clients: l.settings.share(catchingUp), Measurements: 1, First: catchUpLoad.First}
	clients, err := l.startClients(ctx, target.address, "websocket", load, "--missed-until", strconv.FormatInt(missed.until, 10))
	if err != nil {
		return usage{}, err
	}
	defer clients.stop()
	if err := clients.receiveWithin(catchUpTimeout, caughtUp); err != nil {
		return usage{}, err
	}
	end, err := readMachine(target.pid())
	return end.since(begin), errors.Join(err, <-profiled)
}

// incorrect counts what clients did not get once.
func (m missedLog) incorrect(caughtUp ipc.CaughtUp) (count int) {
	for _, got := range caughtUp.Missed {
		count += max(m.results-got, got-m.results)
	}
	return count
}

func (r *report) addCatchUp(progress io.Writer, f catchUpFigures) {
	r.CatchUp = append(r.CatchUp, f)
	fmt.Fprintf(progress, "round %d, catchup, %s: %.1f µs a record in %s, p99 %.1f ms live, machine %.0f%% busy\n",
		f.Live.Round+1, f.Live.Server, f.MicrosEach, f.CaughtUp.Took.Round(time.Millisecond), p99(f.Live), 100*f.Live.Busy)
}

func (r *report) catchUpOf(server string) []catchUpFigures {
	return matching(r.CatchUp, func(f catchUpFigures) bool { return f.Live.Server == server })
}

func (r *report) printCatchUp(to io.Writer) {
	if len(r.CatchUp) > 0 {
		fmt.Fprintln(to, "\ncatching up\tCPU µs/record\tseconds\trecords\tincorrect\tlive p50 ms\tlive p99 ms\tlive missing\tresident MiB\tmachine busy\t")
	}
	for _, server := range []string{"ours", earlierGateway} {
		if found := r.catchUpOf(server); len(found) > 0 {
			printCatchUpRow(to, server, found)
		}
	}
}

func printCatchUpRow(to io.Writer, server string, found []catchUpFigures) {
	records := 0
	for _, f := range found {
		records += f.CaughtUp.Records
	}
	incorrect, liveMissing := catchUpFaults(found)
	fmt.Fprintf(to, "%s\t%.1f\t%.1f\t%d\t%d\t%.1f\t%.1f\t%d\t%.0f\t%.0f%%\t\n", server,
		medianOf(found, catchUpMicros),
		medianOf(found, func(f catchUpFigures) float64 { return f.CaughtUp.Took.Seconds() }),
		records, incorrect,
		medianOf(found, func(f catchUpFigures) float64 { return f.Live.Received.P50.Seconds() * 1000 }),
		medianOf(found, func(f catchUpFigures) float64 { return p99(f.Live) }),
		liveMissing,
		medianOf(found, func(f catchUpFigures) float64 { return float64(f.Live.Resident) / (1 << 20) }),
		medianOf(found, func(f catchUpFigures) float64 { return 100 * f.Live.Busy }))
}

// catchUpBars judge the CPU where there is an earlier gateway to compare with.
func (r *report) catchUpBars() (bars []bar) {
	ours := r.catchUpOf("ours")
	if len(ours) == 0 {
		return nil
	}
	if earlier := r.catchUpOf(earlierGateway); len(earlier) > 0 {
		bars = ratioBar("catchup: CPU for a record, to the earlier gateway's", pairedRatios(ours, earlier, catchUpMicros), maxCatchUpTimes)
	}
	incorrect, liveMissing := catchUpFaults(ours)
	return append(bars,
		newBar("catchup: results of backlogs that are missing or double", float64(incorrect), 0, ""),
		newBar("catchup: deliveries of others that are missing or double", float64(liveMissing), 0, ""))
}

// catchUpFaults counts over all rounds.
func catchUpFaults(figures []catchUpFigures) (incorrect, liveMissing int) {
	for _, f := range figures {
		incorrect += f.Incorrect
		liveMissing += missing([]fanOutFigures{f.Live})
	}
	return incorrect, liveMissing
}

func catchUpMicros(f catchUpFigures) float64 { return f.MicrosEach }
