package eventlog

import (
	"context"
	"errors"
	"slices"

	"github.com/segmentio/kafka-go"
)

// ArchiveDelay is after how long everybody's Archives has a topic that was made: what a Log knows of topics is metadataTTL old, and as long on its way.
const ArchiveDelay = 2 * metadataTTL

// Archives lists the topics of imported archives, by name. A new one takes up to ArchiveDelay to appear.
func (h *History) Archives(ctx context.Context) (topics []string, err error) {
	err = retry(ctx, func() error {
		topics, err = h.log.archives(ctx)
		return err
	})
	return topics, err
}

func (l *Log) archives(ctx context.Context) (topics []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	metadata, err := l.client.Metadata(ctx, &kafka.MetadataRequest{})
	if err != nil {
		return nil, err
	}
	for _, topic := range metadata.Topics {
		if IsArchiveTopic(topic.Name) && !errors.Is(topic.Error, kafka.UnknownTopicOrPartition) {
			topics = append(topics, topic.Name)
		}
	}
	slices.Sort(topics)
	return topics, nil
}
