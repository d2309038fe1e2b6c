package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"atlasstream/services/bench/internal/ipc"
)

// fanOutFigures is one measurement of one server.
type fanOutFigures struct {
	Round      int
	Scenario   string
	Server     string
	CPU        time.Duration // of the server, within the window
	Resident   int64         // bytes of the server at the window's end
	Load       ipc.Load
	Loaded     float64 // results sent within the window, as a share of what the scenario wants
	Expected   int     // deliveries of what was sent within the window
	Received   ipc.Received
	MicrosEach float64 // CPU time for each delivery that arrived within the window
	Busy       float64 // share of the machine's processors that was busy, from 0 to 1
}

// fanOut starts a server, its clients and the load, and measures.
func (l *lab) fanOut(ctx context.Context, scenario scenario, server server) (figures fanOutFigures, err error) {
	target, err := l.startServer(ctx, server)
	if err != nil {
		return figures, err
	}
	defer target.stop()
	return l.fanOutOn(ctx, scenario, server, target)
}

// fanOutOn measures a server that runs. The others are told the window too.
func (l *lab) fanOutOn(ctx context.Context, scenario scenario, server server, target *running, others ...*process) (figures fanOutFigures, err error) {
	load, err := l.startLoad(ctx, scenario, server, target)
	if err != nil {
		return figures, err
	}
	defer load.stop()
	return l.measureFanOut(ctx, scenario, target, load, others...)
}

// load is what is fanned out, and to whom.
type load struct{ clients, producer *process }

// startLoad returns when each client has got something.
func (l *lab) startLoad(ctx context.Context, scenario scenario, server server, target *running) (started load, err error) {
	clients, err := l.startClients(ctx, target.address, server.protocol, scenario)
	if err != nil {
		return load{}, target.explain(err)
	}
	producer, err := l.startProducer(ctx, scenario)
	if err != nil {
		clients.stop()
		return load{}, err
	}
	started = load{clients: clients, producer: producer}
	if err := clients.receive(&ipc.Ready{}); err != nil {
		started.stop()
		return load{}, target.explain(err)
	}
	return started, nil
}

func (l *lab) startProducer(ctx context.Context, scenario scenario) (*process, error) {
	return l.start(ctx, l.program("producer"), "--kafka", l.kafka, "--rows", l.rows, "--rate", strconv.Itoa(scenario.Rate),
		"--measurements", strconv.Itoa(scenario.Measurements), "--first", strconv.Itoa(scenario.first()), "--hops", strconv.Itoa(scenario.Hops),
		"--bursts", strconv.Itoa(scenario.bursts()), fmt.Sprintf("--uneven=%t", scenario.Uneven))
}

func (l load) stop() {
	l.producer.stop()
	l.clients.stop()
}

// announce tells clients and producer the window.
func (l load) announce(window ipc.Window, others ...*process) error {
	for _, process := range append([]*process{l.clients, l.producer}, others...) {
		if err := process.Send(window); err != nil {
			return process.explain(err)
		}
	}
	return nil
}

// startClients returns when all are subscribed.
func (l *lab) startClients(ctx context.Context, address, protocol string, scenario scenario, flags ...string) (*process, error) {
	process, err := l.start(ctx, l.program("clients"), append(flags, "--address", address, "--protocol", protocol,
		"--clients", strconv.Itoa(scenario.Clients), "--measurements", strconv.Itoa(scenario.Measurements), "--first", strconv.Itoa(scenario.first()),
		fmt.Sprintf("--filtered=%t", scenario.Filtered), fmt.Sprintf("--cursors=%t", scenario.Cursors))...)
	if err != nil {
		return nil, err
	}
	if err := process.receive(&ipc.Ready{}); err != nil {
		process.stop()
		return nil, err
	}
	return process, nil
}

func (l *lab) measureFanOut(
	ctx context.Context, scenario scenario, target *running, load load, others ...*process,
) (figures fanOutFigures, err error) {
	window := l.nextWindow()
	if err := load.announce(window, others...); err != nil {
		return figures, err
	}
	usage, err := l.watch(ctx, target, window, scenario.Name)
	if err != nil {
		return figures, target.explain(err)
	}
	if err := load.finish(scenario, &figures); err != nil {
		return figures, err
	}
	figures.Loaded = float64(figures.Load.Records) / float64(scenario.Rate*l.settings.Seconds)
	figures.CPU, figures.Resident, figures.Busy = usage.cpu, usage.resident, usage.busy
	figures.MicrosEach = microsEach(usage.cpu, figures.Received.Arrived)
	return figures, nil
}

// finish receives, when the window is over, what was sent within it and what of that was received.
func (l load) finish(scenario scenario, figures *fanOutFigures) error {
	if err := l.producer.receive(&figures.Load); err != nil {
		return err
	}
	figures.Expected = scenario.deliveries(figures.Load.Records)
	if err := l.clients.Send(ipc.Expected{Deliveries: figures.Expected}); err != nil {
		return l.clients.explain(err)
	}
	return l.clients.receive(&figures.Received)
}

// nextWindow begins when the load has flowed for a while.
func (l *lab) nextWindow() ipc.Window {
	from := time.Now().Add(l.settings.Warmup)
	return ipc.Window{From: from.UnixMicro(), To: from.Add(time.Duration(l.settings.Seconds) * time.Second).UnixMicro()}
}

func microsEach(cpu time.Duration, pieces int) float64 {
	return float64(cpu.Microseconds()) / float64(max(1, pieces))
}

func (r *report) addFanOut(progress io.Writer, f fanOutFigures) {
	r.FanOut = append(r.FanOut, f)
	fmt.Fprintf(progress, "round %d, %s %s: %.1f µs a delivery, p99 %.1f ms, machine %.0f%% busy\n",
		f.Round+1, f.Scenario, f.Server, f.MicrosEach, p99(f), 100*f.Busy)
}

func (r *report) server(scenario, server string) []fanOutFigures {
	return matching(r.FanOut, func(f fanOutFigures) bool { return f.Scenario == scenario && f.Server == server })
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

// maxP99Over is a bar: our p99 latency over the bare loop's, so that nothing is won by waiting.
const maxP99Over = 5 * time.Millisecond

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

// cores is how many processors a server kept busy.
func (r *report) cores(f fanOutFigures) float64 { return f.CPU.Seconds() / float64(r.Seconds) }

func micros(f fanOutFigures) float64 { return f.MicrosEach }

func p99(f fanOutFigures) float64 { return f.Received.P99.Seconds() * 1000 }

// missing counts over all rounds; too many count as well as too few.
func missing(figures []fanOutFigures) (count int) {
	for _, f := range figures {
		difference := f.Expected - f.Received.Deliveries
		count += max(difference, -difference)
	}
	return count
}

func (f fanOutFigures) round() int { return f.Round }
