package eventlog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// youngTopic is how long a topic that Kafka seems not to have is waited for: kafka-go learns of a new one with its next metadata only, and so do brokers.
const youngTopic = 3 * time.Second

// partitionCount gives the number of a topic's partitions. It waits for Kafka as long as the context lasts, and for the topic youngTopic at most.
func (l *Log) partitionCount(ctx context.Context, topic string) (int, error) {
	return l.awaitCount(ctx, topic, func(int) error { return nil })
}

// rightCount is partitionCount for whoever looks for a measurement in one of them: they must be those that its records were written to.
func (l *Log) rightCount(ctx context.Context, topic string) (int, error) {
	return l.awaitCount(ctx, topic, func(partitions int) error { return l.checkLayout(ctx, topic, partitions) })
}

func (l *Log) awaitCount(ctx context.Context, topic string, check func(partitions int) error) (int, error) {
	missingAfter := time.Now().Add(youngTopic)
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
