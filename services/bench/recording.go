package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/bench/internal/payload"
)

// recording is the results of a measurement in Kafka, in an archive of its own.
type recording struct {
	topic       string
	measurement atlas.MeasurementID
	from, until time.Time // of its results' event times
}

const (
	recordedRate = 50 // results a second of event time, in what is made up
	// maxDelay is by how many seconds results come behind later ones, at most: as in the real data.
	maxDelay = 58
	// weekOfDNS is a measurement of which there is a week in pkg/atlas/testdata, 2,771 results.
	weekOfDNS = 1768147
)

// recordMuch makes up that many results of one measurement, out of order as real ones are. Their times are whole seconds, as probes give them.
func (l *lab) recordMuch(ctx context.Context, name string, count int) (recording, error) {
	return l.recordMade(ctx, name, count, func(n int) time.Duration {
		return time.Duration(n/recordedRate+n*n%maxDelay) * time.Second
	})
}

// recordEvenly makes up results of one measurement at a steady rate.
func (l *lab) recordEvenly(ctx context.Context, name string, count int) (recording, error) {
	return l.recordMade(ctx, name, count, func(n int) time.Duration { return time.Duration(n) * time.Second / recordedRate })
}

func (l *lab) recordMade(ctx context.Context, name string, count int, after func(n int) time.Duration) (recording, error) {
	rows, err := payload.Load(l.rows)
	if err != nil {
		return recording{}, err
	}
	const measurement = 1
	began := time.Unix(1426633200, 0)
	events := make([]atlas.Event, count)
	for n := range events {
		events[n] = resultOf(measurement, began.Add(after(n)), rows.Result(n, measurement, began.UnixMicro()+int64(n)))
	}
	return l.record(ctx, name, events)
}

func resultOf(measurement atlas.MeasurementID, at time.Time, value []byte) atlas.Event {
	return atlas.Event{Stream: atlas.StreamResult, Measurement: measurement, Probe: 1, Type: "ping", Time: at, ID: atlas.EventIDOf(value), Value: value}
}

// recordReal writes the real results of a measurement, as they are and in the order of their file.
func (l *lab) recordReal(ctx context.Context, name, file string, measurement atlas.MeasurementID) (recording, error) {
	packed, err := os.Open(filepath.Join(l.rows, file))
	if err != nil {
		return recording{}, err
	}
	defer packed.Close() //nolint:errcheck // it was read only
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return recording{}, err
	}
	events, err := readResults(unpacked, measurement)
	if err != nil {
		return recording{}, err
	}
	return l.record(ctx, name, events)
}

func readResults(from io.Reader, measurement atlas.MeasurementID) (events []atlas.Event, err error) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, err
		}
		event, err := atlas.ParseResult(line)
		if err != nil {
			return nil, err
		}
		if event.Measurement == measurement {
			events = append(events, event)
		}
	}
}

// record writes events of one measurement into a new archive.
func (l *lab) record(ctx context.Context, name string, events []atlas.Event) (recording, error) {
	spec, err := eventlog.ArchiveSpec(name)
	if err != nil {
		return recording{}, err
	}
	log, err := eventlog.Open(eventlog.Config{Brokers: strings.Split(l.kafka, ",")}, zap.NewNop(), nil)
	if err != nil {
		return recording{}, err
	}
	defer log.Close() //nolint:errcheck // the writer has written all
	if err := log.EnsureTopics(ctx, spec); err != nil {
		return recording{}, err
	}
	made := recording{topic: spec.Name, measurement: events[0].Measurement}
	byTime := func(a, b atlas.Event) int { return a.Time.Compare(b.Time) }
	made.from, made.until = slices.MinFunc(events, byTime).Time, slices.MaxFunc(events, byTime).Time
	return made, appendAll(ctx, log, spec.Name, events)
}

func appendAll(ctx context.Context, log *eventlog.Log, topic string, events []atlas.Event) (err error) {
	const atOnce = 1000
	writer := log.Writer(eventlog.WriterConfig{})
	for part := range slices.Chunk(events, atOnce) {
		if err = writer.Append(ctx, topic, part); err != nil {
			break
		}
	}
	return errors.Join(err, writer.Close(ctx))
}
