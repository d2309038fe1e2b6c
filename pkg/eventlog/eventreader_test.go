package eventlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"atlasstream/pkg/atlas"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// brokenOnce is a broker whose first answer breaks off behind one record.
type brokenOnce struct {
	answers int
	log     []*kafka.Record
}

func (b *brokenOnce) Fetch(_ context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	b.answers++
	rest := b.log[request.Offset:]
	answer := &answeredRecords{records: rest, end: io.EOF}
	if b.answers == 1 {
		answer = &answeredRecords{records: rest[:1], end: errors.New("the batch is damaged")}
	}
	return &kafka.FetchResponse{HighWatermark: int64(len(b.log)), LastStableOffset: int64(len(b.log)), Records: answer}, nil
}

func (*brokenOnce) ListOffsets(context.Context, *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error) {
	return nil, errors.New("not asked for here")
}

type answeredRecords struct {
	records []*kafka.Record
	end     error
}

func (a *answeredRecords) ReadRecord() (*kafka.Record, error) {
	if len(a.records) == 0 {
		return nil, a.end
	}
	next := a.records[0]
	a.records = a.records[1:]
	return next, nil
}

// pings are the first records of a log.
func pings(count int) (log []*kafka.Record) {
	for offset := range count {
		value := fmt.Sprintf(`{"msm_id":1,"prb_id":%d,"timestamp":1426633200,"type":"ping"}`, offset+1)
		log = append(log, &kafka.Record{Offset: int64(offset), Time: time.Now(), Value: kafka.NewBytes([]byte(value))})
	}
	return log
}

// newTestReader reads from a broker that is none.
func newTestReader(t *testing.T, broker broker, from int64) *tailReader {
	t.Helper()
	log, err := Open(Config{Brokers: []string{"127.0.0.1:1"}}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	reader := log.newTailReader(partition{broker: broker, topic: ResultsTopic}, 0, from)
	t.Cleanup(func() {
		reader.close()
		_ = log.Close()
	})
	return reader
}

// What an answer had before it broke off is not lost.
func TestReadKeepsWhatCameBeforeAnError(t *testing.T) {
	reader := newTestReader(t, &brokenOnce{log: pings(3)}, 0)
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

// keptFrom is a broker whose log begins at an offset: what stood before is gone.
type keptFrom struct {
	first int64
	log   []*kafka.Record
}

func (k *keptFrom) Fetch(_ context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	if request.Offset < k.first {
		return &kafka.FetchResponse{Error: kafka.OffsetOutOfRange}, nil
	}
	end := int64(len(k.log))
	return &kafka.FetchResponse{HighWatermark: end, LastStableOffset: end, Records: &answeredRecords{records: k.log[request.Offset:], end: io.EOF}}, nil
}

func (k *keptFrom) ListOffsets(context.Context, *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error) {
	bounds := kafka.PartitionOffsets{FirstOffset: k.first, LastOffset: int64(len(k.log))}
	return &kafka.ListOffsetsResponse{Topics: map[string][]kafka.PartitionOffsets{ResultsTopic: {bounds}}}, nil
}

// Retention that takes from the horizon takes nothing that is delivered; only what it takes behind that is told.
//
//notices:horizon-taken
func TestRetentionTakesFromTheHorizon(t *testing.T) {
	for first, want := range map[int64]*OffsetGoneError{5: nil, 10: nil, 12: {Topic: ResultsTopic, Offset: 10, First: 12, Next: 20}} {
		records, err := readAfterRetention(t, 10, first)
		gone, ok := errors.AsType[*OffsetGoneError](err)
		if ok != (want != nil) || ok && *gone != *want {
			t.Errorf("what stood before %d is gone: got %v, want %v", first, err, want)
		}
		if want == nil && (err != nil || len(records) != 10 || records[0].Position.Offset != 10) {
			t.Errorf("what stood before %d is gone: got %d records, %v, want those from 10 on", first, len(records), err)
		}
	}
}

// readAfterRetention reads 20 records from an offset on, after retention took what stood before the first while the reader was about to read the horizon.
func readAfterRetention(t *testing.T, wanted, first int64) ([]atlas.Record, error) {
	t.Helper()
	reader := newTestReader(t, &keptFrom{first: first, log: pings(20)}, wanted)
	if _, err := reader.read(t.Context()); !errors.Is(err, kafka.OffsetOutOfRange) { // it learns of the bounds; whoever reads tries again
		return nil, err
	}
	return reader.read(t.Context())
}
