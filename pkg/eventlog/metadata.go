package eventlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// newTopicGrace is how long to wait for a topic that Kafka does not seem to have: kafka-go learns of a new one with its next metadata only, and so do
// brokers.
const newTopicGrace = 3 * time.Second

// partitionCount returns the number of a topic's partitions. It waits for Kafka until the context ends, and for the topic up to newTopicGrace.
func (l *Log) partitionCount(ctx context.Context, topic string) (int, error) {
	return l.awaitPartitionCount(ctx, topic, func(int) error { return nil })
}

// checkedPartitionCount is partitionCount for callers that look for a measurement in one of the partitions: they must be those that its records were
// written to.
func (l *Log) checkedPartitionCount(ctx context.Context, topic string) (int, error) {
	return l.awaitPartitionCount(ctx, topic, func(partitions int) error { return l.checkLayout(ctx, topic, partitions) })
}

func (l *Log) awaitPartitionCount(ctx context.Context, topic string, check func(partitions int) error) (int, error) {
	missingAfter := time.Now().Add(newTopicGrace)
	var pause backoff
	for {
		partitions, err := l.topicPartitions(ctx, topic)
		if err == nil {
			err = check(len(partitions))
		}
		if err == nil {
			return len(partitions), nil
		}
		if _, changed := errors.AsType[*PartitionsChangedError](err); changed || isMissingRight(err) || errors.Is(err, ErrNoTopic) && time.Now().After(missingAfter) {
			return 0, err
		}
		if pause.wait(ctx) != nil {
			return 0, fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// existing refuses a partition that the topic does not have; a broker would have the caller retry forever.
func (l *Log) existing(ctx context.Context, topic string, number int) (partition, error) {
	partitions, err := l.partitionCount(ctx, topic)
	if err == nil && (number < 0 || number >= partitions) {
		err = fmt.Errorf("%s: partition: got %d, want 0 to %d", topic, number, partitions-1)
	}
	return l.partition(topic, number), err
}

// topicPartitions returns a topic's partitions as kafka-go knows them.
func (l *Log) topicPartitions(ctx context.Context, topic string) ([]kafka.Partition, error) {
	metadata, err := l.metadata(ctx, topic)
	if err != nil {
		return nil, err
	}
	found := metadata.Topics[0]
	switch {
	case errors.Is(found.Error, kafka.UnknownTopicOrPartition):
		return nil, cmp.Or(l.checkRights(ctx, []string{topic}), fmt.Errorf("%s: %w", topic, ErrNoTopic))
	case found.Error != nil:
		return nil, fmt.Errorf("%s: %w", topic, found.Error)
	case len(found.Partitions) == 0:
		return nil, fmt.Errorf("%s: no partitions yet", topic)
	}
	return found.Partitions, nil
}

func (l *Log) metadata(ctx context.Context, topic string) (*kafka.MetadataResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	metadata, err := l.client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", topic, err)
	}
	return metadata, nil
}

func checkLeaders(topic string, partitions []kafka.Partition) error {
	for _, partition := range partitions {
		if partition.Error != nil {
			return fmt.Errorf("%s/%d: %w", topic, partition.ID, partition.Error)
		}
		if partition.Leader.Host == "" {
			return fmt.Errorf("%s/%d: %w", topic, partition.ID, kafka.LeaderNotAvailable)
		}
	}
	return nil
}

// freshMetadata is a request for the metadata of topics that a broker answers. By itself, kafka-go answers from its cache, which is up to metadataTTL
// old.
type freshMetadata struct {
	*metadata.Request
	clientID string
	version  int16
}

// Required makes kafka-go leave the exchange to us.
func (f *freshMetadata) Required(versions map[protocol.ApiKey]int16) bool {
	f.version = versions[protocol.Metadata]
	return true
}

// RawExchange sends the request to a broker and returns its *brokersMetadata.
func (f *freshMetadata) RawExchange(broker io.ReadWriter) (protocol.Message, error) {
	const correlation = 1 // a connection has one request at a time, and is closed after one that failed
	if err := protocol.WriteRequest(broker, f.version, correlation, f.clientID, f.Request); err != nil {
		return nil, err
	}
	_, response, err := protocol.ReadResponse(broker, protocol.Metadata, f.version)
	if err != nil {
		return nil, fmt.Errorf("reading a response: %w", err)
	}
	topics := response.(*metadata.Response)
	for i := range topics.Topics {
		if f.version < operationsVersion {
			topics.Topics[i].TopicAuthorizedOperations = unknownOperations
		}
	}
	return &brokersMetadata{topics}, nil
}

// brokersMetadata is a response that kafka-go does not mistake for one to its own requests.
type brokersMetadata struct{ *metadata.Response }

// freshTopics returns the metadata of topics, or of all of them, as a broker has it now.
func (l *Log) freshTopics(ctx context.Context, names ...string) ([]metadata.ResponseTopic, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request := &metadata.Request{TopicNames: names, IncludeTopicAuthorizedOperations: true}
	response, err := l.requests.RoundTrip(ctx, l.client.Addr, &freshMetadata{Request: request, clientID: l.config.ClientID})
	if err != nil {
		return nil, fmt.Errorf("topics: %w", err)
	}
	return response.(*brokersMetadata).Topics, nil
}
