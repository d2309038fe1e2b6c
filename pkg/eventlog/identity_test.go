package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
)

// fakeTopic is a topic that can be recreated, with records whose values begin with a name.
type fakeTopic struct {
	mu sync.Mutex
	*fakeBroker
	err  error         // of the next fetch
	wait time.Duration // of each fetch
}

func newFakeTopic(name string, count int) *fakeTopic {
	topic := &fakeTopic{fakeBroker: &fakeBroker{topic: ResultsTopic}}
	topic.recreate(name, count)
	return topic
}

func (f *fakeTopic) recreate(name string, count int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.end, f.records = int64(count), nil
	for offset := range count {
		value := fmt.Sprintf(`{"msm_id":1,"prb_id":%d,"timestamp":1426633200,"type":"ping","log":%q}`, offset+1, name)
		f.records = append(f.records, &kafka.Record{Offset: int64(offset), Value: kafka.NewBytes([]byte(value))})
	}
}

func (f *fakeTopic) failNext(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeTopic) Fetch(_ context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	time.Sleep(f.wait)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.err; err != nil {
		f.err = nil
		return nil, err
	}
	f.fetched = append(f.fetched, request.Offset)
	if request.Offset > f.end {
		return &kafka.FetchResponse{Error: kafka.OffsetOutOfRange}, nil
	}
	for _, record := range f.records {
		_, _ = record.Value.(io.Seeker).Seek(0, io.SeekStart)
	}
	return &kafka.FetchResponse{HighWatermark: f.end, LastStableOffset: f.end, Records: &fakeRecords{records: f.records[request.Offset:], end: io.EOF}}, nil
}

// A tail compares the last event that it read with the log after a fetch that failed, if the log has become shorter, and if it has not looked for long. It takes
// one fetch if the log is the same.
//
//notices:another-log-unseen
func TestTailComparesItsLastEvent(t *testing.T) {
	failure := errors.New("connection refused")
	for name, test := range map[string]struct {
		happens func(*fakeTopic)
		fetched string
		want    *OffsetGoneError
	}{
		"nothing":        {func(f *fakeTopic) { f.recreate("a", 12) }, "[10]", nil},
		"a failed fetch": {func(f *fakeTopic) { f.recreate("a", 12); f.err = failure }, "[10 9]", nil},
		"a pause":        {func(f *fakeTopic) { f.recreate("a", 12); time.Sleep(2 * time.Second) }, "[10 9]", nil},
		"a longer topic": {func(f *fakeTopic) { f.recreate("b", 12); f.err = failure }, "[10 9]", &OffsetGoneError{Offset: 10, Next: 12, Recreated: true}},
		"one after a pause": {func(f *fakeTopic) { f.recreate("b", 12); time.Sleep(2 * time.Second) }, "[10 9]",
			&OffsetGoneError{Offset: 10, Next: 12, Recreated: true}},
		"one as long":     {func(f *fakeTopic) { f.recreate("b", 10); f.err = failure }, "[10 9]", &OffsetGoneError{Offset: 10, Next: 10, Recreated: true}},
		"a shorter topic": {func(f *fakeTopic) { f.recreate("b", 7); f.err = failure }, "[10]", &OffsetGoneError{Offset: 10, Next: 7}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				topic := newFakeTopic("a", 10)
				reader := openOffline(t).newTailReader(partition{broker: topic, topic: ResultsTopic}, 0, 0)
				defer reader.close()
				if records, err := reader.read(t.Context()); len(records) != 10 || err != nil {
					t.Fatalf("got %d records, %v", len(records), err)
				}
				test.happens(topic)
				topic.fetched = nil
				records, err := reader.read(t.Context())
				if errors.Is(err, failure) {
					records, err = reader.read(t.Context())
				}
				var gone *OffsetGoneError
				if errors.As(err, &gone) {
					gone.Topic = ""
				}
				switch {
				case test.want == nil && (err != nil || len(records) != 2):
					t.Errorf("got %d records, %v, want 2", len(records), err)
				case test.want != nil && (gone == nil || *gone != *test.want || len(records) > 0):
					t.Errorf("got %d records, %v, want %v", len(records), err, test.want)
				}
				if got := fmt.Sprint(topic.fetched); got != test.fetched {
					t.Errorf("fetched at %s, want %s", got, test.fetched)
				}
			})
		})
	}
}

// A tail that only waits for records takes no fetch besides, and one that cannot fetch takes one more for the whole outage.
func TestTailComparesNoMoreThanItMust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		topic := newFakeTopic("a", 10)
		reader := openOffline(t).newTailReader(partition{broker: topic, topic: ResultsTopic}, 0, 0)
		defer reader.close()
		topic.wait = fetchWait + 100*time.Millisecond // and the way to the broker
		for range 5 {
			if _, err := reader.read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			topic.failNext(errors.New("connection refused"))
			_, _ = reader.read(t.Context())
		}
		for range 2 {
			if _, err := reader.read(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got, want := fmt.Sprint(topic.fetched), "[0 10 10 10 10 10 9 10]"; got != want {
			t.Errorf("fetched at %s, want %s", got, want)
		}
	})
}

// A reader of the history compares after a fetch that failed.
func TestReaderComparesItsLastEvent(t *testing.T) {
	topic := newFakeTopic("a", 10)
	reader := openOffline(t).newReader(partition{broker: topic, topic: ResultsTopic}, nil, 0, 0, 12, "history")
	defer reader.Close()
	for range 10 {
		if _, err := reader.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	reader.prefetch.close()
	topic.recreate("b", 12)
	topic.failNext(errors.New("connection refused"))
	_, err := reader.Next(t.Context())
	if gone, ok := errors.AsType[*OffsetGoneError](err); !ok || !gone.Recreated || gone.Resumption() != 0 {
		t.Errorf("got %v, want that the topic was recreated", err)
	}
}

// The event at an offset takes one fetch.
func TestEventAtTakesOneFetch(t *testing.T) {
	topic := newFakeTopic("a", 10)
	id, found, err := partition{broker: topic, topic: ResultsTopic}.eventAt(t.Context(), 3)
	if err != nil || !found || id.Identity() == 0 || len(topic.fetched) != 1 {
		t.Errorf("got %s, %t, %v by %d fetches, want an ID by one", id, found, err, len(topic.fetched))
	}
}
