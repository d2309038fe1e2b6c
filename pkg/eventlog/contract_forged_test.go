package eventlog_test

import (
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	eventv1 "atlasstream/proto/event/v1"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

// forgedRecords have a header like ours and values that clients could not be sent: any producer of a topic can copy a header.
func forgedRecords(t *testing.T, f fixture, kafka cluster) {
	topic := f.newTopic(t, 1)
	registry := prometheus.NewRegistry()
	log, err := eventlog.Open(eventlog.Config{Brokers: kafka.Addrs()}, zap.NewNop(), registry)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	reading := fixture{log: log}
	tails, recorder := reading.newTails(t, topic, eventlog.TailConfig{})
	mustFollow(t, tails, 1)
	events := pings(t, 1, 0, 3)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	mustAppend(t, writer, topic, events[:1])
	bad := []string{
		"no JSON", "{\"msm_id\":1,\"prb_id\":1,\"timestamp\":1,\"type\":\"ping\",\"x\":\"\xff\"}", "{\"msm_id\":1}\n\nevent: atlas_error\ndata: \"x\"\n\n", `["a"]`, `{"a":1}]`,
		`{"a":` + strings.Repeat("[", 2*atlas.MaxDepth) + strings.Repeat("]", 2*atlas.MaxDepth) + `}`,
	}
	for _, value := range bad {
		f.forge(t, topic, value)
	}
	f.produce(t, topic, "1", `{"msm_id":1,"prb_id":1,"timestamp":1,"type":"ping","deep":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`}`)
	f.forge(t, topic, string(events[1].Value))
	mustAppend(t, writer, topic, events[1:]) // the first of them is a repeat of theirs
	assertSame(t, recorder.await(t, events[2]), events)
	assertSame(t, reading.readAll(t, topic, 0), events)
	assertSame(t, reading.readMeasurement(t, topic, 1, 0, 1<<40), events)
	for _, reader := range []string{"tail", "history", "measurement"} {
		if got := counterOf(t, registry, "atlas_eventlog_undecodable_records_total", reader); got != float64(len(bad)+1) {
			t.Errorf("%s: counted %v, want %d", reader, got, len(bad)+1)
		}
	}
}

// forge writes a value with the header of measurement 1.
func (f fixture) forge(t *testing.T, topic, value string) {
	t.Helper()
	id := atlas.EventIDOf([]byte(value))
	header, err := proto.Marshal(&eventv1.Header{Measurement: 1, Probe: 1, Type: "ping", EventId: id[:]})
	if err != nil {
		t.Fatal(err)
	}
	record := &kgo.Record{Topic: topic, Key: []byte("1"), Value: []byte(value), Headers: []kgo.RecordHeader{{Key: "atlas", Value: header}}}
	if err := f.foreign.ProduceSync(within(t, patience), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// counterOf adds up a counter of one kind of reader.
func counterOf(t *testing.T, registry *prometheus.Registry, name, reader string) (sum float64) {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if family.GetName() == name && label.GetName() == "reader" && label.GetValue() == reader {
					sum += metric.GetCounter().GetValue()
				}
			}
		}
	}
	return sum
}
