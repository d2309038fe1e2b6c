package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/gateway/internal/catchup"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/subscription"
)

// A reader learns from where to where the log has lost records: to its first record, or back to its end.
func TestLostInCatchUp(t *testing.T) {
	for name, test := range map[string]struct {
		gone eventlog.OffsetGoneError
		want catchup.LostError
	}{
		"retention":       {eventlog.OffsetGoneError{Offset: 10, First: 20, Next: 30}, catchup.LostError{From: 10, To: 20}},
		"of all":          {eventlog.OffsetGoneError{Offset: 10, First: 30, Next: 30}, catchup.LostError{From: 10, To: 30}},
		"a recreated log": {eventlog.OffsetGoneError{Offset: 10, First: 0, Next: 7}, catchup.LostError{From: 10, To: 7}},
		"a longer one":    {eventlog.OffsetGoneError{Offset: 10, First: 2, Next: 20, Recreated: true}, catchup.LostError{From: 10, To: 2}},
	} {
		got, ok := errors.AsType[*catchup.LostError](lostInCatchUp(fmt.Errorf("reading: %w", &test.gone)))
		if !ok || *got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, &test.want)
		}
	}
	if err := lostInCatchUp(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the error as it is", err)
	}
}

type discardingConsumer struct{}

func (discardingConsumer) Deliver(int, []atlas.Record) {}
func (discardingConsumer) Flush(int)                   {}

// testTopic is a live topic of one partition in an embedded Kafka.
type testTopic struct {
	*liveTopic
	broker *embedded.Broker
	append func(from, to int64) // records of measurement 1, each at the second of its number

	appendAll func(events []atlas.Event)
}

func openTopic(t *testing.T, records int64) *testTopic {
	t.Helper()
	broker, err := embedded.Start(embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = broker.Close() })
	log, err := eventlog.Open(eventlog.Config{Brokers: broker.Addrs()}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	if err := log.EnsureTopics(t.Context(), eventlog.ResultsSpec(1)); err != nil {
		t.Fatal(err)
	}
	writer := log.Writer(eventlog.WriterConfig{})
	t.Cleanup(func() { _ = writer.Close(context.Background()) })
	appendTo := func(from, to int64) {
		for number := from; number < to; number++ {
			if err := writer.Append(t.Context(), eventlog.ResultsTopic, []atlas.Event{numbered(t, number)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	appendTo(0, records)
	tails := log.Tails(eventlog.ResultsTopic, eventlog.TailConfig{}, discardingConsumer{})
	t.Cleanup(func() { _ = tails.Close() })
	topic := newLiveTopic(tails, eventlog.ResultsTopic, log.History(), time.Hour)
	appendAll := func(events []atlas.Event) {
		if err := writer.Append(t.Context(), eventlog.ResultsTopic, events); err != nil {
			t.Fatal(err)
		}
	}
	return &testTopic{topic, broker, appendTo, appendAll}
}

// resume resumes measurement 1 behind a record.
func (b *testTopic) resume(ctx context.Context, t *testing.T, offset int64) (int64, error) {
	wanted := &subscription.Subscription{Stream: atlas.StreamResult, Measurement: 1}
	there := cursor.Checkpoint{Measurement: 1, Live: cursor.Live{Topic: eventlog.ResultsTopic, Offset: offset}}
	tail, from, err := b.Resume(ctx, wanted, cursor.At(there, time.Now()))
	if err != nil {
		return 0, err
	}
	defer tail.Release()
	tail.Attach(func(partition int, next int64) {
		if partition != 0 || next < from {
			t.Errorf("attached to partition %d at %d, want it at %d or behind", partition, next, from)
		}
	})
	return from, nil
}

func numbered(t *testing.T, number int64) atlas.Event {
	t.Helper()
	event, err := atlas.ParseResult(fmt.Appendf(nil, `{"msm_id":1,"prb_id":1,"timestamp":%d,"type":"dns"}`, 1426633200+number))
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// A client that reads the log to its end and rejoins the tail there has missed nothing.
func TestRejoinWhereReadingEnds(t *testing.T) {
	const number = 0 // of the partition
	topic := openTopic(t, 20)
	if found, err := topic.Rejoin(t.Context(), number, 5, func([]atlas.Record) { t.Error("rejoined") }); found || err != nil {
		t.Fatalf("before the tail began: got %v, %v, want not found", found, err)
	}
	sink := &received{}
	next := topic.readOn(t, 5, sink)
	if next != 20 {
		t.Fatalf("got %d, want to go on at 20", next)
	}
	topic.append(20, 23)
	for _, from := range []int64{23, next} { // the first waits until the tail has come so far
		found, err := topic.Rejoin(t.Context(), number, from, func(missed []atlas.Record) { sink.offsets = append(sink.offsets, offsetsOf(missed)...) })
		if !found || err != nil {
			t.Fatalf("at %d: got %v, %v", from, found, err)
		}
	}
	if len(sink.offsets) != 18 {
		t.Errorf("got %d records, want 18", len(sink.offsets))
	}
	for i, offset := range sink.offsets {
		if offset != int64(5+i) {
			t.Fatalf("got %v, want 5 to 22", sink.offsets)
		}
	}
	var gone *catchup.LostError
	if _, err := topic.Open(t.Context(), number, []atlas.MeasurementID{1}, 30, 100, (&readlimit.Reading{}).Pay); !errors.As(err, &gone) || *gone != (catchup.LostError{From: 30, To: 23}) {
		t.Errorf("beyond the end: got %v", err)
	}
}

// readOn reads to the end of the log, and gives the offset there.
func (b *testTopic) readOn(t *testing.T, from int64, sink *received) (next int64) {
	t.Helper()
	reader, err := b.Open(t.Context(), 0, []atlas.MeasurementID{1}, from, 100, (&readlimit.Reading{}).Pay)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for {
		record, err := reader.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return reader.Position()
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = sink.Deliver(t.Context(), record, nil)
	}
}

func offsetsOf(records []atlas.Record) (offsets []int64) {
	for i := range records {
		offsets = append(offsets, records[i].Position.Offset)
	}
	return offsets
}

// received is a client that keeps offsets.
type received struct{ offsets []int64 }

func (r *received) Room(context.Context) (time.Duration, error) { return 0, nil }
func (r *received) Flush()                                      {}

func (r *received) Deliver(_ context.Context, record *atlas.Record, _ func() *cursor.Replay) error {
	r.offsets = append(r.offsets, record.Position.Offset)
	return nil
}

// A cursor and a time are turned into offsets of the log.
func TestLiveTopicFindsOffsets(t *testing.T) {
	topic := openTopic(t, 20)
	for second, want := range map[int64]int64{-100: 0, 0: 0, 7: 7, 19: 19, 20: 20} {
		if got, err := topic.Since(t.Context(), 1, time.Unix(1426633200+second, 0)); err != nil || got != want {
			t.Errorf("since second %d: got %d, %v, want %d", second, got, err, want)
		}
	}
	for _, offset := range []int64{-1, 0, 12, 19} {
		if got, err := topic.resume(t.Context(), t, offset); err != nil || got != offset+1 {
			t.Errorf("behind offset %d: got %d, %v", offset, got, err)
		}
	}
}

const fetch = 1 // Kafka's key of requests to read

// A cursor may be of a gateway that is ahead: resuming behind it waits until the tail is there, or the tail would deliver records again.
//
//notices:resume-without-waiting
func TestResumingWaitsForTheTail(t *testing.T) {
	topic := openTopic(t, 20)
	release := topic.broker.Hold(fetch)
	defer release()
	if found, err := topic.Rejoin(t.Context(), 0, 20, func([]atlas.Record) {}); !found || err != nil {
		t.Fatalf("got %v, %v", found, err)
	}
	topic.append(20, 21)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if offset, err := topic.resume(ctx, t, 20); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %d, %v while the tail is at 20", offset, err)
	}
	release()
	if offset, err := topic.resume(t.Context(), t, 20); err != nil || offset != 21 {
		t.Errorf("got %d, %v, want 21", offset, err)
	}
}

// Where the partitions of a topic were changed, clients are refused wherever they begin, and told that trying again does not help.
func TestChangedPartitionsAreRefused(t *testing.T) {
	topic := openTopic(t, 1)
	if err := topic.broker.AddPartitions(t.Context(), eventlog.ResultsTopic, 4); err != nil {
		t.Fatal(err)
	}
	began := time.Unix(1426633200, 0)
	awaitError(t, func() error { _, err := topic.Since(t.Context(), 1, began); return err })
	_, since := topic.Since(t.Context(), 1, began)
	_, namedSince := topic.NamedSince(t.Context(), 1, time.Now())
	_, resumed := topic.resume(t.Context(), t, 0)
	_, followed := topic.Follow(t.Context(), 1, func(int, int64) { t.Error("followed") })
	_, replayed := plannerOf(historyLog{topic.history}).Plan(t.Context(), wantPast(t, began), nil, nil)
	for name, err := range map[string]error{"Since": since, "NamedSince": namedSince, "Resume": resumed, "Follow": followed, "Plan": replayed} {
		if err == nil || !strings.HasPrefix(err.Error(), "[unavailable] nothing of this can be subscribed to or replayed until the log is mended: ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// awaitError waits until an attempt fails.
func awaitError(t *testing.T, try func() error) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); try() == nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not fail")
		}
	}
}
