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
	return &kafka.FetchResponse{HighWatermark: int64(len(b.log)), Records: answer}, nil
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

// What an answer had before it broke off is not lost.
func TestReadKeepsWhatCameBeforeAnError(t *testing.T) {
	broker := &brokenOnce{}
	for offset := range 3 {
		value := fmt.Sprintf(`{"msm_id":1,"prb_id":%d,"timestamp":1426633200,"type":"ping"}`, offset+1)
		broker.log = append(broker.log, &kafka.Record{Offset: int64(offset), Time: time.Now(), Value: kafka.NewBytes([]byte(value))})
	}
	log, err := Open(Config{Brokers: []string{"127.0.0.1:1"}}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	reader := log.newReader(partition{broker: broker, topic: ResultsTopic}, 0, 0, "tail")
	defer reader.close()
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

// shortLog is a broker whose log has become shorter than it was.
type shortLog struct{ broker }

func (shortLog) ListOffsets(context.Context, *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error) {
	return &kafka.ListOffsetsResponse{Topics: map[string][]kafka.PartitionOffsets{ResultsTopic: {{FirstOffset: 0, LastOffset: 7}}}}, nil
}

func TestExtendingALogThatBeganAnew(t *testing.T) {
	log, err := Open(Config{Brokers: []string{"127.0.0.1:1"}}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	reader := log.newMeasurementReader(partition{broker: shortLog{}, topic: ResultsTopic}, wantMeasurements([]atlas.MeasurementID{1}), 0, 10, 10)
	defer reader.Close()
	want := OffsetGoneError{Topic: ResultsTopic, Offset: 10, First: 0, Next: 7}
	if gone, ok := errors.AsType[*OffsetGoneError](reader.Extend(t.Context())); !ok || *gone != want {
		t.Errorf("got %v, want %v", gone, &want)
	}
}
