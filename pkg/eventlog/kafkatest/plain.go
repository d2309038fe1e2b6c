package kafkatest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Plain is a Kafka client that knows nothing of this project: it reads and writes any records.
type Plain struct {
	addrs  []string
	client *kgo.Client
}

// Record is a record as Kafka has it.
type Record struct {
	Topic     string
	Partition int
	Offset    int64
	Time      time.Time
	Key       string
	Value     []byte
}

// plainTimeout is how long one call may take.
const plainTimeout = time.Minute

// NewPlain returns a Plain, which is closed when the test ends.
func NewPlain(t testing.TB, addrs []string) *Plain {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)), kgo.ProducerLinger(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &Plain{addrs: addrs, client: client}
}

// Write appends records in their order, to the partitions of their keys; it ignores their positions.
func (p *Plain) Write(ctx context.Context, records ...Record) error {
	foreign := make([]*kgo.Record, len(records))
	for i, record := range records {
		foreign[i] = &kgo.Record{Topic: record.Topic, Key: []byte(record.Key), Value: record.Value, Timestamp: record.Time}
	}
	ctx, cancel := context.WithTimeout(ctx, plainTimeout)
	defer cancel()
	return p.client.ProduceSync(ctx, foreign...).FirstErr()
}

// DeleteBefore deletes the records before an offset, as retention does.
func (p *Plain) DeleteBefore(t testing.TB, topic string, partition int, offset int64) {
	t.Helper()
	request := kmsg.NewPtrDeleteRecordsRequest()
	request.TimeoutMillis = int32(plainTimeout.Milliseconds())
	request.Topics = []kmsg.DeleteRecordsRequestTopic{{
		Topic: topic, Partitions: []kmsg.DeleteRecordsRequestTopicPartition{{Partition: int32(partition), Offset: offset}},
	}}
	ctx, cancel := context.WithTimeout(t.Context(), plainTimeout)
	defer cancel()
	response, err := request.RequestWith(ctx, p.client)
	if err == nil {
		err = kerr.ErrorForCode(response.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		t.Fatalf("delete records of %s/%d before %d: %v", topic, partition, offset, err)
	}
}

// DeleteTopic deletes a topic.
func (p *Plain) DeleteTopic(t testing.TB, topic string) {
	t.Helper()
	request := kmsg.NewPtrDeleteTopicsRequest()
	request.TimeoutMillis = int32(plainTimeout.Milliseconds())
	deleted := kmsg.NewDeleteTopicsRequestTopic()
	deleted.Topic = &topic
	request.Topics, request.TopicNames = []kmsg.DeleteTopicsRequestTopic{deleted}, []string{topic}
	ctx, cancel := context.WithTimeout(t.Context(), plainTimeout)
	defer cancel()
	response, err := request.RequestWith(ctx, p.client)
	if err == nil {
		err = kerr.ErrorForCode(response.Topics[0].ErrorCode)
	}
	if err != nil {
		t.Fatalf("delete topic %s: %v", topic, err)
	}
}

// Read returns every record of a topic, those of a partition in the order of offsets.
func (p *Plain) Read(t testing.TB, topic string) (records []Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), plainTimeout)
	defer cancel()
	reader, err := kgo.NewClient(kgo.SeedBrokers(p.addrs...), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	for missing := p.extent(ctx, t, topic); missing > 0; {
		fetched := reader.PollFetches(ctx)
		if err := fetched.Err(); err != nil {
			t.Fatalf("reading %s, of which %d records are missing: %v", topic, missing, err)
		}
		fetched.EachRecord(func(record *kgo.Record) {
			missing--
			records = append(records, Record{
				Topic: topic, Partition: int(record.Partition), Offset: record.Offset, Time: record.Timestamp, Key: string(record.Key), Value: record.Value,
			})
		})
	}
	slices.SortStableFunc(records, func(a, b Record) int { return a.Partition - b.Partition })
	return records
}

// extent returns how many records a topic has, too many for one that was compacted, or written in transactions.
func (p *Plain) extent(ctx context.Context, t testing.TB, topic string) (records int64) {
	t.Helper()
	const first, next = -2, -1 // Kafka's symbolic offsets
	partitions := p.partitions(ctx, t, topic)
	for partition := range partitions {
		records += p.offset(ctx, t, topic, partition, next) - p.offset(ctx, t, topic, partition, first)
	}
	return records
}

func (p *Plain) partitions(ctx context.Context, t testing.TB, topic string) int {
	t.Helper()
	request := kmsg.NewPtrMetadataRequest()
	request.Topics = []kmsg.MetadataRequestTopic{{Topic: &topic}}
	response, err := request.RequestWith(ctx, p.client)
	if err != nil || response.Topics[0].ErrorCode != 0 {
		t.Fatalf("asking for %s: %+v %v", topic, response, err)
	}
	return len(response.Topics[0].Partitions)
}

func (p *Plain) offset(ctx context.Context, t testing.TB, topic string, partition int, end int64) int64 {
	t.Helper()
	request := kmsg.NewPtrListOffsetsRequest()
	request.ReplicaID = -1
	wanted := kmsg.NewListOffsetsRequestTopicPartition()
	wanted.Partition, wanted.Timestamp = int32(partition), end
	request.Topics = []kmsg.ListOffsetsRequestTopic{{Topic: topic, Partitions: []kmsg.ListOffsetsRequestTopicPartition{wanted}}}
	response, err := request.RequestWith(ctx, p.client)
	if err != nil || response.Topics[0].Partitions[0].ErrorCode != 0 {
		t.Fatalf("asking for an end of %s/%d: %+v %v", topic, partition, response, err)
	}
	return response.Topics[0].Partitions[0].Offset
}
