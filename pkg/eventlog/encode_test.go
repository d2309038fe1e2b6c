package eventlog

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	eventv1 "atlasstream/proto/event/v1"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"
)

func parsed(t testing.TB, raw string) atlas.Event {
	t.Helper()
	event, err := atlas.ParseResult([]byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return event
}

const pingValue = `{"msm_id":1001,"prb_id":7,"timestamp":1426633200,"type":"ping","avg":1.5}`

func testReader(t testing.TB, topic string) *tailReader {
	t.Helper()
	metrics, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	log := &Log{config: Config{RepeatHorizon: 16}, logger: zap.NewNop(), metrics: metrics}
	return log.newTailReader(partition{topic: topic}, 0, 0)
}

func kafkaRecord(offset int64, at time.Time, value []byte, headers ...kafka.Header) kafka.Record {
	return kafka.Record{Offset: offset, Time: at, Key: kafka.NewBytes([]byte("1001")), Value: kafka.NewBytes(value), Headers: headers}
}

func TestEncodedEventsAreDecoded(t *testing.T) {
	event := parsed(t, pingValue)
	message, err := newEncoder(1, time.Now()).event(ResultsTopic, &event)
	if err != nil {
		t.Fatal(err)
	}
	if string(message.Key) != "1001" || string(message.Value) != pingValue || message.Topic != ResultsTopic {
		t.Errorf("got key %q, value %s, topic %s", message.Key, message.Value, message.Topic)
	}
	reader := testReader(t, ResultsTopic)
	records := kafka.NewRecordReader(kafkaRecord(5, message.Time, message.Value, message.Headers...))
	if err := eachRecord(records, reader.take); err != nil {
		t.Fatal(err)
	}
	want := atlas.Record{Event: event, Position: atlas.Position{Topic: ResultsTopic, Offset: 5}}
	if len(reader.records) != 1 || !equalRecords(reader.records[0], want) {
		t.Errorf("got %+v, want %+v", reader.records, want)
	}
}

func equalRecords(a, b atlas.Record) bool {
	return a.Stream == b.Stream && a.Measurement == b.Measurement && a.Probe == b.Probe && a.Type == b.Type && a.ID == b.ID &&
		a.Time.Equal(b.Time) && bytes.Equal(a.Value, b.Value) && a.Position == b.Position
}

func TestRecordTimes(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name     string
		at, want time.Time
	}{
		{"the event's own", now.Add(-time.Hour), now.Add(-time.Hour)},
		{"a fast clock", now.Add(48 * time.Hour), atlas.EventTime(now.Add(48*time.Hour), now)},
		{"the epoch, which kafka-go takes for none", time.Unix(0, 0), time.UnixMilli(1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			event := parsed(t, pingValue)
			event.Time = test.at
			message, err := newEncoder(1, now).event(ResultsTopic, &event)
			if err != nil || !message.Time.Equal(test.want) {
				t.Errorf("got %s, %v, want %s", message.Time, err, test.want)
			}
		})
	}
}

func TestEncoderRefuses(t *testing.T) {
	for _, test := range []struct {
		want  string
		spoil func(*atlas.Event)
	}{
		{"measurement: got 0", func(e *atlas.Event) { e.Measurement = 0 }},
		{"measurement: got 9007199254740992", func(e *atlas.Event) { e.Measurement = atlas.MaxID + 1 }},
		{"probe: got -3", func(e *atlas.Event) { e.Probe = -3 }},
		{"type: missing", func(e *atlas.Event) { e.Type = "" }},
		{"header: ", func(e *atlas.Event) { e.Type = "\xff" }},
		{"time: got 1969-12-31T23:59:59Z", func(e *atlas.Event) { e.Time = time.Unix(-1, 0) }},
		{"event ID: missing", func(e *atlas.Event) { e.ID = atlas.EventID{} }},
		{"value: missing", func(e *atlas.Event) { e.Value = nil }},
	} {
		t.Run(test.want, func(t *testing.T) {
			event := parsed(t, pingValue)
			test.spoil(&event)
			if _, err := newEncoder(1, time.Now()).event(ResultsTopic, &event); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want one with %q", err, test.want)
			}
		})
	}
}

// Records of foreign producers fail no reader.
func TestForeignRecords(t *testing.T) {
	at := time.Date(2015, 3, 1, 0, 0, 0, 0, time.UTC)
	shortID, err := proto.Marshal(&eventv1.Header{Measurement: 1001, Probe: 7, Type: "ping", EventId: []byte{1}})
	if err != nil {
		t.Fatal(err)
	}
	const status = `{"type":"connection","event":"connect","prb_id":12,"timestamp":1426633200}`
	for _, test := range []struct {
		name, topic, value string
		headers            []kafka.Header
		measurement        atlas.MeasurementID // 0: skipped
	}{
		{"no header", ResultsTopic, pingValue, nil, 1001},
		{"somebody else's header", ResultsTopic, pingValue, []kafka.Header{{Key: "trace", Value: []byte("x")}}, 1001},
		{"a header that is none", ResultsTopic, pingValue, []kafka.Header{{Key: "atlas", Value: []byte("\xff\xff\xff")}}, 1001},
		{"an empty header", ResultsTopic, pingValue, []kafka.Header{{Key: "atlas"}}, 1001},
		{"a header with half an ID", ResultsTopic, pingValue, []kafka.Header{{Key: "atlas", Value: shortID}}, 1001},
		{"an event of a probe", ProbeStatusTopic, status, nil, atlas.ConnectionMeasurement},
		{"no JSON", ResultsTopic, "hello", nil, 0},
		{"nothing", ResultsTopic, "", nil, 0},
		{"a result where none belongs", ProbeStatusTopic, pingValue, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			reader := testReader(t, test.topic)
			if err := eachRecord(kafka.NewRecordReader(kafkaRecord(3, at, []byte(test.value), test.headers...)), reader.take); err != nil {
				t.Fatal(err)
			}
			if reader.next != 4 {
				t.Errorf("reads on at %d, want 4", reader.next)
			}
			if test.measurement == 0 {
				if len(reader.records) != 0 || reader.counts.undecodable != 1 {
					t.Errorf("got %+v and %+v, want it skipped and counted", reader.records, reader.counts)
				}
				return
			}
			if len(reader.records) != 1 || reader.records[0].Measurement != test.measurement || !reader.records[0].Time.Equal(at) ||
				string(reader.records[0].Value) != test.value {
				t.Errorf("got %+v", reader.records)
			}
		})
	}
}

func TestTombstonesAreSkipped(t *testing.T) {
	reader := testReader(t, ResultsTopic)
	if err := eachRecord(kafka.NewRecordReader(kafka.Record{Offset: 1}), reader.take); err != nil || len(reader.records) != 0 || reader.counts.undecodable != 1 {
		t.Errorf("got %+v, %+v, %v", reader.records, reader.counts, err)
	}
}

func FuzzReader(f *testing.F) {
	event := parsed(f, pingValue)
	message, err := newEncoder(1, time.Now()).event(ResultsTopic, &event)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(message.Headers[0].Value, message.Value, int64(1426633200000))
	f.Add([]byte("\xff"), []byte(pingValue), int64(0))
	f.Add([]byte(nil), []byte(`{"msm_id":`), int64(-1))
	f.Fuzz(func(t *testing.T, header, value []byte, at int64) {
		reader := testReader(t, ResultsTopic)
		record := kafkaRecord(9, time.UnixMilli(at), value, kafka.Header{Key: headerKey, Value: header})
		if err := eachRecord(kafka.NewRecordReader(record), reader.take); err != nil {
			t.Fatal(err)
		}
		if reader.next != 10 || len(reader.records)+reader.counts.undecodable != 1 {
			t.Fatalf("reads on at %d with %+v", reader.next, reader.counts)
		}
		for _, record := range reader.records {
			if record.Measurement < 1 || record.Probe < 1 || record.Type == "" || record.ID == (atlas.EventID{}) || len(record.Value) == 0 {
				t.Fatalf("delivers %+v", record)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	const count = 500
	value := []byte(`{"msm_id":1001,"prb_id":7,"timestamp":1426633200,"type":"ping","padding":"` + strings.Repeat("x", 900) + `"}`)
	records := make([]kafka.Record, count)
	encoder := newEncoder(count, time.Now())
	event := parsed(b, string(value))
	for i := range records {
		event.ID = numberedID(uint64(i))
		message, err := encoder.event(ResultsTopic, &event)
		if err != nil {
			b.Fatal(err)
		}
		records[i] = kafkaRecord(int64(i), message.Time, message.Value, message.Headers...)
	}
	b.ReportAllocs()
	reader := testReader(b, ResultsTopic)
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		for i := range records {
			records[i].Offset = int64(round*count + i)
			records[i].Value = kafka.NewBytes(value)
		}
		reader.records = reader.records[:0]
		fetched := kafka.NewRecordReader(records...)
		b.StartTimer()
		if err := eachRecord(fetched, reader.take); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/count, "ns/record")
}

func numberedID(number uint64) atlas.EventID {
	var value [8]byte
	binary.LittleEndian.PutUint64(value[:], number)
	return atlas.EventIDOf(value[:])
}
