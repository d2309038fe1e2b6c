package eventlog_test

import (
	"math"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"

	"github.com/twmb/franz-go/pkg/kgo"
)

// transactionsContract lets foreign producers write in transactions.
func transactionsContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("aborted records are not read", func(t *testing.T) { abortedIsNotRead(t, f, kafka) })
	t.Run("an open one delays the records after it", func(t *testing.T) { openTransactionHoldsBack(t, f, kafka) })
}

// transactedProducer writes to one topic in transactions of its own.
type transactedProducer struct {
	*kgo.Client
	topic string
}

func newTransactedProducer(t *testing.T, kafka cluster, topic, name string) transactedProducer {
	t.Helper()
	client := foreignClient(t, kafka, kgo.TransactionalID(topic+name), kgo.ProducerBatchCompression(kgo.GzipCompression()))
	return transactedProducer{client, topic}
}

func (p transactedProducer) begin(t *testing.T) {
	t.Helper()
	if err := p.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
}

func (p transactedProducer) write(t *testing.T, events ...atlas.Event) {
	t.Helper()
	for _, event := range events {
		record := &kgo.Record{Topic: p.topic, Key: []byte(event.Measurement.Key()), Value: event.Value, Timestamp: event.Time}
		if err := p.ProduceSync(within(t, patience), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func (p transactedProducer) end(t *testing.T, how kgo.TransactionEndTry) {
	t.Helper()
	if err := p.EndTransaction(within(t, patience), how); err != nil {
		t.Fatal(err)
	}
}

// abortedIsNotRead has aborted records before, among and after others, and retries of them, which are no repeats.
func abortedIsNotRead(t *testing.T, f fixture, kafka cluster) {
	topic := f.newTopic(t, 1)
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
	mustFollow(t, tails, 1)
	one, other := newTransactedProducer(t, kafka, topic, "one"), newTransactedProducer(t, kafka, topic, "other")
	writer := f.newWriter(t, eventlog.WriterConfig{})
	events := pings(t, 1, 0, 12)

	one.begin(t)
	one.write(t, events[0:3]...)
	one.end(t, kgo.TryAbort)
	one.begin(t)
	other.begin(t)
	one.write(t, events[0:2]...)
	other.write(t, events[2:5]...)
	mustAppend(t, writer, topic, events[5:7])
	one.write(t, events[7:9]...)
	other.write(t, events[9])
	one.end(t, kgo.TryCommit)
	other.end(t, kgo.TryAbort)
	mustAppend(t, writer, topic, events[9:10])
	one.begin(t)
	one.write(t, events[10:12]...)
	one.end(t, kgo.TryAbort)

	want := append(append(append([]atlas.Event{}, events[0:2]...), events[5:9]...), events[9])
	assertSame(t, recorder.await(t, events[9]), want)
	assertSame(t, f.readAll(t, topic, 0), want)
	assertSame(t, f.readMeasurement(t, topic, 1, 0, 1<<40), want)
	assertSame(t, f.readRange(t, topic, 0, 1, 1<<40), want)
	if seen := f.scan(t, topic); seen != len(want) {
		t.Errorf("a scan saw %d records, want %d", seen, len(want))
	}
	assertSameAs(t, kafka, topic, want)
	if records, _ := recorder.of(1); len(records) != len(want) {
		t.Errorf("the tail delivered %d records, want %d", len(records), len(want))
	}
}

func (f fixture) scan(t *testing.T, topic string) (seen int) {
	t.Helper()
	see := func(atlas.MeasurementID, time.Time) bool { seen++; return true }
	if _, _, err := f.log.History().ScanWithin(within(t, patience), topic, 0, 0, 1<<40, math.MaxInt64, see, func(int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	return seen
}

// assertSameAs compares with what another client reads that wants what is committed.
func assertSameAs(t *testing.T, kafka cluster, topic string, want []atlas.Event) {
	t.Helper()
	other := foreignClient(t, kafka, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	var got []atlas.Record
	for len(got) < len(want) {
		fetches := other.PollFetches(within(t, patience))
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		for _, record := range fetches.Records() {
			got = append(got, atlas.Record{Event: atlas.Event{ID: atlas.EventIDOf(record.Value), Value: record.Value}})
		}
	}
	assertSame(t, got, want)
}

// openTransactionHoldsBack has the log end where the transaction begins, for all readers.
func openTransactionHoldsBack(t *testing.T, f fixture, kafka cluster) {
	topic := f.newTopic(t, 1)
	tails, recorder := f.newTails(t, topic, eventlog.TailConfig{})
	mustFollow(t, tails, 1)
	writer, producer := f.newWriter(t, eventlog.WriterConfig{}), newTransactedProducer(t, kafka, topic, "")
	events := pings(t, 1, 0, 4)
	mustAppend(t, writer, topic, events[0:1])
	recorder.await(t, events[0])
	producer.begin(t)
	producer.write(t, events[1:3]...)
	mustAppend(t, writer, topic, events[3:4])
	history := f.log.History()
	if first, next, err := history.Bounds(within(t, patience), topic, 0); first != 0 || next != 1 || err != nil {
		t.Errorf("the log goes from %d to before %d, %v, want 0 and 1", first, next, err)
	}
	if offset, err := history.OffsetAt(within(t, patience), topic, 0, events[2].Time); offset != 1 || err != nil {
		t.Errorf("the offset of a record that is held back is %d, %v, want the end, 1", offset, err)
	}
	mustFollow(t, tails, 1)
	assertSame(t, f.readAll(t, topic, 0), events[:1])
	if records, _ := recorder.of(1); len(records) != 1 {
		t.Errorf("the tail has delivered %d records, want 1", len(records))
	}
	producer.end(t, kgo.TryCommit)
	assertSame(t, recorder.await(t, events[3]), events)
	assertSame(t, f.readAll(t, topic, 0), events)
}
