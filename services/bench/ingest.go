package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/bench/internal/ipc"
)

// ingestFigures is one measurement of writing to Kafka.
type ingestFigures struct {
	Round      int
	Server     string
	CPU        time.Duration // of the process that writes to Kafka, within the window
	Resident   int64         // its bytes at the window's end
	Load       ipc.Load
	MicrosEach float64 // CPU time for each record that was acknowledged within the window
	Cores      float64 // CPU time for each second
	Busy       float64 // share of the machine's processors that was busy, from 0 to 1
}

// ingestServer is a program that writes results to Kafka.
type ingestServer struct {
	name string
	// start returns the process that is measured and the one that sends the load, which may be the same.
	start func(ctx context.Context, lab *lab, rate string) (measured *running, load *process, err error)
}

var ingestServers = []ingestServer{{"collector", startCollector}, {"writer", startWriter}}

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
func (l *lab) startCollector(ctx context.Context, settings ...string) (*running, error) {
	addresses, err := kafkatest.FreeAddresses(3)
	if err != nil {
		return nil, err
	}
	process, err := l.start(ctx, l.program("collector"), append([]string{"serve", "--kafka", l.kafka, "--log-level", "warn", "--drain-delay", "0s",
		"--listen", addresses[0], "--grpc", addresses[1], "--admin", addresses[2]}, settings...)...)
	if err != nil {
		return nil, err
	}
	collector := &running{process: process, address: addresses[0], grpc: addresses[1], admin: addresses[2]}
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

// ingest measures a program at a rate of results a second.
func (l *lab) ingest(ctx context.Context, server ingestServer, rate int) (figures ingestFigures, err error) {
	measured, load, err := server.start(ctx, l, strconv.Itoa(rate))
	if err != nil {
		return figures, err
	}
	defer measured.stop()
	if load != measured.process {
		defer load.stop()
	}
	return l.measureIngest(ctx, server.name, measured, load)
}

// measureIngest measures once load flows. The other processes are also sent the window.
func (l *lab) measureIngest(ctx context.Context, name string, measured *running, load *process, others ...*process) (figures ingestFigures, err error) {
	if err := load.receive(&ipc.Ready{}); err != nil {
		return figures, measured.explain(err)
	}
	window := l.nextWindow()
	for _, process := range append([]*process{load}, others...) {
		if err := process.Send(window); err != nil {
			return figures, process.explain(err)
		}
	}
	usage, err := l.watch(ctx, measured, window, name)
	if err != nil {
		return figures, measured.explain(err)
	}
	if err := load.receive(&figures.Load); err != nil {
		return figures, err
	}
	figures.CPU, figures.Resident, figures.Busy = usage.cpu, usage.resident, usage.busy
	figures.MicrosEach = microsEach(usage.cpu, figures.Load.Records)
	figures.Cores = usage.cpu.Seconds() / float64(l.settings.Seconds)
	return figures, nil
}

func (r *report) addIngest(progress io.Writer, f ingestFigures) {
	r.Intake = append(r.Intake, f)
	fmt.Fprintf(progress, "round %d, %s: %.1f µs a record, %.2f processors, machine %.0f%% busy\n", f.Round+1, f.Server, f.MicrosEach, f.Cores, 100*f.Busy)
}

func (r *report) ingest(server string) []ingestFigures {
	return matching(r.Intake, func(f ingestFigures) bool { return f.Server == server })
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

// The bars of the collector.
const (
	maxWriterTimes = 2.0 // CPU, in times of the bare Writer's
	maxCores       = 0.5 // at the real network's rate
)

func (r *report) ingestBars() []bar {
	collector, writer := r.ingest("collector"), r.ingest("writer")
	if len(collector) == 0 || len(writer) == 0 {
		return nil
	}
	rate := fmt.Sprintf("%d results/s", realNetworkRate)
	return append(
		ratioBar("collector: CPU for a record, to the bare Writer's", ratios(medianOf(collector, ingestMicros), medianOf(writer, ingestMicros)), maxWriterTimes),
		newBar("collector: processors busy at "+rate, medianOf(collector, func(f ingestFigures) float64 { return f.Cores }), maxCores, ""))
}

func ingestMicros(f ingestFigures) float64 { return f.MicrosEach }
