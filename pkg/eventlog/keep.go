package eventlog

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

// keepInterval is how often topics are looked for that may have been deleted.
const keepInterval = 2 * time.Second

// KeepTopics is EnsureTopics for as long as the context lasts, whose error it returns then: a topic that somebody deletes is made again. tell is told nil
// once the topics can be used, and at first and whenever that changes why they cannot until somebody acts: a *PartitionsChangedError, a *MissingRightError or
// another refusal of Kafka's. Where Kafka refuses to make a topic at the beginning, and not for want of a right, KeepTopics returns why. That Kafka does not
// answer for a time changes nothing.
func (l *Log) KeepTopics(ctx context.Context, tell func(error), specs ...TopicSpec) error {
	err := l.ensureTopics(ctx, tell, specs)
	if _, changed := errors.AsType[*PartitionsChangedError](err); err != nil && !changed && !isMissingRight(err) {
		return err
	}
	tell(err)
	ticker := time.NewTicker(keepInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		now := l.keepAll(ctx, specs)
		if isTold := now == nil || isHopeless(now); isTold && (now == nil) != (err == nil) && ctx.Err() == nil {
			err = now
			tell(err)
		}
	}
}

// keepAll gives the first error.
func (l *Log) keepAll(ctx context.Context, specs []TopicSpec) error {
	for _, spec := range specs {
		if err := l.keep(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// keep makes a topic that is missing, with as many partitions as it had.
func (l *Log) keep(ctx context.Context, spec TopicSpec) error {
	partitions, err := l.topicPartitions(ctx, spec.Name)
	switch {
	case errors.Is(err, ErrNoTopic):
		if had, _ := l.layouts.state(spec.Name); had > 0 {
			spec.Partitions = had
		}
		l.logger.Warn("a topic is missing, and is made again", zap.String("topic", spec.Name))
		return l.ensureTopic(ctx, func(error) {}, spec)
	case err != nil || spec.Compacted:
		return err
	}
	return l.checkEvents(ctx, spec.Name, len(partitions))
}
