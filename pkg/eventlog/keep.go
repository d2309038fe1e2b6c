package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// keepInterval is how often topics are looked for that may have been deleted.
const keepInterval = 2 * time.Second

// KeepTopics is EnsureTopics for as long as the context lasts, whose error it returns then: a topic that somebody deletes is made again. tell is told why the
// topics cannot be used until somebody acts, and nil once they can, each time that this changes: a *PartitionsChangedError, a *MissingRightError, ErrNoTopic
// where others make the topics, brokers that are too few, or another refusal of Kafka's. At the beginning, other denialCodes are returned. That Kafka does not
// answer for a time changes nothing.
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

// statusReporter keeps the same from being told twice.
type statusReporter struct {
	tell  func(error)
	words string
	begun bool
}

// note tells what is not what was told last.
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

// keepOnce gives the first error.
func (l *Log) keepOnce(ctx context.Context, specs []TopicSpec) error {
	for _, spec := range specs {
		if err := l.keepTopic(ctx, spec); err != nil {
			return err
		}
	}
	return nil
}

// keepTopic makes a topic that is missing, with as many partitions as it had. It does not wait for it.
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
	l.logger.Warn("a topic was missing, and has been made again", zap.String("topic", spec.Name))
	if errors.Is(err, ErrNoTopic) {
		return fmt.Errorf("%s: has just been made", spec.Name) // which needs nobody any more
	}
	return err
}
