package eventlog

import (
	"context"
	"testing"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
)

// The values are those of org.apache.kafka.common.utils.Utils in kafka-clients 4.4.0: toPositive(murmur2(key)) % partitions.
func TestPartitionOfAgreesWithTheJavaClient(t *testing.T) {
	for _, test := range []struct {
		measurement atlas.MeasurementID
		partitions  int
		want        int
	}{
		{1001, 8, 4}, {1001, 64, 52}, {5001, 8, 0}, {5001, 64, 48}, {7000, 1, 0}, {7000, 8, 5}, {10301, 64, 28}, {9007199254740991, 8, 3},
	} {
		if got := PartitionOf(test.measurement, test.partitions); got != test.want {
			t.Errorf("measurement %d of %d partitions: got %d, want %d", test.measurement, test.partitions, got, test.want)
		}
	}
}

// fakeGrowingBroker has a record a second, and one more after each response.
type fakeGrowingBroker struct{ end, asked int64 }

func (*fakeGrowingBroker) Fetch(context.Context, *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	return nil, context.Canceled
}

func (g *fakeGrowingBroker) ListOffsets(_ context.Context, request *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error) {
	answer := kafka.PartitionOffsets{FirstOffset: -1, LastOffset: -1}
	for _, question := range request.Topics[ResultsTopic] {
		g.asked++
		switch first := question.Timestamp / 1000; {
		case question.Timestamp == kafka.LastOffset:
			answer.LastOffset = g.end
		case first < g.end:
			answer.Offsets = map[int64]time.Time{first: time.UnixMilli(question.Timestamp)}
		default:
			answer.Offsets = map[int64]time.Time{-1: {}}
		}
	}
	g.end++
	return &kafka.ListOffsetsResponse{Topics: map[string][]kafka.PartitionOffsets{ResultsTopic: {answer}}}, nil
}

// A record that is written between two requests is not missed, and finding one that is there takes one request.
func TestOffsetAtOfALogThatGrows(t *testing.T) {
	for second, want := range map[int64]struct{ offset, questions int64 }{3: {3, 1}, 9: {9, 1}, 10: {10, 3}, 11: {11, 3}, 12: {11, 3}, 13: {11, 3}} {
		log := &fakeGrowingBroker{end: 10}
		offset, err := partition{broker: log, topic: ResultsTopic}.offsetAt(t.Context(), time.Unix(second, 0))
		if err != nil || offset != want.offset || log.asked != want.questions {
			t.Errorf("from second %d: got offset %d by %d questions, %v; want %+v", second, offset, log.asked, err, want)
		}
	}
}
