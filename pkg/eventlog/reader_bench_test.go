package eventlog

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/pkg/footprint"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// BenchmarkMeasurement compares the reading of a measurement, of which there is one record in so many, with a bare loop of fetches. Apache Kafka is another
// process, so the processor time is that of reading.
func BenchmarkMeasurement(b *testing.B) {
	const records = 200_000
	log, err := Open(Config{Brokers: kafkatest.Start(b, 1).Addrs()}, zap.NewNop(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	for _, oneIn := range []int{1, 100} {
		topic := writeMeasurements(b, log, records, oneIn)
		b.Run("bare", func(b *testing.B) {
			measureReading(b, records, func() int { return readBare(b, log, topic, records, func(*kafka.Record) {}) })
		})
		b.Run("bare, with values", func(b *testing.B) {
			measureReading(b, records, func() int { return readBare(b, log, topic, records, keepValue) })
		})
		b.Run("one in "+atlas.MeasurementID(oneIn).Key(), func(b *testing.B) {
			measureReading(b, records, func() int { return oneIn * readOne(b, log, topic, records) })
		})
	}
}

func writeMeasurements(b *testing.B, log *Log, records, measurements int) (topic string) {
	b.Helper()
	spec, err := ArchiveSpec("bench" + atlas.MeasurementID(measurements).Key())
	if err != nil {
		b.Fatal(err)
	}
	spec.Partitions = 1
	if err := log.EnsureTopics(b.Context(), spec); err != nil {
		b.Fatal(err)
	}
	writer := log.Writer(WriterConfig{})
	events := make([]atlas.Event, 0, 1000)
	values := realValues(b)
	for number := range records {
		event := atlas.Event{
			Stream: atlas.StreamResult, Measurement: atlas.MeasurementID(number%measurements + 1), Probe: atlas.ProbeID(number%500 + 1), Type: "ping",
			Time: time.UnixMilli(1426633200000 + int64(number)), ID: numberedID(uint64(number)), Value: fmt.Appendf(nil, `{"number":%d,%s`, number*7919, values[number%len(values)][1:]),
		}
		if events = append(events, event); len(events) == cap(events) {
			if err := writer.Append(b.Context(), spec.Name, events); err != nil {
				b.Fatal(err)
			}
			events = events[:0]
		}
	}
	if err := writer.Close(b.Context()); err != nil {
		b.Fatal(err)
	}
	return spec.Name
}

// realValues are the pings of the real network.
func realValues(b *testing.B) []string {
	b.Helper()
	packed, err := os.Open("../atlas/testdata/ping.jsonl.gz")
	if err != nil {
		b.Fatal(err)
	}
	defer packed.Close()
	decompressed, err := gzip.NewReader(packed)
	if err != nil {
		b.Fatal(err)
	}
	lines, err := io.ReadAll(decompressed)
	if err != nil {
		b.Fatal(err)
	}
	return strings.Fields(strings.ReplaceAll(string(lines), " ", ""))
}

func measureReading(b *testing.B, records int, read func() int) {
	b.ReportAllocs()
	before := footprint.CPU()
	for b.Loop() {
		if got := read(); got != records {
			b.Fatalf("read %d records, want %d", got, records)
		}
	}
	b.ReportMetric(float64((footprint.CPU()-before).Nanoseconds())/float64(b.N)/float64(records), "cpu-ns/record")
}

// keepValue reads key and value, each into memory of its own.
func keepValue(record *kafka.Record) {
	_, _ = kafka.ReadAll(record.Key)
	_, _ = kafka.ReadAll(record.Value)
}

func readBare(b *testing.B, log *Log, topic string, records int, take func(*kafka.Record)) (read int) {
	b.Helper()
	for next := int64(0); next < int64(records); {
		response, err := log.client.Fetch(b.Context(), &kafka.FetchRequest{Topic: topic, Offset: next, MinBytes: 1, MaxBytes: fetchBytes, MaxWait: fetchWait})
		if err != nil || response.Error != nil {
			b.Fatal(err, response)
		}
		for {
			record, err := response.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if record.Offset >= next {
				next = record.Offset + 1
				read++
				take(record)
			}
			closePayload(record)
		}
	}
	return read
}

// closePayload returns kafka-go's memory back to its pool.
func closePayload(record *kafka.Record) {
	if record.Key != nil {
		_ = record.Key.Close()
	}
	if record.Value != nil {
		_ = record.Value.Close()
	}
}

func readOne(b *testing.B, log *Log, topic string, records int) (read int) {
	b.Helper()
	reader, err := log.History().Measurement(b.Context(), topic, 1, 0, int64(records))
	if err != nil {
		b.Fatal(err)
	}
	defer reader.Close()
	for {
		if _, err := reader.Next(context.Background()); errors.Is(err, io.EOF) {
			return read
		} else if err != nil {
			b.Fatal(err)
		}
		read++
	}
}

// BenchmarkReadersOfAPartition has readers go through the same records at the same time.
func BenchmarkReadersOfAPartition(b *testing.B) {
	const records = 50_000
	log, err := Open(Config{Brokers: kafkatest.Start(b, 1).Addrs()}, zap.NewNop(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	topic := writeMeasurements(b, log, records, 1)
	for _, readers := range []int{1, 2, 10} {
		b.Run(fmt.Sprintf("readers %d", readers), func(b *testing.B) {
			measureReading(b, readers*records, func() int { return readTogether(b, log, topic, readers, records) })
		})
	}
}

// readTogether has readers read a record each in turn.
func readTogether(b *testing.B, log *Log, topic string, readers, records int) (read int) {
	b.Helper()
	open := make([]*Reader, readers)
	for number := range open {
		reader, err := log.History().Measurement(b.Context(), topic, 1, 0, int64(records))
		if err != nil {
			b.Fatal(err)
		}
		defer reader.Close()
		open[number] = reader
	}
	for range records {
		for _, reader := range open {
			if _, err := reader.Next(b.Context()); err != nil {
				b.Fatal(err)
			}
			read++
		}
	}
	return read
}
