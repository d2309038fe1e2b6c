package eventlog_test

import (
	"slices"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zaptest"
)

// Two logs of one process count together, as where collector and gateway share a registry.
func TestMetrics(t *testing.T) {
	broker, registry := startEmbedded(t, embedded.Config{}), prometheus.NewRegistry()
	open := func() fixture {
		log, err := eventlog.Open(eventlog.Config{Brokers: broker.Addrs()}, zaptest.NewLogger(t), registry)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = log.Close() })
		return fixture{log: log, foreign: foreignClient(t, broker)}
	}
	writing, reading := open(), open()
	topic := writing.newTopic(t, 1)
	tails, recorder := reading.newTails(t, topic, eventlog.TailConfig{})
	mustFollow(t, tails, 1)
	writer := writing.newWriter(t, eventlog.WriterConfig{})
	events := pings(t, 1, 0, 10)
	mustAppend(t, writer, topic, slices.Concat(events, events[:3]))
	writing.produce(t, topic, "1", "no event")
	last := ping(t, 1, 99, 1426633200)
	mustAppend(t, writer, topic, []atlas.Event{last})
	recorder.await(t, last)
	for name, want := range map[string]float64{
		"atlas_eventlog_append_records_total": 14, "atlas_eventlog_append_record_errors_total": 0, "atlas_eventlog_append_waiting_bytes": 0,
		"atlas_eventlog_records_read_total": 15, "atlas_eventlog_repeats_dropped_total": 3, "atlas_eventlog_undecodable_records_total": 1,
		"atlas_eventlog_tails_running": 1, "atlas_eventlog_tail_lag_records": 0,
	} {
		if got := sumOf(t, registry, name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if open := sumOf(t, registry, "atlas_eventlog_connections"); open < 2 {
		t.Errorf("%g connections are open, want some of each log", open)
	}
	for _, log := range []*eventlog.Log{writing.log, reading.log} {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
	if open := sumOf(t, registry, "atlas_eventlog_connections"); open != 0 {
		t.Errorf("%g connections are open after the end", open)
	}
	for _, api := range []string{"Produce", "Fetch", "Metadata", "ListOffsets", "ApiVersions"} {
		if !hasRequests(t, registry, api, broker.Addrs()) {
			t.Errorf("no request of the kind %s was measured", api)
		}
	}
}

// hasRequests reports whether requests of a kind were measured, of these brokers.
func hasRequests(t *testing.T, registry *prometheus.Registry, api string, brokers []string) (has bool) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if labels := metric.GetLabel(); family.GetName() == "atlas_eventlog_request_seconds" && labels[0].GetValue() == api {
				has = has || slices.Contains(brokers, labels[1].GetValue()) && metric.GetHistogram().GetSampleCount() > 0
			}
		}
	}
	return has
}

func sumOf(t testing.TB, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		for _, metric := range family.GetMetric() {
			sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return sum
}

func TestConfigsReportAllFaults(t *testing.T) {
	for _, test := range []struct {
		name  string
		err   error
		wants []string
	}{
		{"log", eventlog.Config{Brokers: []string{"kafka"}, RepeatHorizon: -1}.Validate(), []string{`brokers: got "kafka", want host:port`, "repeat horizon: got -1"}},
		{"log without brokers", eventlog.Config{}.Validate(), []string{"brokers: none given"}},
		{"writer", eventlog.WriterConfig{WaitingBytes: -1, MaxRecordBytes: 1 << 20, BatchTimeout: -1, Timeout: -1}.Validate(),
			[]string{"waiting bytes: got -1", "max record bytes: got 1048576, want 1 to 995904", "batch timeout: got -1ns", "timeout: got -1ns"}},
		{"tails", eventlog.TailConfig{Linger: -1, RingRecords: -1, RingBytes: -1, RingsBytes: -1}.Validate(),
			[]string{"linger: got -1ns", "ring records: got -1", "ring bytes: got -1", "rings bytes: got -1"}},
		{"topic", eventlog.TopicSpec{Name: "a b", Replication: -1, Retention: -1}.Validate(),
			[]string{`got name "a b"`, "partitions: got 0", "replication: got -1", "retention: got -1ns"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, want := range test.wants {
				if test.err == nil || !strings.Contains(test.err.Error(), want) {
					t.Errorf("got %v, want one with %q", test.err, want)
				}
			}
		})
	}
	for _, valid := range []error{
		eventlog.Config{Brokers: []string{"kafka:9092"}}.Validate(), eventlog.WriterConfig{}.Validate(), eventlog.TailConfig{}.Validate(),
		eventlog.ResultsSpec(64).Validate(), eventlog.ProbeStatusSpec().Validate(),
	} {
		if valid != nil {
			t.Error(valid)
		}
	}
	if _, err := eventlog.ArchiveSpec("2015/03"); err == nil || !strings.Contains(err.Error(), `archive name: got "2015/03"`) {
		t.Errorf("got %v", err)
	}
}
