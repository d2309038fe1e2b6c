package delivery

import (
	"slices"
	"sync"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/batch"
	"atlasstream/services/gateway/internal/partialdelivery"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// Target is what one client gets from one source: its active subscriptions there. Live partitions, catching up and replays deliver to it alike.
//
// What it has of subscriptions is changed under the lock of its source and under its own one, so either is enough to read it: the source's while a live
// partition delivers to all its targets, its own while records are read for this target alone. What deliveries leave in it is guarded by the lock under which
// it is delivered to.
type Target struct {
	Recipient *Recipient
	Actives   []*Active
	// AwaitedUntil is until when a live partition that cannot deliver later waits for the client, in Unix ms; 0 if it does not. It belongs to Flush of the
	// partition.
	AwaitedUntil int64
	// Partial are the records that did not fit in all streams.
	Partial partialdelivery.Records
	// IsUnflushed says that something was enqueued for the client since the last flush. It belongs to the live partition.
	IsUnflushed bool

	canDeliverLater bool // a record that does not fit can be delivered later; else the client is closed
	blocked         bool // a record did not fit: a shorter message must not overtake it
	batches         batch.OfTarget
	limited         int // subscriptions that end after so many records

	sync.Mutex
}

// NewTarget makes the target of a client without subscriptions. CanDeliverLater says that a record that does not fit can be delivered later.
func NewTarget(recipient *Recipient, canDeliverLater bool) *Target {
	return &Target{Recipient: recipient, canDeliverLater: canDeliverLater}
}

// Begin enters a subscription with its client and confirms it: its records come after the confirmation. Next is the offset of the first one if it does not
// have a Start. It is called under the lock of the source. Errors: those of Client.EnqueueControl.
func (t *Target) Begin(joining *Active, next int64) error {
	//mutate:confirmed-subscription-not-saved
	t.Recipient.owner.Add(joining)
	err := t.confirm(joining, next)
	if err != nil {
		t.Recipient.owner.Remove(joining)
	}
	return err
}

// confirm confirms a subscription. From then on, cursors stand for it too.
func (t *Target) confirm(joining *Active, next int64) error {
	before := joining.Source.PlaceBefore(joining, next)
	checkpoints := t.Recipient.Checkpoints.GetFor(&joining.Subscription)
	if checkpoints == nil {
		return joining.Confirm(&before, next)
	}
	//mutate:begun-before-batch
	t.FlushBatches(joining.Wanted.Stream) // or what waits there would move this subscription's cursor too
	checkpoints.Begin(&joining.Subscription, before, t.batchOf(joining))
	err := joining.Confirm(&before, next)
	if err != nil {
		checkpoints.End(&joining.Subscription)
	}
	return err
}

func (t *Target) batchOf(joining *Active) *batch.Batch {
	return t.Recipient.batches.Of(t.Recipient, joining.Wanted, t.canDeliverLater)
}

// Add adds a subscription that begins. It is called under both locks.
func (t *Target) Add(joining *Active) {
	t.Actives = append(t.Actives, joining)
	if joining.Wanted.Quota.IsBounded() {
		t.limited++
	}
	if joining.batch = t.batchOf(joining); joining.batch != nil {
		t.batches.Enter(joining.batch)
	}
}

// Remove removes a subscription that has ended. It is called under both locks.
func (t *Target) Remove(leaving *Active) {
	if leaving.Wanted.Quota.IsBounded() {
		t.limited--
	}
	if leaving.batch != nil {
		t.batches.Leave(leaving.batch)
	}
	t.Actives = slices.DeleteFunc(t.Actives, func(a *Active) bool { return a == leaving })
}

// ActivesOf are the subscriptions that share a quota. It is called under one of the locks.
func (t *Target) ActivesOf(quota *subscription.Quota) (sharing []*Active) {
	for _, active := range t.Actives {
		if active.Wanted.Quota == quota {
			sharing = append(sharing, active)
		}
	}
	return sharing
}

// FlushBatches enqueues what waits in the batches of a stream, or of all for the empty one, so that a control message can come after it, and tells whether
// there are batches.
func (t *Target) FlushBatches(stream atlas.Stream) (flushed bool) { return t.batches.Flush(stream) }

// HasBatchWaiting tells whether records wait in the batch of a subscription. It is called under one of the locks.
func (t *Target) HasBatchWaiting(active *Active) bool { return t.batches.Waits(active.Wanted) }

// SendAfterRecords enqueues a control message after everything that was delivered before. What does not fit is an overflow, which Recipient.Flush finds.
func (t *Target) SendAfterRecords(message *wsframe.Message) {
	t.FlushBatches("")
	_ = t.Recipient.EnqueueControl(message)
}
