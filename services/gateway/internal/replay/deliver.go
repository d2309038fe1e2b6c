package replay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/recordlimit"
	"atlasstream/services/gateway/internal/sendqueue"
)

// Play has the records paced, and tells the client when all is delivered, or why it is not. It closes the pacer, and calls ended before Done.
func (r *Replay) Play(ctx context.Context, pacer *Pacer, ended func()) {
	defer close(r.done)
	defer ended()
	defer r.cancel()
	defer pacer.Close()
	err := pacer.Run(ctx, r)
	if ctx.Err() != nil { // whatever has ended it has told the client
		return
	}
	err = r.explain(err)
	r.target.Lock()
	r.over = true
	r.target.Unlock()
	all := func(*delivery.Active) bool { return true }
	delivery.NotifyOwners(r.endWhere(all, func(active *delivery.Active) error { return active.SendReplayed(err) }))
}

// LostError says that the log does not have the record at an offset any more, and what its first one is.
type LostError struct{ Offset, First int64 }

// Error implements error.
func (e *LostError) Error() string {
	return fmt.Sprintf("the log does not have offset %d any more, and begins at %d", e.Offset, e.First)
}

// explain gives the error that tells the client why the replay ends early, if it does.
func (r *Replay) explain(err error) error {
	if err == nil || errors.Is(err, sendqueue.ErrClosed) {
		return err
	}
	r.settings.Logger.Warn("a replay has ended before its time", zap.Int64("measurement", int64(r.Measurement)), zap.Error(err))
	if lost, ok := errors.AsType[*LostError](err); ok {
		return protocol.Errorf(protocol.CodeGap, "the log has lost what comes next in this replay, which ends here: it has %d and what comes after it, not %d",
			lost.First, lost.Offset)
	}
	if refusal, ok := errors.AsType[*protocol.Error](err); ok {
		return refusal
	}
	return protocol.Errorf(protocol.CodeUnavailable, "the log cannot be read any further, so this replay ends here; try again in some seconds")
}

// Room implements Sink.
func (r *Replay) Room(ctx context.Context) (waited time.Duration, err error) {
	return r.target.AwaitWritable(ctx, 0)
}

// Deliver implements Sink.
func (r *Replay) Deliver(ctx context.Context, record *atlas.Record, position func() *cursor.Replay) error {
	for {
		taken, full := r.deliver(record, position)
		r.delivered.Add(float64(taken))
		r.endSpent(r.deliverer.Quotas.TakeSpent())
		if !full {
			return nil
		}
		if _, err := r.Room(ctx); err != nil {
			return err
		}
	}
}

func (r *Replay) deliver(record *atlas.Record, position func() *cursor.Replay) (taken int, full bool) {
	r.target.Lock()
	defer r.target.Unlock()
	r.deliverer.SetReplay(position)
	return r.target.Deliver(r.deliverer, record)
}

// endSpent ends subscriptions that have brought all records that they may.
func (r *Replay) endSpent(spent []recordlimit.Spent[*delivery.Target]) {
	if len(spent) > 0 {
		delivery.NotifyOwners(r.endWhere(func(active *delivery.Active) bool { return active.Wanted.Quota.IsSpent() }, (*delivery.Active).SendOver))
	}
}

// Flush implements Sink.
func (r *Replay) Flush() { r.Recipient.Flush() }
