package fanout

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
)

// leg is one reading of the log for a member that is behind. It is a Sink.
type leg struct {
	*behind
	number       int
	from         int64
	measurements []atlas.MeasurementID
}

// Room implements Sink.
func (l *leg) Room(ctx context.Context) (waited time.Duration, err error) {
	return l.await(ctx, stalled)
}

// Deliver implements Sink.
func (l *leg) Deliver(ctx context.Context, record *atlas.Record, _ func() string) error {
	for {
		done, err := l.tryDeliver(record)
		if done || err != nil {
			return err
		}
		if _, err := l.Room(ctx); err != nil {
			return err
		}
	}
}

func (l *leg) tryDeliver(record *atlas.Record) (done bool, err error) {
	l.partition.mu.Lock()
	defer l.partition.mu.Unlock()
	if err := l.check(); err != nil {
		return false, err
	}
	taken, done := l.deliver(record)
	l.count(taken)
	return done, nil
}

// check is called under the partition's lock.
func (l *leg) check() error {
	if l.over || l.number != l.legs {
		return errNewLeg
	}
	return l.checkDistance()
}

// Flush implements Sink.
func (l *leg) Flush() { l.settle() }

// finish passes what the log has no records of behind the last one.
func (l *leg) finish(next int64) error {
	l.partition.mu.Lock()
	defer l.partition.mu.Unlock()
	if err := l.check(); err != nil {
		return err
	}
	l.pass(next)
	return nil
}
