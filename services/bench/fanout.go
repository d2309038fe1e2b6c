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
	clients, err := l.startClients(ctx, target.address, server.protocol, scenario)
	if err != nil {
		return figures, target.explain(err)
	}
	defer clients.stop()
	producer, err := l.start(ctx, l.program("producer"), "--kafka", l.kafka, "--rows", l.rows,
		"--rate", strconv.Itoa(scenario.Rate), "--measurements", strconv.Itoa(scenario.Measurements), "--hops", strconv.Itoa(scenario.Hops))
	if err != nil {
		return figures, err
	}
	defer producer.stop()
	if err := clients.receive(&ipc.Ready{}); err != nil { // each has got something
		return figures, target.explain(err)
	}
	return l.measureFanOut(ctx, scenario, target, clients, producer, others...)
}

// startClients returns when all are subscribed.
func (l *lab) startClients(ctx context.Context, address, protocol string, scenario scenario) (*process, error) {
	process, err := l.start(ctx, l.program("clients"), "--address", address, "--protocol", protocol,
		"--clients", strconv.Itoa(scenario.Clients), "--measurements", strconv.Itoa(scenario.Measurements), fmt.Sprintf("--filtered=%t", scenario.Filtered))
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
	ctx context.Context, scenario scenario, target *running, clients, producer *process, others ...*process,
) (figures fanOutFigures, err error) {
	window := l.nextWindow()
	for _, process := range append([]*process{clients, producer}, others...) {
		if err := process.Send(window); err != nil {
			return figures, process.explain(err)
		}
	}
	usage, err := l.watch(ctx, target, window, scenario.Name)
	if err != nil {
		return figures, target.explain(err)
	}
	if err := producer.receive(&figures.Load); err != nil {
		return figures, err
	}
	figures.Expected = scenario.deliveries(figures.Load.Records)
	figures.Loaded = float64(figures.Load.Records) / float64(scenario.Rate*l.settings.Seconds)
	if err := clients.Send(ipc.Expected{Deliveries: figures.Expected}); err != nil {
		return figures, clients.explain(err)
	}
	if err := clients.receive(&figures.Received); err != nil {
		return figures, err
	}
	figures.CPU, figures.Resident, figures.Busy = usage.cpu, usage.resident, usage.busy
	figures.MicrosEach = microsEach(usage.cpu, figures.Received.Arrived)
	return figures, nil
}

// nextWindow begins when the load has flowed for a while.
func (l *lab) nextWindow() ipc.Window {
	from := time.Now().Add(l.settings.Warmup)
	return ipc.Window{From: from.UnixMicro(), To: from.Add(time.Duration(l.settings.Seconds) * time.Second).UnixMicro()}
}

func microsEach(cpu time.Duration, pieces int) float64 {
	return float64(cpu.Microseconds()) / float64(max(1, pieces))
}
