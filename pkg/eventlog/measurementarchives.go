package eventlog

import (
	"context"
	"slices"

	"github.com/segmentio/kafka-go"
)

// ArchiveDelay is after how long everybody's Archives has a topic that was made: what a Log knows of topics is metadataTTL old, and as long on its way.
const ArchiveDelay = 2 * metadataTTL

// Archives lists the topics of imported archives, by name. A broker is asked each time: foreign producers do not wait until everybody knows a new one, and a
// replay that has missed one does not look for it again.
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
	known, err := l.freshTopics(ctx)
	if err != nil {
		return nil, err
	}
	for _, topic := range known {
		if IsArchiveTopic(topic.Name) && kafka.Error(topic.ErrorCode) != kafka.UnknownTopicOrPartition {
			topics = append(topics, topic.Name)
		}
	}
	slices.Sort(topics)
	return topics, nil
}
