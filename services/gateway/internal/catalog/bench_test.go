package catalog

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/footprint"
)

// The real network of 2026, and how often each of its objects is written.
const (
	realMeasurements = 50_900
	realProbesCount  = 13_421
	puts             = 30
)

func measurementsOf2026() []atlas.Object {
	objects := make([]atlas.Object, realMeasurements)
	for i := range objects {
		id := int64(1_000_000 + i*2003)
		objects[i] = atlas.Object{ID: id, Value: fmt.Appendf(nil, `{"af":4,"creation_time":1426633200,"credits_per_result":10,"description":"Ping of a host, `+
			`number %d","estimated_results_per_day":36000,"group":null,"group_id":null,"id":%d,"in_wifi_group":false,"include_probe_id":false,"interval":240,`+
			`"is_all_scheduled":true,"is_oneoff":false,"is_public":true,"packet_interval":1000,"packets":3,"participant_count":150,"probes_requested":150,`+
			`"probes_scheduled":150,"resolve_on_probe":false,"resolved_ips":["193.0.6.139","2001:67c:2e8:22::c100:68b"],"result":`+
			`"https://atlas.ripe.net/api/v2/measurements/%d/results/?format=json","size":48,"spread":120,"start_time":1426633200,"status":{"id":2,"name":"Ongoing",`+
			`"when":null},"stop_time":null,"tags":["production","anchoring","mesh"],"target":"host-%d.example.net","target_asn":3333,"target_ip":"193.0.6.139",`+
			`"target_prefix":"193.0.0.0/21","type":"ping"}`, id, id, id, id)}
	}
	return objects
}

func probesOf2026() []atlas.Object {
	objects := make([]atlas.Object, realProbesCount)
	for i := range objects {
		objects[i] = atlas.Object{ID: int64(i + 1), Value: fmt.Appendf(nil, `{"address_v4":"193.0.0.78","address_v6":"2001:67c:2e8::1","asn_v4":3333,"asn_v6":3333,`+
			`"country_code":"NL","description":"Probe number %d","first_connected":1288367583,"geometry":{"type":"Point","coordinates":[4.8975,52.3795]},"id":%d,`+
			`"is_anchor":false,"is_public":true,"last_connected":1426633100,"prefix_v4":"193.0.0.0/21","prefix_v6":"2001:67c:2e8::/48","status":{"id":1,"name":`+
			`"Connected","since":"2015-03-17T00:00:00Z"},"status_since":1426550400,"tags":[{"name":"system: V3","slug":"system-v3"},{"name":"system: Resolves A `+
			`Correctly","slug":"system-resolves-a-correctly"},{"name":"system: Resolves AAAA Correctly","slug":"system-resolves-aaaa-correctly"},{"name":`+
			`"system: IPv4 Works","slug":"system-ipv4-works"},{"name":"system: IPv6 Works","slug":"system-ipv6-works"},{"name":"Home","slug":"home"},{"name":`+
			`"NAT","slug":"nat"}],"total_uptime":150,"type":"Probe"}`, i+1, i+1)}
	}
	return objects
}

// putAgain changes each object, as happens in the real network from day to day.
func putAgain(objects []atlas.Object, round int) {
	counter := fmt.Appendf(nil, ":1%02d", round)
	for i := range objects {
		copy(objects[i].Value[bytes.LastIndex(objects[i].Value, []byte(":1")):], counter)
	}
}

// BenchmarkLoad is a start: 1.93 million objects, of which the last of each ID counts. Beside the CPU it reports the heap's size while objects wait,
// and what is left of it.
func BenchmarkLoad(b *testing.B) {
	for _, order := range []string{"in rounds", "shuffled"} {
		b.Run(order, func(b *testing.B) {
			measurements, probes := measurementsOf2026(), probesOf2026()
			before := heap()
			for b.Loop() {
				var spent time.Duration
				r := New(func(Change) {}, zap.NewNop(), prometheus.NewRegistry())
				for round := range puts {
					if order == "shuffled" {
						rand.Shuffle(len(measurements), func(i, j int) { measurements[i], measurements[j] = measurements[j], measurements[i] })
					}
					putAgain(measurements, round)
					putAgain(probes, round)
					start := footprint.CPU()
					applyInBatches(measurements, r.ApplyMeasurements)
					applyInBatches(probes, r.ApplyProbes)
					spent += footprint.CPU() - start
				}
				b.ReportMetric(float64(heap()-before)/(1<<20), "waiting-MiB")
				start := footprint.CPU()
				caughtUp(r)
				b.ReportMetric((spent + footprint.CPU() - start).Seconds(), "CPU-s")
				b.ReportMetric(float64(heap()-before)/(1<<20), "left-MiB")
				if _, known := r.Measurement(atlas.MeasurementID(measurements[7].ID)); !known {
					b.Fatal("a measurement is not known")
				}
			}
		})
	}
}

func applyInBatches(objects []atlas.Object, apply func([]atlas.Object)) {
	for len(objects) > 0 {
		count := min(len(objects), 500)
		apply(objects[:count])
		objects = objects[count:]
	}
}

func heap() int64 {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int64(memory.HeapAlloc)
}

// BenchmarkEnrich adds a probe of 600 bytes to a result of 1 kB.
func BenchmarkEnrich(b *testing.B) {
	r := New(func(Change) {}, zap.NewNop(), prometheus.NewRegistry())
	caughtUp(r).ApplyProbes(probesOf2026())
	value := `{"fw":5020,"msm_id":1001,"prb_id":12,"result":[{"rtt":1.5}` + string(bytes.Repeat([]byte(`,{"rtt":12.345}`), 62)) + `]}`
	plain := result(value)
	event := connectionEvent(12, "connect", time.Now(), 1)
	for _, test := range []struct {
		name   string
		record *atlas.Record
		events []atlas.Record
	}{
		{"result", plain, nil},
		{"result after an event", plain, []atlas.Record{event}},
		{"connection event", &event, nil},
		{"with an escape", result(`{"a":"\u00e9",` + value[1:]), nil},
	} {
		b.Run(test.name, func(b *testing.B) {
			r.ApplyConnections(test.events)
			b.ReportAllocs()
			b.SetBytes(int64(len(test.record.Value)))
			for b.Loop() {
				r.Enrich(test.record)
			}
		})
	}
}

func BenchmarkMeasurement(b *testing.B) {
	r := New(func(Change) {}, zap.NewNop(), prometheus.NewRegistry())
	objects := measurementsOf2026()
	caughtUp(r).ApplyMeasurements(objects)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			r.Measurement(atlas.MeasurementID(objects[i%len(objects)].ID))
		}
	})
}
