package eventlog_test

import (
	"errors"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

func historyContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("what was appended is read", func(t *testing.T) {
		topic := f.newTopic(t, 1)
		events := pings(t, 1001, 0, 1000)
		mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events)
		records := f.readAll(t, topic, 0)
		assertSame(t, records, events)
		for i, record := range records {
			want := atlas.Record{Event: events[i], Position: atlas.Position{Topic: topic, Offset: int64(i)}}
			if record.Position != want.Position || record.Probe != want.Probe || record.Type != want.Type || record.Stream != want.Stream || !record.Time.Equal(want.Time) {
				t.Fatalf("got %+v, want %+v", record, want)
			}
		}
		assertSame(t, f.readRange(t, topic, 0, 100, 110), events[100:110])
		assertSame(t, f.readRange(t, topic, 0, 999, 5000), events[999:])
		assertSame(t, f.readRange(t, topic, 0, 1000, 5000), nil)
		assertSame(t, f.readRange(t, topic, 0, 10, 10), nil)
	})
	t.Run("repeats are dropped wherever reading begins", func(t *testing.T) { repeatsAreDropped(t, kafka, f) })
	t.Run("the offset for a time", func(t *testing.T) { offsetsForTimes(t, f) })
	t.Run("the event at an offset", func(t *testing.T) { eventsAtOffsets(t, f, kafka) })
	t.Run("records that retention has deleted are reported", func(t *testing.T) {
		topic := f.newTopic(t, 1)
		events := pings(t, 1, 0, 10)
		mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events)
		f.deleteBefore(t, topic, 4)
		assertSame(t, f.readRange(t, topic, 0, 4, 10), events[4:])
		for _, from := range []int64{0, 3, 11} {
			assertGone(t, f, topic, from, eventlog.OffsetGoneError{Topic: topic, Offset: from, First: 4, Next: 10})
		}
		first, next, err := f.log.History().Bounds(within(t, patience), topic, 0)
		if err != nil || first != 4 || next != 10 {
			t.Errorf("got bounds %d, %d, %v, want 4, 10", first, next, err)
		}
	})
	t.Run("what is not there is named", func(t *testing.T) {
		topic := f.newTopic(t, 2)
		for _, partition := range []int{-1, 2} {
			if _, _, err := f.log.History().Bounds(within(t, patience), topic, partition); err == nil {
				t.Errorf("partition %d of 2 has bounds", partition)
			}
		}
		if _, err := f.log.History().Partition(within(t, patience), "atlas.nowhere", 1); !errors.Is(err, eventlog.ErrNoTopic) {
			t.Errorf("got %v, want ErrNoTopic", err)
		}
	})
}

func assertGone(t *testing.T, f fixture, topic string, from int64, want eventlog.OffsetGoneError) {
	t.Helper()
	for record, err := range f.log.History().Range(within(t, patience), topic, 0, from, 20) {
		var gone *eventlog.OffsetGoneError
		if !errors.As(err, &gone) || *gone != want {
			t.Errorf("from %d: got %v, %v, want %v", from, record, err, &want)
		}
	}
}

func repeatsAreDropped(t *testing.T, kafka cluster, f fixture) {
	shortHorizon := fixture{log: openLog(t, kafka, eventlog.Config{RepeatHorizon: 10})}
	topic := f.newTopic(t, 1)
	distinct := pings(t, 1, 0, 30)
	sequence := append([]atlas.Event{}, distinct[:5]...)
	sequence = append(sequence, distinct[3])       // offset 5, repeats offset 3
	sequence = append(sequence, distinct[5:13]...) // offsets 6 to 13
	sequence = append(sequence, distinct[3])       // offset 14, repeats offset 5, itself a repeat
	sequence = append(sequence, distinct[4])       // offset 15, repeats offset 4, one too far
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, sequence)
	assertSame(t, shortHorizon.readAll(t, topic, 0), append(append([]atlas.Event{}, distinct[:13]...), distinct[4]))
	assertSame(t, shortHorizon.readRange(t, topic, 0, 14, 16), []atlas.Event{distinct[4]})
	assertSame(t, shortHorizon.readRange(t, topic, 0, 5, 7), []atlas.Event{distinct[5]})
	assertSame(t, f.readRange(t, topic, 0, 14, 16), nil)
}

func offsetsForTimes(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	const start = 1426633200
	var events []atlas.Event
	for number, second := range []int64{0, 10, 20, 15, 30} {
		events = append(events, ping(t, 1, number, start+second))
	}
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events)
	for _, test := range []struct {
		name string
		at   time.Time
		want int64
	}{
		{"before all", time.Unix(start-100, 0), 0},
		{"long before the epoch", time.Unix(-1e9, 0), 0},
		{"the first", time.Unix(start, 0), 0},
		{"between two", time.Unix(start+5, 0), 1},
		{"the earliest record at or after, not the one closest in time", time.Unix(start+12, 0), 2},
		{"the last", time.Unix(start+30, 0), 4},
		{"after all", time.Unix(start+31, 0), 5},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := f.log.History().OffsetAt(within(t, patience), topic, 0, test.at); err != nil || got != test.want {
				t.Errorf("got offset %d, %v, want %d", got, err, test.want)
			}
			first, next, since, err := f.log.History().BoundsSince(within(t, patience), topic, 0, test.at)
			if err != nil || first != 0 || next != 5 || since != test.want {
				t.Errorf("with the bounds: got %d, %d, %d, %v, want 0, 5, %d", first, next, since, err, test.want)
			}
		})
	}
}

// deleteBefore does what retention does, at once.
func (f fixture) deleteBefore(t testing.TB, topic string, offset int64) {
	t.Helper()
	request := kmsg.NewPtrDeleteRecordsRequest()
	deleted := kmsg.NewDeleteRecordsRequestTopic()
	deleted.Topic = topic
	partition := kmsg.NewDeleteRecordsRequestTopicPartition()
	partition.Offset = offset
	deleted.Partitions = append(deleted.Partitions, partition)
	request.Topics, request.TimeoutMillis = append(request.Topics, deleted), 10_000
	response, err := request.RequestWith(within(t, patience), f.foreign)
	if err != nil || response.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("delete records of %s before %d: %+v, %v", topic, offset, response, err)
	}
}

// eventsAtOffsets has an event, one without our header, a repeat, one that is no event, and a transaction with its marker.
func eventsAtOffsets(t *testing.T, f fixture, kafka cluster) {
	topic := f.newTopic(t, 1)
	events := pings(t, 1, 0, 4)
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events[:1])
	for _, value := range [][]byte{events[1].Value, events[0].Value, []byte("no event")} {
		if err := f.foreign.ProduceSync(within(t, patience), &kgo.Record{Topic: topic, Key: []byte("1"), Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	producer := newTransactedProducer(t, kafka, topic, "producer")
	producer.begin(t)
	producer.write(t, events[2])
	producer.end(t, kgo.TryCommit)
	f.awaitEnd(t, topic, 6) // Apache Kafka writes the marker after it has answered
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, events[3:])
	at := func(offset int64) (atlas.EventID, bool) {
		id, found, err := f.log.History().EventAt(within(t, patience), topic, 0, offset)
		if err != nil {
			t.Fatal(err)
		}
		return id, found
	}
	for offset, want := range []atlas.EventID{events[0].ID, events[1].ID, events[0].ID, {}, events[2].ID, {}, events[3].ID, {}, {}} {
		if got, found := at(int64(offset)); got != want || found != (want != atlas.EventID{}) {
			t.Errorf("at offset %d: got %s, %t, want %s", offset, got, found, want)
		}
	}
	f.deleteBefore(t, topic, 2)
	if got, found := at(1); found {
		t.Errorf("at a deleted offset: got %s", got)
	}
}

// awaitEnd returns once the log of partition 0 ends at an offset.
func (f fixture) awaitEnd(t testing.TB, topic string, end int64) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		_, next, err := f.log.History().Bounds(within(t, patience), topic, 0)
		if err == nil && next == end {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log ends at %d, %v, want %d", next, err, end)
		}
	}
}
