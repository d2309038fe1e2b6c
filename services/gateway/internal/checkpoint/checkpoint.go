// Package checkpoint has the interfaces by which deliveries keep the checkpoints of a client: where it is with each of its subscriptions. Package resume
// implements them. Only a client has checkpoints that comes back with nothing but the last cursor, which therefore stands for all of its subscriptions.
package checkpoint

import (
	"sync/atomic"
	"time"

	"atlasstream/services/gateway/internal/batch"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/wsframe"
)

// Checkpoints is where a client is with each of its subscriptions, for a client that comes back with nothing but the last cursor, which therefore stands for
// all of them. Its methods are called under the lock of a source.
type Checkpoints interface {
	Tracking
	// Enqueue enqueues a record, or several of which the last is at a place, as it is encoded with a cursor, which is sealed first.
	Enqueue(
		enqueue func(*wsframe.Message) error, at cursor.Place, seal func(cursor.Token) string, encode func(cursor string) *wsframe.Message,
	) error
	// Send enqueues an event that is not a record, with a cursor.
	Send(event string, payload []byte) error
	// SendCursor enqueues an atlas_cursor if none came with a message since a time. It fits unless it would be too long, or stand for nothing.
	SendCursor(since time.Time) (enqueued, fits bool)
}

// Tracking follows subscriptions from their beginning to their end.
type Tracking interface {
	// Begin enters a subscription before its first record: what comes at a place and before is not for it. Its records may wait in a batch, unless that is nil.
	Begin(joining *notice.Subscription, at cursor.Place, waiting *batch.Batch)
	// End forgets a subscription.
	End(leaving *notice.Subscription)
	// Restored says that the client has the subscription with these parameters again that it had before its connection was lost.
	Restored(parameters []byte)
	// ResetOffsets says that a source goes on at an offset, as its log was truncated or recreated: all its subscriptions are before that.
	ResetOffsets(source cursor.Source, next int64)
	// Follow says whether a subscription has got all that its source has delivered live.
	Follow(active *notice.Subscription, follows bool)
	// Steps is what a cursor costs, with one for a subscription that is about to begin, unless that is nil.
	Steps(joining *notice.Subscription) int
}

// OfClient are the checkpoints of a client. The zero value is for one whose cursors each stand for one subscription.
type OfClient struct{ present atomic.Pointer[Checkpoints] }

// Set is called before the first subscription that has cursors begins.
func (o *OfClient) Set(checkpoints Checkpoints) { o.present.Store(&checkpoints) }

// Get gives nil if there are none.
func (o *OfClient) Get() Checkpoints {
	if present := o.present.Load(); present != nil {
		return *present
	}
	return nil
}

// GetFor gives those that have a subscription; nil if there are none, or if it has no cursors.
func (o *OfClient) GetFor(subscription *notice.Subscription) Checkpoints {
	if !subscription.Wanted.Cursor.Wanted {
		return nil
	}
	return o.Get()
}

// Follow says whether a subscription has got all that its source has delivered live.
func (o *OfClient) Follow(subscription *notice.Subscription, follows bool) {
	if checkpoints := o.GetFor(subscription); checkpoints != nil {
		checkpoints.Follow(subscription, follows)
	}
}

// End forgets a subscription.
func (o *OfClient) End(leaving *notice.Subscription) {
	if checkpoints := o.GetFor(leaving); checkpoints != nil {
		checkpoints.End(leaving)
	}
}

// Restored says that the client has the subscription with these parameters again that it had before its connection was lost.
func (o *OfClient) Restored(parameters []byte) {
	if checkpoints := o.Get(); checkpoints != nil {
		checkpoints.Restored(parameters)
	}
}
