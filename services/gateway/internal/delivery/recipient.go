package delivery

import (
	"errors"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/batch"
	"atlasstream/services/gateway/internal/checkpoint"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/encode"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/wsframe"
)

// Recipient is a client as deliveries see it: what it may see, its queue and the batches that wait for it. Sources share it.
type Recipient struct {
	Client   Client
	Encoding encode.Encoding
	Rights   access.Rights
	Account  *readlimit.Account // is charged for what is read of the log
	Payer    cost.Client        // is charged for what its subscriptions cost for each record
	Reading  sync.WaitGroup     // of goroutines that read the log for the client
	Readers  readlimit.OfClient // of these goroutines that read at once
	// Checkpoints are where it is with its subscriptions, if each of its cursors stands for all of them.
	Checkpoints checkpoint.OfClient
	owner       Owner
	shared      *Shared

	quotas     sync.Mutex // of its subscriptions, which may be in several sources; is held from matching a record until it is counted
	batches    batch.OfClient
	overfull   atomic.Bool // a control message did not fit: nothing is enqueued any more
	overflowed atomic.Bool // the client was told so, and counted
}

// Shared is what all recipients of a hub have in common.
type Shared struct {
	Seal      func(token cursor.Token) string
	Overflows prometheus.Counter
	draining  atomic.Bool
}

// Drain has no record wait in a batch from now on. Batches that wait are sent by Target.FlushBatches.
func (s *Shared) Drain() { s.draining.Store(true) }

// Init is called first and once.
func (r *Recipient) Init(client Client, rights access.Rights, owner Owner, shared *Shared) {
	r.Client, r.Encoding, r.Rights, r.owner, r.shared = client, client.Encoding(), rights, owner, shared
	r.Account = &readlimit.Account{}
	r.Payer.Encoding = r.Encoding
}

// Restored implements notice.Client.
func (r *Recipient) Restored(parameters []byte) { r.Checkpoints.Restored(parameters) }

// Seal implements notice.Client.
func (r *Recipient) Seal(at *cursor.Place) string { return r.shared.Seal(at.Token()) }

// EventEncoding implements notice.Client.
func (r *Recipient) EventEncoding() encode.Encoding { return r.Encoding }

// IsDraining implements batch.Client.
func (r *Recipient) IsDraining() bool { return r.shared.draining.Load() }

// EnqueueIfRoom enqueues a record that can be delivered later as well, or another message without which the client can do. Errors: those of Client.Enqueue.
func (r *Recipient) EnqueueIfRoom(message *wsframe.Message) error {
	if r.overfull.Load() {
		return sendqueue.ErrClosed
	}
	return r.Client.Enqueue(message)
}

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

// enqueuer is EnqueueControl for records that cannot be delivered later, and EnqueueIfRoom for those that can.
func (r *Recipient) enqueuer(isControl bool) func(*wsframe.Message) error {
	if isControl {
		return r.EnqueueControl
	}
	return r.EnqueueIfRoom
}

// SendEvent enqueues an event that is not a record, with a cursor if each stands for all subscriptions. Errors: those of Client.EnqueueControl.
func (r *Recipient) SendEvent(event string, payload []byte) error {
	if checkpoints := r.Checkpoints.Get(); checkpoints != nil {
		return checkpoints.Send(event, payload)
	}
	return r.EnqueueControl(r.Encoding.Event(event, payload))
}

// SendError implements notice.Client.
func (r *Recipient) SendError(refusal *protocol.Error) error {
	return r.EnqueueControl(r.Client.Complaint(refusal))
}

// EnqueueArray implements batch.Client.
func (r *Recipient) EnqueueArray(event string, array []byte, last *cursor.Place, isControl bool) error {
	enqueue := r.enqueuer(isControl)
	if last == nil {
		return enqueue(r.Encoding.Event(event, array))
	}
	if checkpoints := r.Checkpoints.Get(); checkpoints != nil {
		encode := func(cursor string) *wsframe.Message { return r.Encoding.EventAt(event, array, cursor) }
		return checkpoints.Enqueue(enqueue, *last, r.shared.Seal, encode)
	}
	return enqueue(r.Encoding.EventAt(event, array, r.Seal(last)))
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
func (r *Recipient) Close() { r.batches.Close() }
