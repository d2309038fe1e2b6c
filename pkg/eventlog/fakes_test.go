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
	"github.com/segmentio/kafka-go/protocol"
	"go.uber.org/zap"
)

// fakeBroker has one partition, whose log consists of batches or of records.
type fakeBroker struct {
	topic       string
	first, end  int64
	grownEnd    int64 // the end after the first fetch; 0 for the same
	batches     []fakeBatch
	perResponse int // batches
	records     []*kafka.Record
	brokenAfter int // records of the first response; 0 for none
	fetched     []int64
}

// fakeBatch keeps the offsets of its first and last record, as compaction does, whichever records are left.
type fakeBatch struct {
	first, last int64
	left        []int64
	control     bool
	unreadable  bool // compressed with an unknown codec
}

// Fetch waits at the end of the log, as Kafka does.
func (b *fakeBroker) Fetch(ctx context.Context, request *kafka.FetchRequest) (*kafka.FetchResponse, error) {
	b.fetched = append(b.fetched, request.Offset)
	b.end = max(b.end, b.grownEnd)
	switch {
	case len(b.fetched) > 100:
		return nil, errors.New("too many fetches")
	case request.Offset < b.first:
		return &kafka.FetchResponse{Error: kafka.OffsetOutOfRange}, nil
	case request.Offset >= b.end:
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &kafka.FetchResponse{HighWatermark: b.end, LastStableOffset: b.end, Records: b.recordsFrom(request.Offset)}, nil
}

func (b *fakeBroker) recordsFrom(offset int64) kafka.RecordReader {
	if b.records != nil {
		records := b.records[offset:]
		if len(b.fetched) == 1 && b.brokenAfter > 0 {
			return &fakeRecords{records: records[:b.brokenAfter], end: errors.New("the batch is damaged")}
		}
		return &fakeRecords{records: records, end: io.EOF}
	}
	var batches []*fetchedBatch
	for _, batch := range b.batches {
		if batch.last >= offset && len(batches) < b.perResponse {
			batches = append(batches, batch.reader())
		}
	}
	if len(batches) == 0 {
		return kafka.NewRecordReader()
	}
	return committed(batches, nil)
}

func (b *fakeBroker) ListOffsets(context.Context, *kafka.ListOffsetsRequest) (*kafka.ListOffsetsResponse, error) {
	bounds := kafka.PartitionOffsets{FirstOffset: b.first, LastOffset: b.end}
	return &kafka.ListOffsetsResponse{Topics: map[string][]kafka.PartitionOffsets{b.topic: {bounds}}}, nil
}

func (b fakeBatch) reader() *fetchedBatch {
	raw := writtenBatch(b.first, b.last+1, b.left...)
	if b.control {
		raw[attributesAt+1] |= byte(protocol.Control)
	}
	if b.unreadable {
		raw[attributesAt+1] |= 7
	}
	return newBatch(sign(raw))
}

// fakeRecords are followed by an error.
type fakeRecords struct {
	records []*kafka.Record
	end     error
}

func (r *fakeRecords) ReadRecord() (*kafka.Record, error) {
	if len(r.records) == 0 {
		return nil, r.end
	}
	next := r.records[0]
	r.records = r.records[1:]
	return next, nil
}

// fakeLog returns a broker with that many records of events.
func fakeLog(count int) *fakeBroker {
	broker := &fakeBroker{topic: ResultsTopic, end: int64(count)}
	for offset := range count {
		value := fmt.Sprintf(`{"msm_id":1,"prb_id":%d,"timestamp":1426633200,"type":"ping"}`, offset+1)
		broker.records = append(broker.records, &kafka.Record{Offset: int64(offset), Time: time.Now(), Value: kafka.NewBytes([]byte(value))})
	}
	return broker
}

// damagedLog returns a broker with the records from 0 to 8, of which those from 3 to 5 are unreadable.
func damagedLog(topic string) *fakeBroker {
	return &fakeBroker{topic: topic, end: 9, perResponse: 3, batches: []fakeBatch{
		{first: 0, last: 2, left: []int64{0, 1, 2}},
		{first: 3, last: 5, left: []int64{3, 4, 5}, unreadable: true},
		{first: 6, last: 8, left: []int64{6, 7, 8}},
	}}
}

// fakeConsumer discards what it receives.
type fakeConsumer struct{}

func (fakeConsumer) Deliver(int, []atlas.Record) {}
func (fakeConsumer) Flush(int)                   {}

// openOffline opens a log without a broker.
func openOffline(t testing.TB) *Log {
	t.Helper()
	log, err := Open(Config{Brokers: []string{"127.0.0.1:1"}}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	return log
}
