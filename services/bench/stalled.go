package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/prometheus/procfs"
)

// The amounts and bars of the scenario stalled.
const (
	stalledClients   = 3000 // each on a measurement of its own
	stalledIdle      = 12_000
	stalledRate      = 5000      // results a second for those that do not read
	stalledMemory    = "900MiB"  // for the Go runtime, as in a container of 1 GiB
	maxStalledMemory = 1 << 10   // MiB, of the gateway and all sockets of the machine
	maxStalledP99    = 2.0       // of others, in times of before
	stalledFirst     = 2_000_001 // measurement of those that do not read
	stalledIdleFirst = 3_000_001
	stalledFilling   = time.Minute // how long results flow before others are measured
)

// stalledLoad is what others receive meanwhile.
var stalledLoad = scenario{Name: "stalled", Clients: 100, Measurements: 1, First: 4_000_001, Rate: 100}

// stalledFigures is one measurement of a gateway most of whose clients do not read, or get nothing.
type stalledFigures struct {
	Before, During fanOutFigures // of others
	Sockets        int64         // bytes of memory of all TCP sockets of the machine, those of the clients included, over those before
}

// stalled measures the gateways in turn.
func (s *settings) stalled(ctx context.Context, lab *lab, report *report, round int) error {
	if !slices.Contains(s.Scenario, stalledLoad.Name) {
		return nil
	}
	for _, name := range s.gateways(round) {
		figures, err := lab.stalled(ctx, servers[name])
		if err != nil {
			return fmt.Errorf("stalled, %s: %w", name, err)
		}
		for _, f := range []*fanOutFigures{&figures.Before, &figures.During} {
			f.Round, f.Scenario, f.Server = round, stalledLoad.Name, name
		}
		report.addStalled(os.Stderr, figures)
	}
	return nil
}

// stalled measures others beside the load for clients that do not read, first without these clients and then with them.
func (l *lab) stalled(ctx context.Context, server server) (figures stalledFigures, err error) {
	server.environment = []string{"GOMEMLIMIT=" + stalledMemory}
	server.command = lastingClients(server.command)
	target, err := l.startServer(ctx, server)
	if err != nil {
		return figures, err
	}
	defer target.stop()
	producer, err := l.startStalledProducer(ctx)
	if err != nil {
		return figures, err
	}
	defer producer.stop()
	load := l.settings.scaled(stalledLoad)
	if figures.Before, err = l.fanOutOn(ctx, load, server, target); err != nil {
		return figures, err
	}
	load.First++
	others, err := l.startLoad(ctx, load, server, target) // before there is no room for further clients
	if err != nil {
		return figures, err
	}
	defer others.stop()
	return figures, l.besideStalled(ctx, load, target, others, &figures)
}

// besideStalled measures others while clients that do not read, and idle ones, are connected.
func (l *lab) besideStalled(ctx context.Context, scenario scenario, target *running, others load, figures *stalledFigures) error {
	sockets, err := socketMemory()
	if err != nil {
		return err
	}
	stopClients, err := l.startStalledClients(ctx, target)
	if err != nil {
		return target.explain(err)
	}
	defer stopClients()
	if err := waitUntil(ctx, time.Now().Add(l.stalledFilling())); err != nil {
		return err
	}
	if figures.During, err = l.measureFanOut(ctx, scenario, target, others); err != nil {
		return err
	}
	now, err := socketMemory()
	figures.Sockets = now - sockets
	return errors.Join(err, l.saveProfile(ctx, target, stalledLoad.Name, "heap"))
}

// startStalledProducer produces the results of the measurements whose clients do not read.
func (l *lab) startStalledProducer(ctx context.Context) (*process, error) {
	return l.startProducer(ctx, l.settings.scaled(scenario{Rate: stalledRate, Measurements: stalledClients, First: stalledFirst}))
}

// startStalledClients connects the clients that get nothing, and those that do not read what they get.
func (l *lab) startStalledClients(ctx context.Context, target *running) (stop func(), err error) {
	idle, err := l.startClients(ctx, target.address, "websocket", scenario{Clients: l.settings.share(stalledIdle), Measurements: 1, First: stalledIdleFirst})
	if err != nil {
		return nil, err
	}
	clients := l.settings.share(stalledClients)
	reading, err := l.startClients(ctx, target.address, "websocket", scenario{Clients: clients, Measurements: clients, First: stalledFirst}, "--stalled")
	if err != nil {
		idle.stop()
		return nil, err
	}
	return func() { reading.stop(); idle.stop() }, nil
}

// lastingClients has a gateway keep clients that do not read for longer than they are measured.
func lastingClients(command func(lab *lab, listen, admin string) []string) func(lab *lab, listen, admin string) []string {
	return func(lab *lab, listen, admin string) []string {
		return append(command(lab, listen, admin), "--write-timeout", "10m")
	}
}

func (l *lab) stalledFilling() time.Duration {
	if l.settings.Quick {
		return time.Second
	}
	return stalledFilling
}

// socketMemory is the memory of all TCP sockets of the machine, in bytes.
func socketMemory() (int64, error) {
	files, err := procfs.NewDefaultFS()
	if err != nil {
		return 0, err
	}
	stat, err := files.NetSockstat()
	if err != nil {
		return 0, err
	}
	for _, protocol := range stat.Protocols {
		if protocol.Protocol == "TCP" && protocol.Mem != nil {
			return int64(*protocol.Mem) * int64(os.Getpagesize()), nil
		}
	}
	return 0, errors.New("sockstat: there is no memory of TCP")
}

func (f stalledFigures) mebibytes() float64 { return float64(f.During.Resident+f.Sockets) / (1 << 20) }

func (f stalledFigures) slower() float64 {
	return float64(f.During.Received.P99) / float64(max(1, f.Before.Received.P99))
}

func (r *report) addStalled(progress io.Writer, f stalledFigures) {
	r.Stalled = append(r.Stalled, f)
	fmt.Fprintf(progress, "round %d, stalled, %s: %.0f MiB, p99 %.1f ms after %.1f ms, machine %.0f%% busy\n",
		f.During.Round+1, f.During.Server, f.mebibytes(), p99(f.During), p99(f.Before), 100*f.During.Busy)
}

func (r *report) stalledOf(server string) []stalledFigures {
	return matching(r.Stalled, func(f stalledFigures) bool { return f.During.Server == server })
}

func (r *report) printStalled(to io.Writer) {
	if len(r.Stalled) > 0 {
		fmt.Fprintln(to, "\nstalled\tresident MiB\tsockets MiB\tp99 ms before\tp99 ms\tmissing\tmachine busy\t")
	}
	for _, server := range []string{"ours", earlierGateway} {
		found := r.stalledOf(server)
		if len(found) == 0 {
			continue
		}
		fmt.Fprintf(to, "%s\t%.0f\t%.0f\t%.1f\t%.1f\t%d\t%.0f%%\t\n", server,
			medianOf(found, func(f stalledFigures) float64 { return float64(f.During.Resident) / (1 << 20) }),
			medianOf(found, func(f stalledFigures) float64 { return float64(f.Sockets) / (1 << 20) }),
			medianOf(found, func(f stalledFigures) float64 { return p99(f.Before) }),
			medianOf(found, func(f stalledFigures) float64 { return p99(f.During) }),
			stalledMissing(found),
			medianOf(found, func(f stalledFigures) float64 { return 100 * f.During.Busy }))
	}
}

func (r *report) stalledBars() []bar {
	ours := r.stalledOf("ours")
	if len(ours) == 0 {
		return nil
	}
	return []bar{
		newBar("stalled: memory of the gateway and of sockets", medianOf(ours, stalledFigures.mebibytes), maxStalledMemory, "MiB"),
		newBar("stalled: p99 latency of others, to that before", medianOf(ours, stalledFigures.slower), maxStalledP99, ""),
		newBar("stalled: deliveries of others that are missing or double", float64(stalledMissing(ours)), 0, ""),
	}
}

func stalledMissing(figures []stalledFigures) (count int) {
	for _, f := range figures {
		count += missing([]fanOutFigures{f.Before, f.During})
	}
	return count
}
