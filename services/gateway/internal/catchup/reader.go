package catchup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/onetarget"
	"atlasstream/services/gateway/internal/sendqueue"
)

// logPause is how long a log that cannot be read is left alone.
const logPause = time.Second

var (
	errNewPass = errors.New("the log is to be read from elsewhere")
	// errOthersTurn ends a pass that has lasted, so that those who wait for their turn come in between.
	errOthersTurn = errors.New("it is the turn of others")
)

// Reader delivers to one detached target from an offset on, out of what the tail still holds or the log, until the target is attached again: because its client
// could not take a live record, or because a subscription starts before what comes live. The whole target is read for, so that its records keep their order and
// come once.
type Reader struct {
	topic     *Topic
	partition *live.Partition
	target    *onetarget.Target
	cancel    context.CancelFunc // ends the goroutine
	ended     []*delivery.Active // whose owners settle notifies

	// These are guarded by the target's lock.
	next     int64 // the offset before which all has been delivered
	actions  actions
	stopping []*delivery.Active // for which there is an action that stops them
	stopped  []*delivery.Active // that are to end
	closed   bool               // the target is attached again, or has no subscriptions any more
	pass     *pass              // that reads; nil if none does
}

// NewReader makes the reader of a target of a partition, from an offset on: it is live.Settings.NewReader.
func (t *Topic) NewReader(partition *live.Partition, target *delivery.Target, next int64) live.Reader {
	ctx, cancel := context.WithCancel(context.Background()) // it lasts until the target has no subscriptions; the session waits for Reading
	r := &Reader{topic: t, partition: partition, target: onetarget.Of(target), next: next, cancel: cancel}
	target.Lock()
	r.target.Match(target.Actives...)
	target.Unlock()
	target.Recipient.Reading.Go(func() { r.run(ctx) })
	return r
}

// Next implements live.Reader.
func (r *Reader) Next() int64 {
	r.target.Lock()
	defer r.target.Unlock()
	return r.next
}

// run brings the target back to what comes live: from what the tail still holds if that is enough, and from the log as long as it is not.
func (r *Reader) run(ctx context.Context) {
	for ctx.Err() == nil {
		err := r.advance(ctx)
		r.settle()
		if err != nil && ctx.Err() == nil {
			r.recover(ctx, err)
		}
	}
}

// advance waits for the client and then delivers a part of what it has missed.
func (r *Reader) advance(ctx context.Context) error {
	if err := r.awaitGroups(ctx); err != nil {
		return err
	}
	if _, err := r.target.AwaitWritable(ctx, 0); err != nil {
		return err
	}
	pass, err := r.beginPass(ctx)
	if err != nil {
		return err
	}
	defer pass.end()
	found, err := r.topic.log.Rejoin(pass.ctx, r.partition.Number, pass.from, pass.deliverHeld)
	if found || err != nil {
		return err
	}
	err = pass.readLog()
	if lost, ok := errors.AsType[*LostError](err); ok {
		return pass.goOnBehind(lost)
	}
	return err
}

// awaitGroups returns when all subscriptions are confirmed that start before what comes live: what a part of a group has missed comes after the confirmation.
func (r *Reader) awaitGroups(ctx context.Context) error {
	for {
		group := r.undecided()
		if group == nil {
			return nil
		}
		select {
		case <-group.Decided():
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// undecided gives a group of which a part starts before what comes live, and which is neither confirmed nor given up; nil if there is none.
func (r *Reader) undecided() *notice.Group {
	r.target.Lock()
	defer r.target.Unlock()
	for _, active := range r.target.Actives {
		if active.Group != nil && active.Start != nil && !active.Group.IsDecided() {
			return active.Group
		}
	}
	return nil
}

// recover deals with what keeps the target from going on.
func (r *Reader) recover(ctx context.Context, err error) {
	switch {
	case errors.Is(err, errNewPass), errors.Is(err, onetarget.ErrStalled), errors.Is(err, errOthersTurn), errors.Is(err, context.Canceled):
	case errors.Is(err, sendqueue.ErrClosed): // the client is about to leave
		<-ctx.Done()
	case errors.Is(err, errTooFarBehind):
		if err := r.skip(ctx); err != nil {
			r.recover(ctx, fmt.Errorf("skipping: %w", err))
		}
		r.settle()
	default:
		r.topic.hub.settings.Logger.Warn("reading the log for a client that is catching up failed, trying again",
			zap.String("topic", r.partition.Topic), zap.Int("partition", r.partition.Number), zap.Error(err))
		select {
		case <-time.After(logPause):
		case <-ctx.Done():
		}
	}
}
