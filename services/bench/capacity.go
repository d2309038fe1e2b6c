package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/services/bench/internal/capacity"
	"atlasstream/services/bench/internal/ipc"
)

// capacityLoad is what is measured on each of some numbers of gateways. Costs are found by the loads that are not predicted.
type capacityLoad struct {
	scenario
	Unread    bool  // the clients want measurements of which nothing comes
	Predicted []int // numbers of gateways
	Quick     bool  // it is among the few that --quick measures
}

// silentFirst is the first measurement of which nothing comes.
const silentFirst = 6_000_001

var capacityLoads = []capacityLoad{
	{scenario: scenario{Name: "idle, one partition", Clients: 1000, Measurements: 1}, Unread: true},
	{scenario: scenario{Name: "idle, all partitions", Clients: 1000, Measurements: 1000}, Unread: true, Quick: true},
	{scenario: scenario{Name: "unread, in small batches", Clients: 1000, Measurements: 1000, Rate: 2000}, Unread: true, Quick: true},
	{scenario: scenario{Name: "unread, in large batches", Clients: 1000, Measurements: 1000, Rate: 10_000, Bursts: 10}, Unread: true},
	{scenario: scenario{Name: "one client a measurement", Clients: 500, Measurements: 500, Rate: 2000}},
	{scenario: scenario{Name: "five clients a measurement", Clients: 1000, Measurements: 200, Rate: 1000}},
	{scenario: scenario{Name: "a thousand on one measurement", Clients: 1000, Measurements: 1, Rate: 40}},
	{scenario: scenario{Name: "fifty on a fast measurement", Clients: 50, Measurements: 1, Rate: 1000}},
	{scenario: scenario{Name: "wide", Clients: 1000, Measurements: 1, Rate: 25}, Predicted: []int{1, 2, 4}},
	{scenario: scenario{Name: "uneven", Clients: 1000, Measurements: 200, Rate: 1000, Uneven: true}, Predicted: []int{1, 2, 4}, Quick: true},
}

// capacityLoads are those that are measured: with --quick a few, on two gateways at most.
func (s *settings) capacityLoads() []capacityLoad {
	if !s.Quick {
		return capacityLoads
	}
	few := matching(capacityLoads, func(load capacityLoad) bool { return load.Quick })
	for i := range few {
		few[i].Predicted = few[i].Predicted[:min(2, len(few[i].Predicted))]
	}
	return few
}

// gateways are the numbers of gateways that the load is measured on.
func (c capacityLoad) gateways() []int {
	if len(c.Predicted) == 0 {
		return []int{1}
	}
	return c.Predicted
}

// capacityFigures is one measurement of some gateways.
type capacityFigures struct {
	Round      int
	Load       capacityLoad
	Gateways   int
	Processors float64 // that all gateways kept busy
	Fetches    float64 // that Kafka answered in a second, some of them without records
	Results    float64 // sent in a second
	Expected   int     // deliveries
	Received   ipc.Received
	Busy       float64 // share of the machine's processors that was busy, from 0 to 1
}

func (f capacityFigures) round() int { return f.Round }

// capacity measures what gateways take, in a log that has been written for a while.
func (s *settings) capacity(ctx context.Context, lab *lab, report *report) error {
	if !slices.Contains(s.Scenario, "capacity") {
		return nil
	}
	var err error
	if report.Sizes, err = lab.sizes(ctx); err != nil {
		return fmt.Errorf("capacity: %w", err)
	}
	for round := range s.Rounds {
		for _, load := range s.capacityLoads() {
			if err := s.measureLoad(ctx, lab, report, load, round); err != nil {
				return fmt.Errorf("capacity, %s: %w", load.Name, err)
			}
		}
	}
	if s.Costs != "" && !s.Quick {
		return report.costs().Save(s.Costs)
	}
	return nil
}

func (s *settings) measureLoad(ctx context.Context, lab *lab, report *report, load capacityLoad, round int) error {
	load.scenario = s.scaled(load.scenario)
	for _, count := range load.gateways() {
		figures, err := lab.measureGateways(ctx, load, count)
		if err != nil {
			return fmt.Errorf("%d gateways: %w", count, err)
		}
		figures.Round, figures.Load, figures.Gateways = round, load, count
		report.addCapacity(os.Stderr, figures)
	}
	return nil
}

// measureGateways measures so many gateways that share a load.
func (l *lab) measureGateways(ctx context.Context, wanted capacityLoad, count int) (figures capacityFigures, err error) {
	gateways, stop, err := l.startGateways(ctx, count)
	if err != nil {
		return figures, err
	}
	defer stop()
	load, err := l.startCapacityLoad(ctx, wanted, gateways)
	if err != nil {
		return figures, err
	}
	defer load.stop()
	window := l.nextWindow()
	if err := load.announce(window); err != nil {
		return figures, err
	}
	taken, err := l.watchAll(ctx, gateways, window, wanted.Name)
	if err != nil {
		return figures, err
	}
	seconds := float64(l.settings.Seconds)
	figures.Processors, figures.Fetches, figures.Busy = taken.cpu.Seconds()/seconds, taken.fetches/seconds, taken.busy
	var sent fanOutFigures
	err = load.finish(wanted.reading(), &sent)
	figures.Results = float64(sent.Load.Records) / seconds
	figures.Expected, figures.Received = sent.Expected, sent.Received
	return figures, err
}

// reading is the scenario, without clients if they want something else.
func (c capacityLoad) reading() scenario {
	if c.Unread {
		c.Clients = 0
	}
	return c.scenario
}

func (l *lab) startGateways(ctx context.Context, count int) (gateways []*running, stop func(), err error) {
	stop = func() {
		for _, gateway := range gateways {
			gateway.stop()
		}
	}
	for range count {
		gateway, err := l.startServer(ctx, servers["ours"])
		if err != nil {
			stop()
			return nil, nil, err
		}
		gateways = append(gateways, gateway)
	}
	return gateways, stop, nil
}

// startCapacityLoad returns when all gateways have read what is in the log, and each client that gets something has got something.
func (l *lab) startCapacityLoad(ctx context.Context, wanted capacityLoad, gateways []*running) (started load, err error) {
	subscribed := wanted.scenario
	if wanted.Unread {
		subscribed.First = silentFirst
	}
	var addresses []string
	for _, gateway := range gateways {
		addresses = append(addresses, gateway.address)
	}
	if started.clients, err = l.startClients(ctx, strings.Join(addresses, ","), "websocket", subscribed); err != nil {
		return load{}, err
	}
	if err := awaitRead(ctx, gateways); err != nil {
		started.clients.stop()
		return load{}, err
	}
	if started.producer, err = l.startProducer(ctx, wanted.scenario); err != nil {
		started.clients.stop()
		return load{}, err
	}
	if wanted.Unread {
		return started, nil
	}
	if err := started.clients.receive(&ipc.Ready{}); err != nil {
		started.stop()
		return load{}, err
	}
	return started, nil
}

// awaitRead returns when no gateway has had anything left to read for half a second.
func awaitRead(ctx context.Context, gateways []*running) error {
	calm, enough := 0, int(time.Second/2/pollInterval)
	return awaitReady(ctx, func(ctx context.Context) error {
		for _, gateway := range gateways {
			lag, err := gateway.sumOf(ctx, "atlas_eventlog_tail_lag_records")
			if err == nil && lag > 0 {
				err = fmt.Errorf("%g records are not read yet", lag)
			}
			if err != nil {
				calm = 0
				return err
			}
		}
		if calm++; calm < enough {
			return errors.New("all records were read just now")
		}
		return nil
	})
}

// gatewayUsage is what gateways took within a window.
type gatewayUsage struct {
	usage
	fetches float64
}

// watchAll adds up what gateways take.
func (l *lab) watchAll(ctx context.Context, gateways []*running, window ipc.Window, name string) (total gatewayUsage, err error) {
	group, ctx := errgroup.WithContext(ctx)
	usages := make([]gatewayUsage, len(gateways))
	for i, gateway := range gateways {
		group.Go(func() (err error) {
			usages[i], err = l.watchGateway(ctx, gateway, window, name)
			return err
		})
	}
	err = group.Wait()
	for _, each := range usages {
		total.cpu += each.cpu
		total.fetches += each.fetches
		total.busy = each.busy // of the machine
	}
	return total, err
}

func (l *lab) watchGateway(ctx context.Context, gateway *running, window ipc.Window, name string) (taken gatewayUsage, err error) {
	if err := waitUntil(ctx, time.UnixMicro(window.From)); err != nil {
		return taken, err
	}
	before, err := gateway.fetches(ctx)
	if err != nil {
		return taken, err
	}
	if taken.usage, err = l.watch(ctx, gateway, window, name); err != nil {
		return taken, err
	}
	after, err := gateway.fetches(ctx)
	taken.fetches = after - before
	return taken, err
}

// load is what the model knows of a load, when so many results were sent in a second.
func (c capacityLoad) load(results float64) capacity.Load {
	shares := capacity.Even(c.Measurements)
	if c.Uneven {
		shares = capacity.Uneven.Shares(c.Measurements)
	}
	var measurements []capacity.Measurement
	clients := float64(c.Clients) / float64(c.Measurements)
	for n, share := range shares {
		measurement := capacity.Measurement{Number: atlas.MeasurementID(c.first() + n), Share: share, Clients: clients}
		if c.Unread {
			measurement.Clients = 0
			measurements = append(measurements, capacity.Measurement{Number: atlas.MeasurementID(silentFirst + n), Clients: clients})
		}
		measurements = append(measurements, measurement)
	}
	return capacity.NewLoad(results, float64(c.bursts()), partitions, measurements)
}
