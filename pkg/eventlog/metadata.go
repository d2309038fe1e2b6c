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

// newTopicGrace is how long a topic that Kafka seems not to have is waited for: kafka-go learns of a new one with its next metadata only, and so do brokers.
const newTopicGrace = 3 * time.Second

// partitionCount gives the number of a topic's partitions. It waits for Kafka as long as the context lasts, and for the topic newTopicGrace at most.
func (l *Log) partitionCount(ctx context.Context, topic string) (int, error) {
	return l.awaitPartitionCount(ctx, topic, func(int) error { return nil })
}

// checkedPartitionCount is partitionCount for whoever looks for a measurement in one of them: they must be those that its records were written to.
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

// topicPartitions tells what kafka-go knows of a topic at this moment.
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

// freshMetadata is a request for the metadata of topics that a broker answers. By itself, kafka-go answers what it knows, which is up to metadataTTL old.
type freshMetadata struct {
	*metadata.Request
	clientID string
	version  int16
}

// Required has kafka-go leave the exchange to us.
func (f *freshMetadata) Required(versions map[protocol.ApiKey]int16) bool {
	f.version = versions[protocol.Metadata]
	return true
}

// RawExchange sends the request to a broker and gives its *brokersMetadata.
func (f *freshMetadata) RawExchange(broker io.ReadWriter) (protocol.Message, error) {
	const correlation = 1 // a connection has one request at a time, and is closed behind one that failed
	if err := protocol.WriteRequest(broker, f.version, correlation, f.clientID, f.Request); err != nil {
		return nil, err
	}
	_, answer, err := protocol.ReadResponse(broker, protocol.Metadata, f.version)
	if err != nil {
		return nil, fmt.Errorf("reading an answer: %w", err)
	}
	topics := answer.(*metadata.Response)
	for i := range topics.Topics {
		if f.version < operationsVersion {
			topics.Topics[i].TopicAuthorizedOperations = unknownOperations
		}
	}
	return &brokersMetadata{topics}, nil
}

// brokersMetadata is an answer that kafka-go does not take for one to its own requests.
type brokersMetadata struct{ *metadata.Response }

// freshTopics gives the metadata of topics, or of all of them, as a broker has it now.
func (l *Log) freshTopics(ctx context.Context, names ...string) ([]metadata.ResponseTopic, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request := &metadata.Request{TopicNames: names, IncludeTopicAuthorizedOperations: true}
	answer, err := l.requests.RoundTrip(ctx, l.client.Addr, &freshMetadata{Request: request, clientID: l.config.ClientID})
	if err != nil {
		return nil, fmt.Errorf("topics: %w", err)
	}
	return answer.(*brokersMetadata).Topics, nil
}
