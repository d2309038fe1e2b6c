package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	eventv1 "atlasstream/proto/event/v1"

	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"
)

func writerContract(t *testing.T, f fixture, kafka cluster) {
	t.Run("any Kafka client can read the records", func(t *testing.T) { recordsAreReadable(t, f, kafka) })
	t.Run("a topic that was just created is written to", func(t *testing.T) {
		spec := unusedSpec(t)
		writer := f.newWriter(t, eventlog.WriterConfig{})
		mustAppend(t, writer, f.newTopic(t, 1), pings(t, 1, 0, 1)) // so that metadata is cached
		f.createForeignTopic(t, spec.Name, 1, nil)
		mustAppend(t, writer, spec.Name, pings(t, 1, 0, 1))
	})
	t.Run("a topic that is not there is named", func(t *testing.T) {
		err := f.newWriter(t, eventlog.WriterConfig{}).Append(within(t, patience), "atlas.nowhere", pings(t, 1, 0, 2))
		var failed *eventlog.AppendError
		if !errors.As(err, &failed) || len(failed.Outcomes) != 2 || !errors.Is(failed.Outcomes[1], eventlog.ErrNoTopic) {
			t.Errorf("got %v, want ErrNoTopic for both", err)
		}
	})
	t.Run("the order of each measurement is kept", func(t *testing.T) { orderIsKept(t, f) })
	t.Run("a record that cannot be sent costs no other", func(t *testing.T) { badRecordsCostNoOther(t, f) })
	t.Run("the places of records are returned", func(t *testing.T) { placesAreReturned(t, f) })
	t.Run("the longest record", func(t *testing.T) {
		topic := f.newTopic(t, 1)
		event := ping(t, 1, 1, 1426633200)
		event.Value = incompressible(995_904) // and so no JSON, which our readers would leave out
		event.ID = atlas.EventIDOf(event.Value)
		mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, []atlas.Event{event})
		consumer := foreignClient(t, kafka, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		if got := consumer.PollFetches(within(t, patience)).Records(); len(got) != 1 || string(got[0].Value) != string(event.Value) {
			t.Errorf("got %d records back", len(got))
		}
	})
	t.Run("memory is bounded", func(t *testing.T) {
		writer := f.newWriter(t, eventlog.WriterConfig{WaitingBytes: 100_000})
		topic := f.newTopic(t, 1)
		if err := writer.Append(within(t, patience), topic, pings(t, 1, 0, 100)); !errors.Is(err, eventlog.ErrAppendTooLarge) {
			t.Errorf("got %v, want ErrAppendTooLarge", err)
		}
		for number := range 20 { // what was refused is not held, what was sent is held no more
			mustAppend(t, writer, topic, pings(t, 1, number*5, number*5+5))
		}
	})
	t.Run("a budget is taken for what waits", func(t *testing.T) { budgetIsTaken(t, f) })
	t.Run("closed", func(t *testing.T) {
		writer := f.log.Writer(eventlog.WriterConfig{})
		topic := f.newTopic(t, 1)
		mustAppend(t, writer, topic, pings(t, 1, 0, 1))
		if err := writer.Close(within(t, patience)); err != nil {
			t.Fatal(err)
		}
		var failed *eventlog.AppendError
		if err := writer.Append(within(t, patience), topic, pings(t, 1, 1, 2)); !errors.As(err, &failed) || !errors.Is(failed.Outcomes[0], eventlog.ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	})
}

func recordsAreReadable(t *testing.T, f fixture, kafka cluster) {
	topic := f.newTopic(t, 8)
	event := ping(t, 1001, 1, 1426633200)
	late := ping(t, 1001, 2, time.Now().Add(72*time.Hour).Unix()) // a broker would refuse this time
	mustAppend(t, f.newWriter(t, eventlog.WriterConfig{}), topic, []atlas.Event{event, late})
	foreign := foreignClient(t, kafka, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	fetches := foreign.PollRecords(within(t, patience), 2)
	if err := fetches.Err(); err != nil {
		t.Fatal(err)
	}
	records := fetches.Records()
	if len(records) != 2 {
		t.Fatalf("got %d records, want 2", len(records))
	}
	first := records[0]
	if string(first.Key) != "1001" || string(first.Value) != string(event.Value) || !first.Timestamp.Equal(event.Time) || first.Partition != 4 {
		t.Errorf("got %s=%s at %s in partition %d", first.Key, first.Value, first.Timestamp, first.Partition)
	}
	var header eventv1.Header
	if len(first.Headers) != 1 || first.Headers[0].Key != "atlas" || proto.Unmarshal(first.Headers[0].Value, &header) != nil {
		t.Fatalf("got headers %v", first.Headers)
	}
	want := &eventv1.Header{Measurement: 1001, Probe: int64(event.Probe), Type: "ping", EventId: event.ID[:]}
	if !proto.Equal(&header, want) {
		t.Errorf("got header %v, want %v", &header, want)
	}
	if ahead := time.Until(records[1].Timestamp); ahead > time.Hour {
		t.Errorf("the record of a fast clock is stamped %s ahead", ahead)
	}
}

func orderIsKept(t *testing.T, f fixture) {
	const measurements, calls, perCall = 12, 20, 40
	topic := f.newTopic(t, 4)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	var appending sync.WaitGroup
	for measurement := atlas.MeasurementID(1); measurement <= measurements; measurement++ {
		appending.Go(func() {
			for call := range calls {
				if err := writer.Append(within(t, patience), topic, pings(t, measurement, call*perCall, (call+1)*perCall)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	appending.Wait()
	read := 0
	for partition := range 4 {
		records := f.readAll(t, topic, partition)
		read += len(records)
		for measurement := atlas.MeasurementID(1); measurement <= measurements; measurement++ {
			if eventlog.PartitionOf(measurement, 4) == partition {
				assertSame(t, measurementsOf(records, measurement), pings(t, measurement, 0, calls*perCall))
			}
		}
	}
	if want := measurements * calls * perCall; read != want {
		t.Errorf("read %d records, want %d", read, want)
	}
}

func badRecordsCostNoOther(t *testing.T, f fixture) {
	topic := f.newTopic(t, 1)
	events := pings(t, 5, 0, 4)
	events[1].Value = []byte(strings.Repeat("x", 2001))
	events[2].Probe = 0
	err := f.newWriter(t, eventlog.WriterConfig{MaxRecordBytes: 2000}).Append(within(t, patience), topic, events)
	var failed *eventlog.AppendError
	if !errors.As(err, &failed) || len(failed.Outcomes) != 4 {
		t.Fatalf("got %v, want an AppendError with 4 outcomes", err)
	}
	if failed.Outcomes[0] != nil || failed.Outcomes[3] != nil {
		t.Errorf("good records: got %v and %v", failed.Outcomes[0], failed.Outcomes[3])
	}
	if !errors.Is(failed.Outcomes[1], eventlog.ErrRecordTooLarge) || fmt.Sprint(failed.Outcomes[2]) != "probe: got 0, want 1 to 9007199254740991" {
		t.Errorf("bad records: got %v and %v", failed.Outcomes[1], failed.Outcomes[2])
	}
	if want := "2 of 4 records were not appended, the first of them: the record is too large: got 2001 bytes, want at most 2000"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	assertSame(t, f.readAll(t, topic, 0), []atlas.Event{events[0], events[3]})
}

func incompressible(length int) []byte {
	value := make([]byte, 0, length+32)
	for seed := 0; len(value) < length; seed++ {
		id := atlas.EventIDOf(fmt.Append(nil, seed))
		value = append(value, id[:]...)
	}
	return value[:length]
}

func TestAppendToNowhereEndsInTime(t *testing.T) {
	f := fixture{log: openLog(t, nowhere{}, eventlog.Config{})}
	writer := f.newWriter(t, eventlog.WriterConfig{Timeout: 300 * time.Millisecond})
	err := writer.Append(context.Background(), "atlas.results", pings(t, 1, 0, 1))
	var failed *eventlog.AppendError
	if !errors.As(err, &failed) || failed.Outcomes[0] == nil {
		t.Errorf("got %v, want an AppendError", err)
	}
}

// nowhere is a cluster that refuses connections.
type nowhere struct{}

func (nowhere) Addrs() []string { return []string{"127.0.0.1:1"} }

// placesAreReturned appends to a topic of several partitions, one of the events being none that can be sent.
func placesAreReturned(t *testing.T, f fixture) {
	topic := f.newTopic(t, 3)
	writer := f.newWriter(t, eventlog.WriterConfig{})
	var events []atlas.Event
	for measurement := range atlas.MeasurementID(20) {
		events = append(events, pings(t, measurement+1, 0, 5)...)
	}
	bad := pings(t, 1, 7, 8)[0]
	bad.ID = atlas.EventID{}
	places, err := writer.AppendPlaced(within(t, patience), topic, append(events, bad))
	if _, partly := errors.AsType[*eventlog.AppendError](err); !partly || len(places) != len(events)+1 || places[len(events)].Offset != -1 {
		t.Fatalf("got %d places, %v", len(places), err)
	}
	for partition := range 3 {
		for _, record := range f.readAll(t, topic, partition) {
			for i, event := range events {
				if want := (eventlog.Place{Partition: partition, Offset: record.Position.Offset}); event.ID == record.ID && places[i] != want {
					t.Errorf("event %d: got %+v, want %+v", i, places[i], want)
				}
			}
		}
	}
}

// shares is a budget that a test limits.
type shares struct {
	mu    sync.Mutex
	left  int64
	taken int64 // at most, at once
}

func (s *shares) Take(_ context.Context, bytes int64) (free func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if bytes > s.left {
		return nil, eventlog.ErrBusy
	}
	s.left -= bytes
	s.taken = max(s.taken, bytes)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.left += bytes
	}, nil
}

// An Append takes the memory of what waits for Kafka from the budget of its context, and gives it back.
func budgetIsTaken(t *testing.T, f fixture) {
	const budgetBytes = 10 << 20
	topic, events := f.newTopic(t, 1), pings(t, 1, 0, 10)
	budget := &shares{left: budgetBytes}
	ctx := eventlog.WithBudget(within(t, patience), budget)
	if err := f.newWriter(t, eventlog.WriterConfig{}).Append(ctx, topic, events); err != nil {
		t.Fatal(err)
	}
	full := f.newWriter(t, eventlog.WriterConfig{WaitingBytes: 1})
	if err := full.Append(ctx, topic, events); !errors.Is(err, eventlog.ErrAppendTooLarge) {
		t.Errorf("for a writer without room: got %v, want ErrAppendTooLarge", err)
	}
	values := 0
	for i := range events {
		values += len(events[i].Value)
	}
	if want := eventlog.WaitingBytes(len(events), values); budget.left != budgetBytes || budget.taken != want {
		t.Errorf("%d bytes are left, and %d were taken; want all, and %d", budget.left, budget.taken, want)
	}
	budget.left = 1
	if err := f.newWriter(t, eventlog.WriterConfig{}).Append(ctx, topic, events); !errors.Is(err, eventlog.ErrBusy) {
		t.Errorf("beyond the budget: got %v, want ErrBusy", err)
	}
}
