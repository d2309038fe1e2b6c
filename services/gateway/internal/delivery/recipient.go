package delivery

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// ErrStalled says that a client has taken nothing for as long as it may.
var ErrStalled = errors.New("the client takes nothing")

// Recipient is a client as deliveries see it: what it may see, its queue and the batches that wait for it. Sources share it.
type Recipient struct {
	Client   Client
	Encoding Encoding
	Rights   access.Rights
	Account  *readlimit.Account // is charged for what is read of the log
	Payer    cost.Client        // is charged for what its subscriptions cost for each record
	Reading  sync.WaitGroup     // of goroutines that read the log for the client
	owner    Owner
	shared   *Shared

	quotas      sync.Mutex // of its subscriptions, which may be in several sources; is held from matching a record until it is counted
	batches     batches
	checkpoints atomic.Pointer[checkpointsHolder]
	overfull    atomic.Bool // a control message did not fit: nothing is enqueued any more
	overflowed  atomic.Bool // the client was told so, and counted
	readers     atomic.Pointer[semaphore.Weighted]
}

// Shared is what all recipients of a hub have in common.
type Shared struct {
	Seal      func(token cursor.Token) string
	Overflows prometheus.Counter
	draining  atomic.Bool
}

// Drain has no record wait in a batch from now on. Batches that wait are sent by Target.FlushBatches.
func (s *Shared) Drain() { s.draining.Store(true) }

// Owner has the subscriptions of a client.
type Owner interface {
	// Add enters a subscription that begins.
	Add(joining *Active)
	// Remove tells whether it has ended the subscription: it returns false if that has ended already.
	Remove(leaving *Active) bool
	// Has tells whether the subscription has not ended.
	Has(active *Active) bool
	// Ended is called without a lock when a subscription has ended by itself.
	Ended(ended *Active)
	// RecountCursors is called without a lock when subscriptions have ended by themselves.
	RecountCursors()
}

// Checkpoints is where a client is with each of its subscriptions, for a client that comes back with nothing but the last cursor, which therefore stands for
// all of them. Its methods are called under the lock of a source.
type Checkpoints interface {
	Tracking
	// Enqueue enqueues a record, or several of which the last is at a place, as it is encoded with a cursor, which is sealed first.
	Enqueue(
		enqueue func(*wsframe.Message) error, at Place, seal func(cursor.Token) string, encode func(cursor string) *wsframe.Message,
	) error
	// Send enqueues an event that is not a record, with a cursor.
	Send(event string, payload []byte) error
	// SendCursor enqueues an atlas_cursor if none came with a message since a time. It fits unless it would be too long, or stand for nothing.
	SendCursor(since time.Time) (enqueued, fits bool)
}

// Tracking follows subscriptions from their beginning to their end.
type Tracking interface {
	// Begin enters a subscription before its first record: what comes at a place and before is not for it. Its records may wait in a batch, unless that is nil.
	Begin(joining *Active, at Place, waiting *Batch)
	// End forgets a subscription.
	End(leaving *Active)
	// Restored says that the client has a subscription again that it had before its connection was lost.
	Restored(active *Active)
	// ResetOffsets says that a source goes on at an offset, as its log was truncated or recreated: all its subscriptions are before that.
	ResetOffsets(source Source, next int64)
	// Follow says whether a subscription has got all that its source has delivered live.
	Follow(active *Active, follows bool)
	// Steps is what a cursor costs, with one for a subscription that is about to begin, unless that is nil.
	Steps(joining *Active) int
}

// checkpointsHolder is there because an atomic.Pointer takes no interface.
type checkpointsHolder struct{ Checkpoints }

// Init is called first and once.
func (r *Recipient) Init(client Client, rights access.Rights, owner Owner, shared *Shared) {
	r.Client, r.Encoding, r.Rights, r.owner, r.shared = client, client.Encoding(), rights, owner, shared
	r.Account = &readlimit.Account{}
	r.Payer.Encoding = r.Encoding
}

// SetCheckpoints has each cursor stand for all subscriptions. It is called before the first one that has cursors begins.
func (r *Recipient) SetCheckpoints(checkpoints Checkpoints) {
	r.checkpoints.Store(&checkpointsHolder{checkpoints})
}

// Checkpoints is nil for a client whose cursors each stand for one subscription.
func (r *Recipient) Checkpoints() Checkpoints {
	if holder := r.checkpoints.Load(); holder != nil {
		return holder.Checkpoints
	}
	return nil
}

// Seal gives the cursor of a place.
func (r *Recipient) Seal(at *Place) string { return r.shared.Seal(at.Token()) }

// readersOfClient is how many of a client's targets read the log at once; the others wait for their turn.
const readersOfClient = 4

// Readers bounds how many of the client's targets read the log at once.
func (r *Recipient) Readers() *semaphore.Weighted {
	r.readers.CompareAndSwap(nil, semaphore.NewWeighted(readersOfClient))
	return r.readers.Load()
}

// enqueue enqueues a record that can be delivered later as well. Errors: those of Client.Enqueue.
func (r *Recipient) enqueue(message *wsframe.Message) error {
	if r.overfull.Load() {
		return sendqueue.ErrClosed
	}
	return r.Client.Enqueue(message)
}

// EnqueueIfRoom enqueues a message without which the client can do. Errors: those of Client.Enqueue.
func (r *Recipient) EnqueueIfRoom(message *wsframe.Message) error { return r.enqueue(message) }

// EnqueueControl enqueues a message that must come now. Once one does not fit, none is enqueued any more, and Flush, which must follow, closes the client.
// Errors: those of Client.EnqueueControl.
func (r *Recipient) EnqueueControl(message *wsframe.Message) error {
	if r.overfull.Load() {
		return sendqueue.ErrFull
	}
	err := r.Client.EnqueueControl(message)
	if errors.Is(err, sendqueue.ErrFull) {
		r.overfull.Store(true)
	}
	return err
}

// enqueuer is enqueue for records that can be delivered later, and EnqueueControl for those that cannot.
func (r *Recipient) enqueuer(canDeliverLater bool) func(*wsframe.Message) error {
	if canDeliverLater {
		return r.enqueue
	}
	return r.EnqueueControl
}

// SendEvent enqueues an event that is not a record, with a cursor if each stands for all subscriptions. Errors: those of Client.EnqueueControl.
func (r *Recipient) SendEvent(event string, payload []byte) error {
	if checkpoints := r.Checkpoints(); checkpoints != nil {
		return checkpoints.Send(event, payload)
	}
	return r.EnqueueControl(r.Encoding.Event(event, payload))
}

// sendError enqueues an atlas_error. Errors: those of Client.EnqueueControl.
func (r *Recipient) sendError(refusal *protocol.Error) error {
	return r.EnqueueControl(r.Client.Complaint(refusal))
}

// enqueueRecord enqueues a record, or several of which the last is at a place.
func (r *Recipient) enqueueRecord(enqueue func(*wsframe.Message) error, event string, payload []byte, cursors bool, at Place) error {
	if !cursors {
		return enqueue(r.Encoding.Event(event, payload))
	}
	if checkpoints := r.Checkpoints(); checkpoints != nil {
		encode := func(cursor string) *wsframe.Message { return r.Encoding.EventAt(event, payload, cursor) }
		return checkpoints.Enqueue(enqueue, at, r.shared.Seal, encode)
	}
	return enqueue(r.Encoding.EventAt(event, payload, r.Seal(&at)))
}

// AwaitWritable returns when the client can take more, and for how long it had to wait: ErrStalled after most, unless that is 0. Before it waits, it writes
// what was enqueued.
func (r *Recipient) AwaitWritable(ctx context.Context, most time.Duration) (waited time.Duration, err error) {
	writable, err := r.Client.Writable()
	if writable == nil || err != nil {
		return 0, err
	}
	r.Flush()
	var expired <-chan time.Time
	if most > 0 {
		timer := time.NewTimer(most)
		defer timer.Stop()
		expired = timer.C
	}
	began := time.Now()
	select {
	case <-writable:
		return time.Since(began), nil
	case <-expired:
		return 0, ErrStalled
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Flush writes what is enqueued. It is called without a lock.
func (r *Recipient) Flush() {
	r.Client.Flush()
	if r.overfull.Load() {
		r.Overflow()
	}
}

// Overflow tells the client that it does not keep up, and counts it, once.
func (r *Recipient) Overflow() {
	if r.overflowed.CompareAndSwap(false, true) {
		r.shared.Overflows.Inc()
		r.Client.Overflow()
	}
}

// Close drops what waits in batches and returns when nothing is sent from one any more.
func (r *Recipient) Close() { r.batches.close() }
