package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/bench/internal/capacity"
)

const (
	// writtenBefore is how many results a partition has on average before anything is measured: gateways look through 16,384 for repeats.
	writtenBefore      = 25_000
	writtenFirst       = 5_000_001 // measurement of these results
	writtenOf          = 4000      // measurements
	sizedConnections   = 5000
	sizedMeasurements  = 1000 // that are followed in all partitions
	writersAtOnce      = 8
	resultsOfAnUpload  = 100 // as Costs.Stored has it
	measurementsStored = 10_000
)

// sizes measures memory and bytes, and what connecting costs.
func (l *lab) sizes(ctx context.Context) (sizes capacity.Costs, err error) {
	if sizes.Stored, err = l.storedBytes(ctx); err != nil {
		return sizes, fmt.Errorf("stored bytes: %w", err)
	}
	if err := l.writeBefore(ctx); err != nil {
		return sizes, err
	}
	if err := l.sizeClients(ctx, &sizes); err != nil {
		return sizes, err
	}
	return sizes, l.sizePartitions(ctx, &sizes)
}

// storedBytes is what a real result takes in the log, if uploads of a hundred results of any measurements come one after the other.
func (l *lab) storedBytes(ctx context.Context) (each float64, err error) {
	events, err := l.realResults()
	if err == nil && len(events) == 0 {
		err = fmt.Errorf("%s has no results", l.rows)
	}
	if err != nil {
		return 0, err
	}
	before, err := l.logSize(ctx)
	if err != nil {
		return 0, err
	}
	if err := l.write(ctx, len(events), 1, resultsOfAnUpload, func(n int) atlas.Event { return events[n] }); err != nil {
		return 0, err
	}
	after, err := l.logSize(ctx)
	return float64(after-before) / float64(len(events)), err
}

// realResults are those of pkg/atlas/testdata in any order, as if each were of another measurement.
func (l *lab) realResults() (events []atlas.Event, err error) {
	files, err := filepath.Glob(filepath.Join(l.rows, "*.jsonl.gz"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if events, err = readRealResults(events, file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	random := rand.New(rand.NewPCG(1, 1))
	random.Shuffle(len(events), func(a, b int) { events[a], events[b] = events[b], events[a] })
	for n := range events {
		events[n].Measurement = atlas.MeasurementID(writtenFirst + random.IntN(measurementsStored))
		events[n].Time = time.Now()
	}
	return events, nil
}

func readRealResults(events []atlas.Event, path string) (_ []atlas.Event, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	unpacked, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(unpacked)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		event, err := atlas.ParseResult([]byte(lines.Text()))
		if err != nil {
			continue // a row may be there because it is invalid
		}
		events = append(events, event)
	}
	return events, lines.Err()
}

// logSize is how many bytes the results take in the broker's log.
func (l *lab) logSize(ctx context.Context) (bytes int64, err error) {
	client, err := kgo.NewClient(kgo.SeedBrokers(strings.Split(l.kafka, ",")...))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	response, err := kmsg.NewPtrDescribeLogDirsRequest().RequestWith(ctx, client)
	if err != nil {
		return 0, err
	}
	for _, dir := range response.Dirs {
		if dir.ErrorCode != 0 {
			return 0, fmt.Errorf("the broker does not tell what %s has: error %d", dir.Dir, dir.ErrorCode)
		}
		for _, topic := range dir.Topics {
			if topic.Topic != eventlog.ResultsTopic {
				continue
			}
			for _, partition := range topic.Partitions {
				bytes += partition.Size
			}
		}
	}
	return bytes, nil
}

// writeBefore writes so many short results that gateways have as many IDs to look through for repeats as they ever have.
func (l *lab) writeBefore(ctx context.Context) error {
	return l.write(ctx, l.settings.share(writtenBefore*partitions), writersAtOnce, 10*resultsOfAnUpload, func(n int) atlas.Event {
		measurement := atlas.MeasurementID(writtenFirst + n%writtenOf)
		return resultOf(measurement, time.Now(), fmt.Appendf(nil, `{"msm_id":%d,"prb_id":1,"type":"ping","timestamp":1,"n":%d}`, measurement, n))
	})
}

// write writes events to the live results, so many appends of so many events at once.
func (l *lab) write(ctx context.Context, count, atOnce, inAppend int, event func(n int) atlas.Event) error {
	log, err := eventlog.Open(eventlog.Config{Brokers: strings.Split(l.kafka, ",")}, zap.NewNop(), nil)
	if err != nil {
		return err
	}
	defer log.Close() //nolint:errcheck // the writer has written all
	writer := log.Writer(eventlog.WriterConfig{})
	group, writing := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for first := 0; first < count; first += inAppend {
		events := make([]atlas.Event, 0, inAppend)
		for n := first; n < min(first+inAppend, count); n++ {
			events = append(events, event(n))
		}
		group.Go(func() error { return writer.Append(writing, eventlog.ResultsTopic, events) })
	}
	return errors.Join(group.Wait(), writer.Close(ctx))
}

// sizeClients measures a gateway with one client, and what further ones take, which get nothing.
func (l *lab) sizeClients(ctx context.Context, sizes *capacity.Costs) error {
	silent := scenario{Clients: 1, Measurements: 1, First: silentFirst}
	target, stop, err := l.startSized(ctx, silent)
	if err != nil {
		return err
	}
	defer stop()
	before, err := target.settled(ctx)
	if err != nil {
		return err
	}
	silent.Clients = l.settings.share(sizedConnections)
	clients, err := l.startClients(ctx, target.address, "websocket", silent)
	if err != nil {
		return target.explain(err)
	}
	defer clients.stop()
	connected, err := readMachine(target.pid())
	if err != nil {
		return err
	}
	after, err := target.settled(ctx)
	sizes.Gateway = float64(before.resident)
	sizes.Client = float64(after.resident-before.resident) / float64(silent.Clients)
	sizes.Connection = microsEach(connected.cpu-before.cpu, silent.Clients)
	return err
}

// sizePartitions measures a gateway that follows all partitions.
func (l *lab) sizePartitions(ctx context.Context, sizes *capacity.Costs) error {
	silent := scenario{Clients: sizedMeasurements, Measurements: sizedMeasurements, First: silentFirst}
	target, stop, err := l.startSized(ctx, silent)
	if err != nil {
		return err
	}
	defer stop()
	now, err := target.settled(ctx)
	sizes.Partition = (float64(now.resident) - sizes.Memory(float64(silent.Clients), 0)) / (partitions - 1)
	return err
}

// startSized starts a gateway and clients that get nothing, and returns when it has read what is in the log.
func (l *lab) startSized(ctx context.Context, silent scenario) (target *running, stop func(), err error) {
	if target, err = l.startServer(ctx, servers["ours"]); err != nil {
		return nil, nil, err
	}
	clients, err := l.startClients(ctx, target.address, "websocket", silent)
	if err == nil {
		err = awaitRead(ctx, []*running{target})
	}
	stop = func() {
		if clients != nil {
			clients.stop()
		}
		target.stop()
	}
	if err != nil {
		stop()
		return nil, nil, target.explain(err)
	}
	return target, stop, nil
}

// settled is what a server takes when garbage collections find no more to free.
func (r *running) settled(ctx context.Context) (machine, error) {
	if _, err := r.inUse(ctx); err != nil {
		return machine{}, err
	}
	return readMachine(r.pid())
}
