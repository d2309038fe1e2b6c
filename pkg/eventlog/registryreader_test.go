package eventlog

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"
)

func TestRegistryReaderOfACompactedLog(t *testing.T) {
	for _, test := range []struct {
		name    string
		batches []fakeBatch
		end     int64
		fetches int // with one batch a response
	}{
		{"nothing is deleted", []fakeBatch{{first: 0, last: 2, left: []int64{0, 1, 2}}}, 3, 1},
		{"the first of a batch", []fakeBatch{{first: 0, last: 2, left: []int64{2}}, {first: 3, last: 3, left: []int64{3}}}, 4, 2},
		{"the last of a batch", []fakeBatch{{first: 0, last: 4, left: []int64{0, 1}}, {first: 5, last: 5, left: []int64{5}}}, 6, 2},
		{"whole batches", []fakeBatch{{first: 10, last: 10, left: []int64{10}}, {first: 500, last: 501, left: []int64{501}}}, 502, 2},
		{"all records of a batch", []fakeBatch{{first: 7, last: 7}, {first: 9, last: 9}, {first: 10, last: 10, left: []int64{10}}}, 11, 3},
		{"a marker between batches", []fakeBatch{{first: 0, last: 0, left: []int64{0}}, {first: 1, last: 1, control: true}, {first: 2, last: 2, left: []int64{2}}}, 3, 3},
		{"a long unreadable marker", []fakeBatch{{first: 0, last: 4, control: true, unreadable: true}, {first: 5, last: 5, left: []int64{5}}}, 6, 2},
		{"the end is deleted", []fakeBatch{{first: 0, last: 1, left: []int64{0, 1}}}, 1000, 2},
		{"everything", nil, 1000, 1},
	} {
		for perResponse := 1; perResponse <= 3; perResponse++ {
			t.Run(fmt.Sprintf("%s, %d a response", test.name, perResponse), func(t *testing.T) {
				broker := &fakeBroker{batches: test.batches, end: test.end, perResponse: perResponse}
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
				if perResponse == 1 && len(broker.fetched) != test.fetches {
					t.Errorf("fetched at %v, want %d times", broker.fetched, test.fetches)
				}
			})
		}
	}
}

func newTestRegistryReader(t *testing.T, broker broker) *registryReader {
	t.Helper()
	reader := openOffline(t).newRegistryReader(partition{broker: broker, topic: ProbesTopic}, 0)
	t.Cleanup(reader.close)
	return reader
}

// A log is identified by the last record that was read.
func TestRegistryReaderIdentifiesItsLog(t *testing.T) {
	broker := &fakeBroker{batches: []fakeBatch{{first: 0, last: 4, left: []int64{0, 4}}}, end: 5, perResponse: 1}
	reader := newTestRegistryReader(t, broker)
	assertSameLog(t, reader, "nothing read yet", false)
	if err := reader.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	assertSameLog(t, reader, "as it was", true)
	broker.batches = []fakeBatch{{first: 0, last: 6, left: []int64{0, 6}}}
	assertSameLog(t, reader, "the record is gone", false)
	broker.batches = []fakeBatch{{first: 0, last: 6, left: []int64{0, 4, 6}}}
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
