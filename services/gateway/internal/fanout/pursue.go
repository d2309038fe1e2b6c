package fanout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
)

const (
	// logPause is how long a log that cannot be read is left alone.
	logPause = time.Second
)

var (
	errStalled = errors.New("the client takes nothing")
	errTooFar  = errors.New("the client is too far behind")
	errNewLeg  = errors.New("the reading begins anew")
	// errOthersTurn ends a reading that has lasted, so that those who wait for theirs come in between.
	errOthersTurn = errors.New("it is the turn of others")
)

// pursue brings the member back into the feed: from what the feed still holds if that is enough, and from the log as long as it is not.
func (b *behind) pursue(ctx context.Context) {
	for ctx.Err() == nil {
		err := b.advance(ctx)
		b.settle()
		if err != nil && ctx.Err() == nil {
			b.recover(ctx, err)
		}
	}
}

// advance waits for the client and then delivers a part of what it has missed.
func (b *behind) advance(ctx context.Context) error {
	if _, err := b.await(ctx, 0); err != nil {
		return err
	}
	leg, err := b.beginLeg(ctx)
	if err != nil {
		return err
	}
	defer leg.cancel()
	found, err := b.trail().Rejoin(leg.ctx, b.partition.number, leg.from, leg.takeMissed)
	if found || err != nil {
		return err
	}
	return leg.readLog()
}

func (b *behind) trail() Trail { return b.partition.source.trail }

// recover deals with what keeps the member from going on.
func (b *behind) recover(ctx context.Context, err error) {
	var lost *LostError
	switch {
	case errors.Is(err, errNewLeg), errors.Is(err, errStalled), errors.Is(err, errOthersTurn), errors.Is(err, context.Canceled):
	case errors.Is(err, sendqueue.ErrClosed): // it is about to leave
		<-ctx.Done()
	case errors.Is(err, errTooFar):
		b.skip(ctx)
	case errors.As(err, &lost):
		b.lose(lost)
	default:
		b.partition.hub.settings.Logger.Warn("reading the log for a client that is behind failed, trying again",
			zap.String("stream", string(b.partition.source.stream)), zap.Int("partition", b.partition.number), zap.Error(err))
		select {
		case <-time.After(logPause):
		case <-ctx.Done():
		}
	}
}

// checkDistance refuses with errTooFar to deliver what stands so far from the feed. It is called under the partition's lock.
func (b *behind) checkDistance(offset int64) error {
	most, pace := &b.partition.hub.settings.Behind, &b.partition.pace
	if pace.age(offset) > most.Time || pace.bytesFrom(offset) > most.Bytes {
		return errTooFar
	}
	return nil
}

func (b *behind) count(taken int) { b.partition.source.delivered.Add(float64(taken)) }

// ownReaders bounds how many of a subscriber's partitions read the log at once.
func (s *Subscriber) ownReaders() *semaphore.Weighted {
	s.readers.CompareAndSwap(nil, semaphore.NewWeighted(readersOfClient))
	return s.readers.Load()
}

// measurements are those that a member's memberships are to, each once.
func (m *member) measurements() (all []atlas.MeasurementID) {
	seen := make(map[atlas.MeasurementID]struct{}, len(m.memberships))
	for _, membership := range m.memberships {
		if _, again := seen[membership.wanted.Measurement]; !again {
			seen[membership.wanted.Measurement] = struct{}{}
			all = append(all, membership.wanted.Measurement)
		}
	}
	return all
}

// settle releases what has ended meanwhile, and writes what was enqueued.
func (b *behind) settle() {
	b.partition.mu.Lock()
	ended := b.ended
	b.ended = nil
	b.partition.mu.Unlock()
	release(ended)
	b.member.subscriber.flush()
}

// await returns when the client can take more, and for how long it had to wait: errStalled after most, unless that is 0.
func (b *behind) await(ctx context.Context, most time.Duration) (waited time.Duration, err error) {
	return b.member.subscriber.awaitRoom(ctx, most)
}

// skip puts a member that is too far behind back into the feed, and tells what it misses.
func (b *behind) skip(ctx context.Context) {
	p := b.partition
	p.mu.Lock()
	over := b.over
	var measurement atlas.MeasurementID
	if !over {
		measurement = b.member.memberships[0].wanted.Measurement
	}
	p.mu.Unlock()
	if over {
		return
	}
	release, err := p.source.feed.Follow(ctx, measurement, func(_ int, next int64) { b.jump(next) })
	if err != nil {
		b.recover(ctx, fmt.Errorf("skipping: %w", err))
		return
	}
	release() // the memberships follow by themselves
	b.settle()
}

// jump is called under the feed's lock of the partition.
func (b *behind) jump(next int64) {
	b.partition.mu.Lock()
	defer b.partition.mu.Unlock()
	if b.over {
		return
	}
	//mutate:too-far-unsaid
	b.tellGap("this client is too far behind: it misses what came in from %s to %s, from %d to before %d of partition %d",
		moment(b.partition.pace.cameAfter(b.next)), moment(time.Now()), b.next, next, b.partition.number)
	b.rejoin()
}

func moment(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// lose goes on where the log does.
func (b *behind) lose(lost *LostError) {
	b.partition.mu.Lock()
	defer b.partition.mu.Unlock()
	if b.over {
		return
	}
	//mutate:gap-unsaid
	b.tellGap("the log has lost what stood from %d to before %d of partition %d; some may have been yours", lost.From, lost.To, b.partition.number)
	if lost.To < lost.From {
		b.restart(lost.To)
		return
	}
	b.pass(lost.To)
}

// tellGap is called under the partition's lock.
func (b *behind) tellGap(words string, arguments ...any) {
	refusal := protocol.Refuse(protocol.CodeGap, words, arguments...)
	b.member.tellLast(b.member.subscriber.client.Complaint(refusal))
}
