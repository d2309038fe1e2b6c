package delivery

import (
	"maps"
	"slices"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
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
	// IsWritten says that the client has something to write since the last flush. It belongs to the live partition.
	IsWritten bool

	canDeliverLater bool // a record that does not fit can be delivered later; else the client is closed
	blocked         bool // a record did not fit: a shorter message must not overtake it; guarded by the lock below

	sync.Mutex
	batches map[batchKey]*Batch // of the records that some subscription here has batched, or had when another one came
	limited int                 // subscriptions that end after so many records

	alone   subscription.Index[*Target]       // what is matched for this target alone; guarded by its own lock
	partial map[atlas.Position][]atlas.Stream // records that were delivered in these streams and did not fit in others
}

// NewTarget makes the target of a client without subscriptions. CanDeliverLater says that a record that does not fit can be delivered later.
func NewTarget(recipient *Recipient, canDeliverLater bool) *Target {
	return &Target{Recipient: recipient, canDeliverLater: canDeliverLater}
}

// Begin enters a subscription with its client and confirms it: its records come after the confirmation. Next is the offset of the first one if it does not
// have a Start. It is called under the lock of the source. Errors: those of Client.EnqueueControl.
func (t *Target) Begin(joining *Active, next int64) error {
	joining.owesBacklog = joining.Group != nil && joining.Start != nil && joining.Start.Backlog
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
	checkpoints := joining.checkpoints()
	if checkpoints == nil {
		joining.restoredAlone()
		return joining.confirm(next)
	}
	//mutate:begun-before-batch
	t.FlushBatches(joining.Wanted.Stream) // or what waits there would move this subscription's cursor too
	var waiting *Batch
	if joining.Wanted.Buffer {
		waiting = t.Recipient.batch(joining.batchKey(), t.canDeliverLater)
	}
	checkpoints.Begin(joining, joining.Source.PlaceBefore(joining, next), waiting)
	err := joining.confirm(next)
	if err != nil {
		checkpoints.End(joining)
	}
	return err
}

// Add adds a subscription that begins. It is called under both locks.
func (t *Target) Add(joining *Active) {
	t.Actives = append(t.Actives, joining)
	if joining.Wanted.Quota.IsBounded() {
		t.limited++
	}
	if !joining.Wanted.Buffer {
		return
	}
	if t.batches == nil {
		t.batches = make(map[batchKey]*Batch)
	}
	key := joining.batchKey()
	joining.batch = t.Recipient.batch(key, t.canDeliverLater)
	joining.batch.users.Add(1)
	if t.batches[key] == nil {
		maps.DeleteFunc(t.batches, func(_ batchKey, each *Batch) bool { return each.isIdle() })
	}
	t.batches[key] = joining.batch
}

// Remove removes a subscription that has ended. It is called under both locks.
func (t *Target) Remove(leaving *Active) {
	if leaving.Wanted.Quota.IsBounded() {
		t.limited--
	}
	if leaving.batch != nil {
		leaving.batch.users.Add(-1)
	}
	t.Pause(leaving)
	t.Actives = slices.DeleteFunc(t.Actives, func(a *Active) bool { return a == leaving })
}

// Match has records matched for subscriptions when they are delivered to this target alone. It is called under the target's lock.
func (t *Target) Match(actives ...*Active) {
	for _, active := range actives {
		active.isMatchedAlone = true
	}
	t.alone.Add(t, Matched(actives)...)
}

// Pause is the opposite of Match.
func (t *Target) Pause(actives ...*Active) {
	for _, active := range actives {
		active.isMatchedAlone = false
	}
	t.alone.Remove(t, Matched(actives)...)
}

// ForgetReading is Pause for all subscriptions, and forgets what is kept while records are read for this target alone.
func (t *Target) ForgetReading() {
	t.Pause(t.Actives...)
	t.alone, t.partial = subscription.Index[*Target]{}, nil
}

// Matching gives the subscriptions for which Match has records matched. It is called under the target's lock.
func (t *Target) Matching() (matching []*Active) {
	for _, active := range t.Actives {
		if active.isMatchedAlone {
			matching = append(matching, active)
		}
	}
	return matching
}

// Measurements are those of the subscriptions, each once. It is called under one of the locks.
func (t *Target) Measurements() (all []atlas.MeasurementID) {
	seen := make(map[atlas.MeasurementID]struct{}, len(t.Actives))
	for _, active := range t.Actives {
		if _, again := seen[active.Wanted.Measurement]; !again {
			seen[active.Wanted.Measurement] = struct{}{}
			all = append(all, active.Wanted.Measurement)
		}
	}
	return all
}

// FlushBatches enqueues what waits in the batches of a stream, or of all for the empty one, so that a control message can come after it, and tells whether
// there are batches.
func (t *Target) FlushBatches(stream atlas.Stream) (flushed bool) {
	for key, batch := range t.batches {
		if stream == "" || key.stream == stream {
			batch.flushControl()
			flushed = true
		}
	}
	return flushed
}

// HasBatchWaiting tells whether records with cursors wait in a batch that are of a subscription's stream and measurement. It is called under one of the locks.
func (t *Target) HasBatchWaiting(active *Active) bool {
	batch := t.batches[active.batchKey()]
	return batch != nil && batch.Waits()
}

// SendLast enqueues a control message after everything that was delivered before. What does not fit is an overflow, which Recipient.Flush finds.
func (t *Target) SendLast(message *wsframe.Message) {
	t.FlushBatches("")
	_ = t.Recipient.EnqueueControl(message)
}

// ResetOffset goes on at an offset of a source whose log was truncated or recreated, where offsets mean other records now, and sends cursors from there, as a
// client that reconnects with one of the old log has lost its place. Everything that was delivered before is to be enqueued by then.
func (t *Target) ResetOffset(source Source, next int64) {
	if checkpoints := t.Recipient.Checkpoints(); checkpoints != nil {
		checkpoints.ResetOffsets(source, next)
		if _, fits := checkpoints.SendCursor(time.Now()); fits {
			return
		}
	}
	sent := make(map[atlas.MeasurementID]struct{})
	for _, active := range t.Actives {
		wanted := active.Wanted
		if _, again := sent[wanted.Measurement]; again || !wanted.Cursor.Wanted {
			continue
		}
		sent[wanted.Measurement] = struct{}{}
		at := source.PlaceBefore(active, next)
		at.Live = cursor.Live{Topic: at.Live.Topic, Partition: at.Live.Partition, Offset: next - 1} // wherever the subscription began
		//mutate:restart-without-cursor
		_ = t.Recipient.EnqueueIfRoom(t.Recipient.Encoding.Cursor(t.Recipient.Seal(&at)))
	}
}

// ForgetPartial forgets which records were delivered in part, as their offsets mean others now.
func (t *Target) ForgetPartial() { t.partial = nil }
