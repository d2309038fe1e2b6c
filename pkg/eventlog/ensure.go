package eventlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"go.uber.org/zap"
)

// preferredReplication is the number of replicas that survives a broker's loss while another is restarted.
const preferredReplication = 3

// permanent are the errors that a retry does not resolve.
var permanent = []kafka.Error{
	kafka.InvalidTopic, kafka.TopicAuthorizationFailed, kafka.ClusterAuthorizationFailed, kafka.InvalidPartitionNumber, kafka.InvalidConfiguration,
	kafka.PolicyViolation, kafka.UnsupportedVersion,
}

// isPermanent reports whether a retry fails as well, unless an operator acts.
func isPermanent(err error) bool {
	_, changed := errors.AsType[*PartitionsChangedError](err)
	return changed || slices.ContainsFunc(permanent, func(code kafka.Error) bool { return errors.Is(err, code) })
}

// EnsureTopics creates the topics that Kafka does not have, and returns once all can be used. It waits for Kafka until the context ends. A topic that
// exists with other settings is logged and left as it is; ConfigDrift returns the differences. A *PartitionsChangedError says that a topic of events
// cannot be used.
func (l *Log) EnsureTopics(ctx context.Context, specs ...TopicSpec) error {
	return l.ensureTopics(ctx, func(error) {}, specs)
}

// ensureTopics calls tell with the reason for each attempt that failed and needs an operator.
func (l *Log) ensureTopics(ctx context.Context, tell func(reason error), specs []TopicSpec) error {
	for _, spec := range specs {
		if err := spec.Validate(); err != nil {
			return err
		}
		if err := l.ensureTopic(ctx, tell, spec); err != nil {
			return err
		}
	}
	l.reportDrift(ctx, specs)
	return nil
}

func (l *Log) reportDrift(ctx context.Context, specs []TopicSpec) {
	drift, err := l.ConfigDrift(ctx, specs...)
	if err != nil {
		l.logger.Warn("cannot compare the settings of topics", zap.Error(err))
	}
	if len(drift) > 0 { // in one line, as the logger samples equal messages
		l.logger.Warn("topics exist with settings that differ from the configured ones", zap.Stringers("drift", drift))
	}
}

// needsOperator reports whether an operator must act: add an ACL, start another broker or create a topic.
func needsOperator(err error) bool {
	return isPermanent(err) || errors.Is(err, kafka.InvalidReplicationFactor) || errors.Is(err, ErrNoTopic)
}

// reportUnusable logs why a topic cannot be used, and calls tell if an operator is needed.
func (l *Log) reportUnusable(topic string, err error, tell func(reason error)) {
	l.logger.Warn("a topic cannot be used yet", zap.String("topic", topic), zap.Error(err))
	if needsOperator(err) {
		tell(err)
	}
}

func (l *Log) ensureTopic(ctx context.Context, tell func(reason error), spec TopicSpec) error {
	var pause backoff
	var createdAt time.Time
	for {
		isNew, err := l.tryEnsure(ctx, spec)
		if err == nil {
			return nil
		}
		if isPermanent(err) {
			return err
		}
		if isNew && createdAt.IsZero() {
			createdAt = time.Now()
		}
		if createdAt.IsZero() || time.Since(createdAt) > newTopicGrace {
			l.reportUnusable(spec.Name, err, tell)
		}
		if pause.wait(ctx) != nil {
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		}
	}
}

// tryEnsure succeeds once every partition has a leader that answers. It reports whether it has created the topic, after which that takes Kafka a moment.
func (l *Log) tryEnsure(ctx context.Context, spec TopicSpec) (isNew bool, err error) {
	partitions, err := l.topicPartitions(ctx, spec.Name)
	if errors.Is(err, ErrNoTopic) {
		if err := l.createTopic(ctx, spec); err != nil {
			return false, err
		}
		isNew = true
		partitions, err = l.topicPartitions(ctx, spec.Name)
	}
	if err != nil {
		return isNew, err
	}
	return isNew, l.checkUsable(ctx, spec, partitions)
}

func (l *Log) checkUsable(ctx context.Context, spec TopicSpec, partitions []kafka.Partition) error {
	if err := checkLeaders(spec.Name, partitions); err != nil {
		return err
	}
	for number := range partitions {
		if _, _, err := l.partition(spec.Name, number).bounds(ctx); err != nil {
			return err
		}
	}
	if spec.Compacted {
		return nil
	}
	return l.checkEventLayout(ctx, spec.Name, len(partitions))
}

func (l *Log) createTopic(ctx context.Context, spec TopicSpec) error {
	if l.config.ExistingTopics {
		return fmt.Errorf("%s: %w, and this program must not create topics", spec.Name, ErrNoTopic)
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	replication, err := l.replication(ctx, spec)
	if err != nil {
		return err
	}
	response, err := l.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: []kafka.TopicConfig{{
		Topic:             spec.Name,
		NumPartitions:     spec.Partitions,
		ReplicationFactor: replication,
		ConfigEntries:     spec.settings(replication),
	}}})
	if err != nil {
		return fmt.Errorf("create topic %s: %w", spec.Name, err)
	}
	switch err := response.Errors[spec.Name]; {
	case err == nil:
		l.logCreated(spec, replication)
		return nil
	case errors.Is(err, kafka.TopicAlreadyExists): // the cached metadata is older than the topic
		return nil
	case errors.Is(err, kafka.InvalidReplicationFactor):
		return fmt.Errorf("create topic %s: got a replication of %d, which needs as many brokers: %w", spec.Name, replication, err)
	default:
		return fmt.Errorf("create topic %s: %w", spec.Name, err)
	}
}

// logCreated logs the number of replicas, which is lower than preferred if a starting cluster does not have all of its brokers yet.
func (l *Log) logCreated(spec TopicSpec, replication int) {
	l.logger.Info("created a topic, whose partitions and replicas stay as they are",
		zap.String("topic", spec.Name), zap.Int("partitions", spec.Partitions), zap.Int("replication", replication))
}

func (l *Log) replication(ctx context.Context, spec TopicSpec) (int, error) {
	if spec.Replication > 0 {
		return spec.Replication, nil
	}
	metadata, err := l.metadata(ctx, spec.Name)
	if err != nil {
		return 0, err
	}
	return max(1, min(preferredReplication, len(metadata.Brokers))), nil
}
