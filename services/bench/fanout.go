package main

import (
	"context"
	"fmt"
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
	producer, err := l.start(ctx, l.program("producer"), "--kafka", l.kafka, "--rows", l.rows, "--rate", strconv.Itoa(scenario.Rate),
		"--measurements", strconv.Itoa(scenario.Measurements), "--first", strconv.Itoa(scenario.first()), "--hops", strconv.Itoa(scenario.Hops))
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
