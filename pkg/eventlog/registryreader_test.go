package eventlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"go.uber.org/zap"
)

// compacted is a broker whose log is what compaction left: batches that keep the offsets of their first and last record, whatever is left of them.
type compacted struct {
	batches []leftBatch
	end     int64
	atOnce  int // batches an answer
	fetched []int64
}

type leftBatch struct {
	first, last int64
	left        []int64
	control     bool
	unreadable  bool // by a codec that there is not
}

func (c *compacted) Fetch(_ context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	c.fetched = append(c.fetched, request.Offset)
	if len(c.fetched) > 100 {
		return nil, errors.New("asked again and again")
	}
	var batches []*fetchedBatch
	for _, batch := range c.batches {
		if batch.last >= request.Offset && len(batches) < c.atOnce {
			batches = append(batches, batch.reader())
		}
	}
	answer := &kafka.FetchResponse{HighWatermark: c.end, LastStableOffset: c.end, Records: kafka.NewRecordReader()}
	if len(batches) > 0 {
		answer.Records = committed(batches, nil)
	}
	return answer, nil
}

func (b leftBatch) reader() *fetchedBatch {
	raw := writtenBatch(b.first, b.last+1, b.left...)
	if b.control {
		raw[attributesAt+1] |= byte(protocol.Control)
	}
	if b.unreadable {
		raw[attributesAt+1] |= 7
	}
	return newBatch(sign(raw))
}

func (*compacted) ListOffsets(context.Context, *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error) {
	return nil, errors.New("not asked for here")
}

func TestRegistryReaderGetsPastWhatCompactionTook(t *testing.T) {
	for _, test := range []struct {
		name    string
		batches []leftBatch
		end     int64
		fetches int // with one batch an answer
	}{
		{"nothing was taken", []leftBatch{{first: 0, last: 2, left: []int64{0, 1, 2}}}, 3, 1},
		{"the first of a batch", []leftBatch{{first: 0, last: 2, left: []int64{2}}, {first: 3, last: 3, left: []int64{3}}}, 4, 2},
		{"the last of a batch", []leftBatch{{first: 0, last: 4, left: []int64{0, 1}}, {first: 5, last: 5, left: []int64{5}}}, 6, 2},
		{"whole batches", []leftBatch{{first: 10, last: 10, left: []int64{10}}, {first: 500, last: 501, left: []int64{501}}}, 502, 2},
		{"all of a batch but the batch", []leftBatch{{first: 7, last: 7}, {first: 9, last: 9}, {first: 10, last: 10, left: []int64{10}}}, 11, 3},
		{"a marker between", []leftBatch{{first: 0, last: 0, left: []int64{0}}, {first: 1, last: 1, control: true}, {first: 2, last: 2, left: []int64{2}}}, 3, 3},
		{"a long marker that cannot be read", []leftBatch{{first: 0, last: 4, control: true, unreadable: true}, {first: 5, last: 5, left: []int64{5}}}, 6, 2},
		{"what stood at the end", []leftBatch{{first: 0, last: 1, left: []int64{0, 1}}}, 1000, 2},
		{"everything", nil, 1000, 1},
	} {
		for atOnce := 1; atOnce <= 3; atOnce++ {
			t.Run(fmt.Sprintf("%s, %d an answer", test.name, atOnce), func(t *testing.T) {
				broker := &compacted{batches: test.batches, end: test.end, atOnce: atOnce}
				var want, got []int64
				for _, batch := range test.batches {
					want = append(want, batch.left...)
				}
				reader := newTestRegistryReader(t, broker)
				for reader.next < test.end {
					if err := reader.read(t.Context()); err != nil {
						t.Fatal(err)
					}
					for _, object := range reader.takeHeld() {
						got = append(got, object.Position.Offset)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("got offsets %v, want %v", got, want)
				}
				if atOnce == 1 && len(broker.fetched) != test.fetches {
					t.Errorf("fetched at %v, want %d times", broker.fetched, test.fetches)
				}
			})
		}
	}
}

func newTestRegistryReader(t *testing.T, broker broker) *registryReader {
	t.Helper()
	log, err := Open(Config{Brokers: []string{"127.0.0.1:1"}}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	reader := log.newRegistryReader(partition{broker: broker, topic: ProbesTopic}, 0)
	t.Cleanup(func() {
		reader.close()
		_ = log.Close()
	})
	return reader
}

// A log is known again by the record that was read last.
func TestRegistryReaderKnowsItsLogAgain(t *testing.T) {
	broker := &compacted{batches: []leftBatch{{first: 0, last: 4, left: []int64{0, 4}}}, end: 5, atOnce: 1}
	reader := newTestRegistryReader(t, broker)
	assertSameLog(t, reader, "nothing read yet", false)
	if err := reader.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	assertSameLog(t, reader, "as it was", true)
	broker.batches = []leftBatch{{first: 0, last: 6, left: []int64{0, 6}}}
	assertSameLog(t, reader, "the record is gone", false)
	broker.batches = []leftBatch{{first: 0, last: 6, left: []int64{0, 4, 6}}}
	assertSameLog(t, reader, "there is more", true)
	reader.last.at = time.UnixMilli(3)
	assertSameLog(t, reader, "the record has another time", false)
	broker.batches = nil
	assertSameLog(t, reader, "empty", false)
}

func assertSameLog(t *testing.T, reader *registryReader, what string, want bool) {
	t.Helper()
	if same, err := reader.sameLog(t.Context()); err != nil || same != want {
		t.Errorf("%s: got %t, %v, want %t", what, same, err, want)
	}
}

func FuzzObjectID(f *testing.F) {
	f.Add([]byte("1001"))
	f.Add([]byte("007"))
	f.Fuzz(func(t *testing.T, key []byte) {
		if id, ok := objectID(key); ok && string(strconv.AppendInt(nil, id, 10)) != string(key) {
			t.Errorf("%q is taken for %d", key, id)
		}
	})
}
