package main

import (
	"context"
	"strconv"
	"time"

	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/bench/internal/talk"
)

// intakeFigures is one measurement of the way into Kafka.
type intakeFigures struct {
	Round      int
	Server     string
	CPU        time.Duration // of the process that writes to Kafka, within the window
	Resident   int64         // its bytes at the window's end
	Load       talk.Load
	MicrosEach float64 // CPU time for each record that was acknowledged within the window
	Cores      float64 // CPU time for each second
	Busy       float64 // share of the machine's processors that was busy, from 0 to 1
}

// intake is something that writes results to Kafka.
type intake struct {
	name string
	// start gives the process that is measured and the one that brings the load, which may be the same.
	start func(ctx context.Context, lab *lab, rate string) (measured *running, load *process, err error)
}

var intakes = []intake{{"collector", startCollector}, {"writer", startWriter}}

func startCollector(ctx context.Context, lab *lab, rate string) (*running, *process, error) {
	collector, err := lab.startCollector(ctx)
	if err != nil {
		return nil, nil, err
	}
	poster, err := lab.startPoster(ctx, collector, rate)
	if err != nil {
		collector.stop()
	}
	return collector, poster, err
}

func (l *lab) startPoster(ctx context.Context, collector *running, rate string) (*process, error) {
	return l.start(ctx, l.program("poster"), "--address", collector.address, "--rows", l.rows, "--rate", rate)
}

// startCollector returns when the collector is ready.
func (l *lab) startCollector(ctx context.Context) (*running, error) {
	addresses, err := kafkatest.FreeAddresses(3)
	if err != nil {
		return nil, err
	}
	process, err := l.start(ctx, l.program("collector"), "serve", "--kafka", l.kafka, "--log-level", "warn",
		"--listen", addresses[0], "--grpc", addresses[1], "--admin", addresses[2])
	if err != nil {
		return nil, err
	}
	collector := &running{process: process, address: addresses[0], admin: addresses[2]}
	ready := func(ctx context.Context) error { return answersOK(ctx, "http://"+collector.admin+"/readyz") }
	if err := awaitReady(ctx, ready); err != nil {
		process.stop()
		return nil, process.explain(err)
	}
	return collector, nil
}

func startWriter(ctx context.Context, lab *lab, rate string) (*running, *process, error) {
	writer, err := lab.start(ctx, lab.program("writer"), "--kafka", lab.kafka, "--rows", lab.rows, "--rate", rate)
	return &running{process: writer}, writer, err
}

// takeIn measures the way in at so many results a second.
func (l *lab) takeIn(ctx context.Context, intake intake, rate int) (figures intakeFigures, err error) {
	measured, load, err := intake.start(ctx, l, strconv.Itoa(rate))
	if err != nil {
		return figures, err
	}
	defer measured.stop()
	if load != measured.process {
		defer load.stop()
	}
	return l.measureIntake(ctx, intake.name, measured, load)
}

// measureIntake measures the way in once load flows. The others are told the window too.
func (l *lab) measureIntake(ctx context.Context, name string, measured *running, load *process, others ...*process) (figures intakeFigures, err error) {
	if err := load.hear(&talk.Progress{}); err != nil {
		return figures, measured.explain(err)
	}
	window := l.nextWindow()
	for _, process := range append([]*process{load}, others...) {
		if err := process.Tell(window); err != nil {
			return figures, process.explain(err)
		}
	}
	usage, err := l.watch(ctx, measured, window, name)
	if err != nil {
		return figures, measured.explain(err)
	}
	if err := load.hear(&figures.Load); err != nil {
		return figures, err
	}
	figures.CPU, figures.Resident, figures.Busy = usage.cpu, usage.resident, usage.busy
	figures.MicrosEach = microsEach(usage.cpu, figures.Load.Records)
	figures.Cores = usage.cpu.Seconds() / float64(l.settings.Seconds)
	return figures, nil
}
