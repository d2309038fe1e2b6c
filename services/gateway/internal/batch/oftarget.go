package batch

import (
	"maps"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// OfTarget are the batches of the records that some subscription of a delivery.Target has batched, or had when another one came.
type OfTarget struct{ byKey map[key]*Batch }

// Enter enters the batch of a subscription that begins.
func (o *OfTarget) Enter(batch *Batch) {
	if o.byKey == nil {
		o.byKey = make(map[key]*Batch)
	}
	batch.users.Add(1)
	if o.byKey[batch.key] == nil {
		maps.DeleteFunc(o.byKey, func(_ key, each *Batch) bool { return each.isIdle() })
	}
	o.byKey[batch.key] = batch
}

// Leave is called when a subscription has ended.
func (o *OfTarget) Leave(batch *Batch) { batch.users.Add(-1) }

// IsEmpty tells that no record waits, or is to wait.
func (o *OfTarget) IsEmpty() bool { return len(o.byKey) == 0 }

// Choose gives the batch for a record; nil if it does not wait. Records before it that wait elsewhere are enqueued, so that the order stays: where flushed says
// so, Client.Flush must follow. Errors: those of Client.EnqueueArray.
func (o *OfTarget) Choose(record *atlas.Record, stream atlas.Stream, form subscription.Projection) (chosen *Batch, flushed bool, err error) {
	for _, cursors := range []bool{false, true} {
		batch := o.byKey[keyOf(stream, record.Measurement, cursors)]
		if form.Buffered && cursors == form.Cursor {
			chosen = batch
			continue
		}
		if batch == nil {
			continue
		}
		flushed = true
		if err := batch.flush(); err != nil {
			return nil, true, err
		}
	}
	return chosen, flushed, nil
}

// Flush enqueues what waits in the batches of a stream, or of all for the empty one, so that a control message can come after it, and tells whether
// there are batches.
func (o *OfTarget) Flush(stream atlas.Stream) (flushed bool) {
	for key, batch := range o.byKey {
		if stream == "" || key.stream == stream {
			batch.flushControl()
			flushed = true
		}
	}
	return flushed
}

// Waits tells whether records wait in a batch that are of a subscription's stream and measurement, and have a cursor if it wants one.
func (o *OfTarget) Waits(of *subscription.Subscription) bool {
	batch := o.byKey[keyOfSubscription(of)]
	return batch != nil && batch.Waits()
}
