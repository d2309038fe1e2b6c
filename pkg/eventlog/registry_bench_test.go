package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"

	"go.uber.org/zap"
)

// benchRegistry is a registry of the size of RIPE's network.
type benchRegistry struct {
	spec    eventlog.TopicSpec
	objects int64
	write   func(id int64, version int) []byte
	parse   func(value []byte) error
}

const benchPuts = 30 // of each object

var benchRegistries = []benchRegistry{
	{eventlog.ProbesSpec(), 13_421, benchProbe, func(value []byte) error { _, err := atlas.ParseProbe(value); return err }},
	{eventlog.MeasurementsSpec(), 50_900, benchMeasurement, func(value []byte) error { _, err := atlas.ParseMeasurement(value); return err }},
}

// BenchmarkReadRegistriesApacheKafka reads both registries at once and parses what comes, as a gateway does at its start: 64,321 objects, each put 30 times,
// in a log that was compacted as they came, and in one that was never compacted.
func BenchmarkReadRegistriesApacheKafka(b *testing.B) {
	for _, compacted := range []bool{true, false} {
		b.Run(fmt.Sprintf("compacted=%t", compacted), func(b *testing.B) {
			kafka := kafkatest.StartWith(b, kafkatest.Config{Brokers: 1, JVM: []string{"-Xmx1g"}, Properties: map[string]string{
				"log.cleaner.enable": fmt.Sprint(compacted), "log.cleaner.dedupe.buffer.size": "134217728",
			}})
			f := fixture{log: openQuietLog(b, kafka)}
			for _, registry := range benchRegistries {
				registry.fill(b, f)
			}
			b.ReportAllocs()
			for b.Loop() {
				readAllRegistries(b, kafka)
			}
			b.ReportMetric(benchPuts*(13_421+50_900)/b.Elapsed().Seconds()*float64(b.N), "puts/s")
		})
	}
}

func openQuietLog(b *testing.B, kafka cluster) *eventlog.Log {
	b.Helper()
	log, err := eventlog.Open(eventlog.Config{Brokers: kafka.Addrs()}, zap.NewNop(), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = log.Close() })
	return log
}

func (r *benchRegistry) fill(b *testing.B, f fixture) {
	b.Helper()
	if err := f.log.EnsureTopics(within(b, patience), r.spec); err != nil {
		b.Fatal(err)
	}
	writer := f.newWriter(b, eventlog.WriterConfig{})
	for version := range benchPuts {
		for ids := range slices.Chunk(idsUpTo(r.objects), 4096) {
			objects := make([]atlas.Object, len(ids))
			for i, id := range ids {
				objects[i] = atlas.Object{ID: id, Value: r.write(id, version)}
			}
			if err := writer.AppendObjects(b.Context(), r.spec.Name, objects); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// readAllRegistries reads until all registries are caught up with.
func readAllRegistries(b *testing.B, kafka cluster) {
	log := openQuietLog(b, kafka)
	var reading sync.WaitGroup
	for _, registry := range benchRegistries {
		reading.Go(func() {
			ctx, stop := context.WithCancel(b.Context())
			defer stop()
			var count int64
			apply := func(objects []atlas.Object) {
				count += int64(len(objects))
				for _, object := range objects {
					if err := registry.parse(object.Value); err != nil {
						b.Error(err)
					}
				}
			}
			if err := log.ReadRegistry(ctx, registry.spec.Name, apply, stop); !errors.Is(err, context.Canceled) || count != registry.objects {
				b.Errorf("%s: got %d objects, %v", registry.spec.Name, count, err)
			}
		})
	}
	reading.Wait()
}

// benchMeasurement is about 2 kB long.
func benchMeasurement(id int64, version int) []byte {
	dice := rand.New(rand.NewPCG(uint64(id), 1))
	return fmt.Appendf(nil, `{"af":4,"creation_time":%d,"description":"%x to %x","group_id":%d,"id":%d,"interval":240,"is_oneoff":false,"is_public":true,`+
		`"participant_count":%d,"probe_sources":[%s],"probes_requested":30,"start_time":%d,"status":{"id":2,"name":"Ongoing","when":null},"stop_time":null,`+
		`"target":"%x.example.net","target_asn":%d,"type":"ping"}`, 1_400_000_000+id, dice.Uint64(), dice.Uint64(), id, id, version,
		repeated(25, func() string {
			return fmt.Sprintf(`{"id":%d,"url":"https://atlas.ripe.net/api/v2/probes/%d/"}`, dice.IntN(60_000), dice.IntN(60_000))
		}), 1_400_000_000+id, dice.Uint64(), dice.IntN(65_000))
}

// benchProbe is about 1.5 kB long.
func benchProbe(id int64, version int) []byte {
	dice := rand.New(rand.NewPCG(uint64(id), 2))
	return fmt.Appendf(nil, `{"address_v4":"193.0.%d.%d","address_v6":"2001:%x:%x::1","asn_v4":%d,"asn_v6":null,"country_code":"NL","description":"%x",`+
		`"first_connected":%d,"geometry":{"type":"Point","coordinates":[%.4f,%.4f]},"id":%d,"is_anchor":false,"is_public":true,"prefix_v4":"193.0.0.0/21",`+
		`"prefix_v6":null,"status":{"id":1,"name":"Connected","since":"2025-07-30T12:25:27Z"},"status_since":1753878327,"tags":[%s],"total_uptime":%d}`,
		dice.IntN(256), dice.IntN(256), dice.IntN(65_536), dice.IntN(65_536), dice.IntN(65_000), dice.Uint64(), 1_400_000_000+id, dice.Float64()*100,
		dice.Float64()*50, id, repeated(22, func() string {
			return fmt.Sprintf(`{"name":"system: tag %d","slug":"system-tag-%d"}`, dice.IntN(99), dice.IntN(99))
		}), 1_000_000+version)
}

func repeated(times int, text func() string) string {
	texts := make([]string, times)
	for i := range texts {
		texts[i] = text()
	}
	return strings.Join(texts, ",")
}
