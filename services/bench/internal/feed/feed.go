// Package feed is the least that it takes to follow a topic with kafka-go: what the bare loop and the peers in Go are fed by.
package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
)

const fetchBytes = 1 << 20

// Topic is a topic that is followed.
type Topic struct {
	client     *kafka.Client
	name       string
	partitions int
}

// Open asks Kafka for the topic.
func Open(ctx context.Context, brokers []string, name string) (*Topic, error) {
	client := &kafka.Client{Addr: kafka.TCP(brokers...), Transport: &kafka.Transport{}}
	metadata, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{name}})
	if err != nil {
		return nil, err
	}
	if err := metadata.Topics[0].Error; err != nil {
		return nil, fmt.Errorf("topic %s: %w", name, err)
	}
	return &Topic{client: client, name: name, partitions: len(metadata.Topics[0].Partitions)}, nil
}

// Partitions is how many there are.
func (t *Topic) Partitions() int { return t.partitions }

// PartitionOf gives the partition of a key's records.
func (t *Topic) PartitionOf(key string) int {
	numbers := make([]int, t.partitions)
	for i := range numbers {
		numbers[i] = i
	}
	return kafka.Murmur2Balancer{Consistent: true}.Balance(kafka.Message{Key: []byte(key)}, numbers...)
}

// Follow hands on the records of a partition, from the log's end as it is now, until something fails or ctx ends, which is an error too. Key and value are
// take's to keep.
func (t *Topic) Follow(ctx context.Context, partition int, take func(key string, value []byte) error) error {
	offset, err := t.end(ctx, partition)
	for err == nil {
		offset, err = t.fetch(ctx, partition, offset, func(record *kafka.Record) error { return hand(record, take) })
	}
	return fmt.Errorf("partition %d of %s: %w", partition, t.name, err)
}

// Read reads the key and the value of every record of a partition, from its beginning to its end as it is now, each into the memory of the one before.
func (t *Topic) Read(ctx context.Context, partition int) (records int, err error) {
	end, err := t.end(ctx, partition)
	var memory []byte
	for offset := int64(0); offset < end && err == nil; {
		offset, err = t.fetch(ctx, partition, offset, func(record *kafka.Record) (err error) {
			records++
			memory, err = readInto(memory, record)
			return err
		})
	}
	return records, err
}

func (t *Topic) end(ctx context.Context, partition int) (int64, error) {
	answer, err := t.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{t.name: {kafka.LastOffsetOf(partition)}}})
	if err != nil {
		return 0, err
	}
	found := answer.Topics[t.name][0]
	return found.LastOffset, found.Error
}

func (t *Topic) fetch(ctx context.Context, partition int, offset int64, take func(*kafka.Record) error) (next int64, err error) {
	answer, err := t.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: t.name, Partition: partition, Offset: offset, MinBytes: 1, MaxBytes: fetchBytes, MaxWait: time.Second,
	})
	if err != nil {
		return offset, err
	}
	if answer.Error != nil {
		return offset, answer.Error
	}
	for {
		record, err := answer.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return offset, nil
		}
		if err != nil {
			return offset, err
		}
		if record.Offset < offset { // brokers send whole batches
			continue
		}
		offset = record.Offset + 1
		if err := take(record); err != nil {
			return offset, err
		}
	}
}

// hand copies key and value, and gives kafka-go's memory back to it.
func hand(record *kafka.Record, take func(key string, value []byte) error) error {
	key, err := readAll(record.Key)
	if err != nil {
		return err
	}
	value, err := readAll(record.Value)
	if err != nil {
		return err
	}
	return take(string(key), value)
}

func readAll(from kafka.Bytes) ([]byte, error) {
	if from == nil {
		return nil, nil
	}
	defer from.Close() //nolint:errcheck // it has nothing to fail
	return kafka.ReadAll(from)
}

func readInto(memory []byte, record *kafka.Record) ([]byte, error) {
	for _, part := range []kafka.Bytes{record.Key, record.Value} {
		if part == nil {
			continue
		}
		memory = slices.Grow(memory[:0], part.Len())[:part.Len()]
		if _, err := io.ReadFull(part, memory); err != nil {
			return memory, err
		}
		_ = part.Close() // it has nothing to fail
	}
	return memory, nil
}
