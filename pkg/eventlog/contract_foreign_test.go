package eventlog_test

import (
	"context"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"

	"github.com/twmb/franz-go/pkg/kgo"
)

// foreignContract lets other Kafka clients write to the topics.
func foreignContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("their records are delivered if they are events", func(t *testing.T) {
		topic := f.newTopic(t, 8)
		tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
		mustFollow(t, tails, 1001)
		events := pings(t, 1001, 0, 3)
		f.produce(t, topic, "1001", string(events[0].Value))
		f.produce(t, topic, "1001", "no event at all")
		f.produce(t, topic, "1001", "")
		f.produce(t, topic, "1001", string(events[1].Value))
		mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events[1:]) // the first of them is a repeat of theirs
		assertSame(t, recorder.await(t, events[2]), events)
		assertSame(t, f.readAll(t, topic, eventlog.PartitionOf(1001, 8)), events)
	})
	for _, codec := range []struct {
		name  string
		codec kgo.CompressionCodec
	}{{"gzip", kgo.GzipCompression()}, {"snappy", kgo.SnappyCompression()}, {"lz4", kgo.Lz4Compression()}, {"none", kgo.NoCompression()}} {
		t.Run("compressed by "+codec.name, func(t *testing.T) {
			topic := f.newTopic(t, 1)
			foreign := fixture{foreign: foreignClient(t, kafka, kgo.ProducerBatchCompression(codec.codec))}
			long := ping(t, 1, 1, 1426633200)
			long.Value = []byte(`{"msm_id":1,"prb_id":1,"timestamp":1426633200,"type":"ping","long":"` + strings.Repeat("long ", 30_000) + `"}`)
			long.ID = atlas.EventIDOf(long.Value)
			foreign.produce(t, topic, "1", string(long.Value))
			assertSame(t, f.readAll(t, topic, 0), []atlas.Event{long})
		})
	}
	t.Run("archives have connection events", func(t *testing.T) { archivedConnections(t, f) })
	t.Run("transactions", func(t *testing.T) { transactionsAreRead(t, f, kafka) })
	t.Run("copied headers do not vouch for values", func(t *testing.T) { forgedRecords(t, f, kafka) })
}

// archivedConnections are of measurement 7000, as in downloads of it, and are in a topic beside results.
func archivedConnections(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	value := []byte(`{"msm_id":7000,"prb_id":1,"timestamp":1426633200,"type":"connection","event":"connect","controller":"ctr-ams01"}`)
	connected, err := atlas.ParseProbeStatus(value)
	if err != nil {
		t.Fatal(err)
	}
	result := ping(t, 1, 1, 1426633200)
	f.produce(t, topic, "7000", string(value))
	f.produce(t, topic, "1", string(result.Value))
	assertSame(t, f.readAll(t, topic, 0), []atlas.Event{connected, result})
	assertSame(t, f.readMeasurement(t, topic, atlas.ConnectionMeasurement, 0, 2), []atlas.Event{connected})
}

func (f fixture) produce(t testing.TB, topic, key, value string) {
	t.Helper()
	record := &kgo.Record{Topic: topic, Key: []byte(key), Value: []byte(value)}
	if err := f.foreign.ProduceSync(within(t, patience), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// transactionsAreRead has markers at the log's end and between records; a reader that does not skip them fetches them again and again.
func transactionsAreRead(t *testing.T, f fixture, kafka cluster) {
	topic := f.newTopic(t, 1)
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
	mustFollow(t, tails, 1)
	producer := foreignClient(t, kafka, kgo.TransactionalID(topic))
	events := pings(t, 1, 0, 5)
	for _, event := range events {
		if err := producer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := producer.ProduceSync(within(t, patience), &kgo.Record{Topic: topic, Value: event.Value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := producer.EndTransaction(context.WithoutCancel(within(t, patience)), kgo.TryCommit); err != nil {
			t.Fatal(err)
		}
		recorder.await(t, event)
	}
	last := ping(t, 1, 99, 1426633200)
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, []atlas.Event{last})
	assertSame(t, recorder.await(t, last), append(events, last))
	assertSame(t, f.readAll(t, topic, 0), append(events, last))
}
