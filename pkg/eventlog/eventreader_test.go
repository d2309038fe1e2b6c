package eventlog

import (
	"errors"
	"testing"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// newTestReader returns the reader of a tail on a fake broker.
func newTestReader(t *testing.T, broker broker, from int64) *tailReader {
	t.Helper()
	reader := openOffline(t).newTailReader(partition{broker: broker, topic: ResultsTopic}, 0, from)
	t.Cleanup(reader.close)
	return reader
}

// The records before an error are not lost.
func TestReadKeepsRecordsBeforeAnError(t *testing.T) {
	broker := fakeLog(3)
	broker.brokenAfter = 1
	reader := newTestReader(t, broker, 0)
	for next := int64(0); next < 3; {
		records, err := reader.read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, record := range records {
			if record.Position.Offset != next {
				t.Fatalf("got offset %d, want %d", record.Position.Offset, next)
			}
			next++
		}
	}
}

// Retention may delete records of the horizon, of which none is delivered; only the loss of later ones is reported.
//
//notices:retention-in-horizon-is-gap
func TestRetentionWithinTheHorizon(t *testing.T) {
	for first, want := range map[int64]*OffsetGoneError{5: nil, 10: nil, 12: {Topic: ResultsTopic, Offset: 10, First: 12, Next: 20}} {
		records, err := readAfterRetention(t, 10, first)
		gone, ok := errors.AsType[*OffsetGoneError](err)
		if ok != (want != nil) || ok && *gone != *want {
			t.Errorf("records before %d are deleted: got %v, want %v", first, err, want)
		}
		if want == nil && (err != nil || len(records) != 10 || records[0].Position.Offset != 10) {
			t.Errorf("records before %d are deleted: got %d records, %v, want those from 10 on", first, len(records), err)
		}
	}
}

// readAfterRetention reads 20 records from an offset on, after retention has deleted those before the first, while the reader was about to read the horizon.
func readAfterRetention(t *testing.T, wanted, first int64) ([]atlas.Record, error) {
	t.Helper()
	broker := fakeLog(20)
	broker.first = first
	reader := newTestReader(t, broker, wanted)
	if _, err := reader.read(t.Context()); !errors.Is(err, kafka.OffsetOutOfRange) { // the reader learns the bounds, and its caller retries
		return nil, err
	}
	return reader.read(t.Context())
}
