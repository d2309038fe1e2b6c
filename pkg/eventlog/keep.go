package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// keepInterval is how often KeepTopics looks for deleted topics.
const keepInterval = 2 * time.Second

// KeepTopics is EnsureTopics until the context ends, whose error it returns then: it recreates topics that are deleted. Whenever that changes, it calls
// tell with the reason why the topics cannot be used until an operator acts, or with nil once they can: a *PartitionsChangedError, a *MissingRightError,
// ErrNoTopic where other programs create the topics, too few brokers, or another refusal by Kafka. At the beginning, it returns other refusals. An
// outage of Kafka changes nothing.
func (l *Log) KeepTopics(ctx context.Context, tell func(error), specs ...TopicSpec) error {
	last := statusReporter{tell: tell}
	err := l.ensureTopics(ctx, func(reason error) { last.note(reason) }, specs)
	if _, changed := errors.AsType[*PartitionsChangedError](err); err != nil && !changed && !isMissingRight(err) {
		return err
	}
	last.note(err)
	ticker := time.NewTicker(keepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		err := l.keepOnce(ctx, specs)
		if ctx.Err() == nil && (err == nil || needsOperator(err)) && last.note(err) && err == nil {
			l.reportDrift(ctx, specs)
		}
	}
}

// statusReporter reports each status once.
type statusReporter struct {
	tell  func(error)
	words string
	begun bool
}

// note reports a status that differs from the last one.
func (l *statusReporter) note(reason error) (isNew bool) {
	words := ""
	if reason != nil {
		words = reason.Error()
	}
	if l.begun && words == l.words {
		return false
	}
	l.words, l.begun = words, true
	l.tell(reason)
	return true
}

// keepOnce returns the first error.
func (l *Log) keepOnce(ctx context.Context, specs []TopicSpec) error {
	for _, spec := range specs {
		if err := l.keepTopic(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// keepTopic recreates a topic that is missing, with as many partitions as it had, without waiting for it.
func (l *Log) keepTopic(ctx context.Context, spec TopicSpec) error {
	if had, _ := l.layouts.state(spec.Name); had > 0 {
		spec.Partitions = had
	}
	partitions, err := l.topicPartitions(ctx, spec.Name)
	switch {
	case errors.Is(err, ErrNoTopic):
		return l.recreate(ctx, spec)
	case err != nil || spec.Compacted:
		return err
	}
	return l.checkEventLayout(ctx, spec.Name, len(partitions))
}

func (l *Log) recreate(ctx context.Context, spec TopicSpec) error {
	isNew, err := l.tryEnsure(ctx, spec)
	if !isNew {
		return err
	}
	l.logger.Warn("a topic was missing, and has been recreated", zap.String("topic", spec.Name))
	if errors.Is(err, ErrNoTopic) {
		return fmt.Errorf("%s: has just been created", spec.Name) // needs no operator any more
	}
	return err
}
