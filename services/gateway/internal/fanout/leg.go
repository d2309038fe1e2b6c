package fanout

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/readlimit"
)

const (
	// missedAtOnce is how many of the records that the feed still holds are delivered at a time, as the feed stands still meanwhile.
	missedAtOnce = 256
	// missedSteps is how many steps those may take, but for the last one.
	missedSteps = 10_000
	// stalled is how long a client may keep a reader of the log waiting.
	stalled = time.Second
	// longestSlice is how many records of the partition, wanted or not, are read at a time: what is read is paid for before, and then it is the turn of others.
	longestSlice = 1 << 17
	// longestLeg is how long a client reads the log before it is the turn of others, if it has got something.
	longestLeg = 10 * time.Second
)

// leg is one reading for a member that is behind, from where it is and for what it wants now. It is a Sink.
type leg struct {
	*behind
	ctx          context.Context // ends when the member is to go on elsewhere
	cancel       context.CancelFunc
	from, to     int64 // the offsets that it reads, if the log has as many
	worth        int64 // of what is to be read for it, as far as is known
	measurements []atlas.MeasurementID
	reader       *logReader
}

// beginLeg begins one if there is still something to be read.
func (b *behind) beginLeg(ctx context.Context) (*leg, error) {
	b.partition.mu.Lock()
	defer b.partition.mu.Unlock()
	if b.over {
		return nil, errNewLeg
	}
	begun := &leg{behind: b, from: b.next, to: b.next + longestSlice, measurements: b.member.measurements()}
	begun.worth = b.worthOf(begun.from, begun.to)
	begun.ctx, begun.cancel = context.WithCancel(ctx)
	b.leg = begun
	return begun, nil
}

// worthOf is what reading from an offset to before another is worth, with what is looked through for repeats before it. That counts in full, whatever of it the
// log has: each reading has Kafka asked, and what comes is read before it can be ended. It is called under the partition's lock.
func (b *behind) worthOf(from, to int64) int64 {
	horizon, pace := b.partition.hub.settings.Behind.Horizon, &b.partition.pace
	bytes := pace.bytesFrom(max(0, from-horizon)) - pace.bytesFrom(to)
	return readlimit.Cost(horizon+max(0, min(to, pace.next)-from), bytes)
}

// takeMissed delivers what the feed still holds, and has the member rejoin it behind all of that. It is called under the feed's lock of the partition.
func (l *leg) takeMissed(missed []atlas.Record) {
	l.partition.mu.Lock()
	defer l.partition.mu.Unlock()
	if l.isOver() {
		return
	}
	subject := l.partition.frames.subject
	begun := subject.Stats()
	//mutate:missed-first-skipped
	for i := range missed[:min(len(missed), missedAtOnce)] {
		if stepsOf(subject.Stats().Sub(begun)) > missedSteps {
			return
		}
		taken, done := l.deliver(&missed[i])
		l.count(taken)
		if !done || l.isOver() {
			return
		}
	}
	//mutate:rejoin-with-rest
	if len(missed) <= missedAtOnce {
		l.rejoin()
	}
}

// isOver tells that the member does not go on here. It is called under the partition's lock.
//
//mutate:missed-from-elsewhere
func (l *leg) isOver() bool { return l.over || l.leg != l }

// readLog reads the log to its end or for a slice, when that is paid for and it is the member's turn.
func (l *leg) readLog() error {
	subscriber := l.member.subscriber
	own := subscriber.ownReaders()
	if err := own.Acquire(l.ctx, 1); err != nil {
		return err
	}
	defer own.Release(1)
	//mutate:reading-is-free
	if err := subscriber.account.Pay(l.ctx, readlimit.StartReadingCost); err != nil {
		return err
	}
	reading, err := subscriber.account.Begin(l.ctx, l.worth)
	if err != nil {
		return err
	}
	l.reader, err = l.partition.hub.openReader(l.ctx, subscriber.account, reading)
	if err != nil {
		return err
	}
	defer l.reader.close()
	next, err := l.trail().Read(l.ctx, l.partition.number, l.measurements, l.from, l.to, l.reader.pay, l)
	l.Flush()
	if err != nil {
		return err
	}
	l.finish(next)
	return nil
}

// Room implements Sink.
func (l *leg) Room(ctx context.Context) (waited time.Duration, err error) {
	return l.await(ctx, stalled)
}

// Deliver implements Sink.
func (l *leg) Deliver(ctx context.Context, record *atlas.Record, _ func() *cursor.Replay) error {
	for {
		done, err := l.tryDeliver(record)
		if err != nil {
			return err
		}
		if done && time.Now().After(l.reader.ends) {
			return errOthersTurn
		}
		if done {
			return nil
		}
		if _, err := l.Room(ctx); err != nil {
			return err
		}
	}
}

func (l *leg) tryDeliver(record *atlas.Record) (done bool, err error) {
	l.partition.mu.Lock()
	defer l.partition.mu.Unlock()
	if l.isOver() {
		return false, errNewLeg
	}
	if err := l.checkDistance(record.Position.Offset); err != nil {
		return false, err
	}
	taken, done := l.deliver(record)
	l.count(taken)
	return done, nil
}

// Flush implements Sink.
func (l *leg) Flush() { l.settle() }

// finish passes what the log has no records of behind the last one.
func (l *leg) finish(next int64) {
	l.partition.mu.Lock()
	defer l.partition.mu.Unlock()
	if !l.isOver() {
		l.pass(next)
	}
}
