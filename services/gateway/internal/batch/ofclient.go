package batch

import (
	"maps"
	"sync"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// Client gets arrays.
type Client interface {
	// EnqueueArray enqueues records as one event. The last one is at a place, which is nil without a cursor. A control message must come now; sendqueue.ErrFull
	// says of others that they do not fit.
	EnqueueArray(event string, array []byte, last *cursor.Place, isControl bool) error
	// Flush writes what is enqueued.
	Flush()
	// IsDraining tells that nothing is to wait any more.
	IsDraining() bool
}

// key says which records of a client share a batch.
type key struct {
	stream      atlas.Stream
	measurement atlas.MeasurementID // 0 without a cursor
}

func keyOf(stream atlas.Stream, measurement atlas.MeasurementID, cursors bool) key {
	if !cursors {
		measurement = 0
	}
	return key{stream, measurement}
}

func keyOfSubscription(wanted *subscription.Subscription) key {
	return keyOf(wanted.Stream, wanted.Measurement, wanted.Cursor.Wanted)
}

// OfClient are the batches of a client. The map is changed by one goroutine at a time: that which begins subscriptions.
type OfClient struct {
	byKey   map[key]*Batch
	sweepAt int            // how many there are when idle ones are dropped
	sending sync.WaitGroup // of their timers, from their start until they are stopped or have sent
}

// minSwept is how many batches there are before any is dropped.
const minSwept = 16

// Of gives the batch of a subscription's records; nil if it wants no arrays. CanWait says that an array which does not fit can wait, as its records can be read
// again; else it is an overflow.
func (o *OfClient) Of(client Client, wanted *subscription.Subscription, canWait bool) *Batch {
	if !wanted.Buffer {
		return nil
	}
	of := keyOfSubscription(wanted)
	if found := o.byKey[of]; found != nil {
		return found
	}
	o.sweep()
	if o.byKey == nil {
		o.byKey = make(map[key]*Batch)
	}
	o.byKey[of] = &Batch{key: of, client: client, sending: &o.sending, event: protocol.RecordEvent(of.stream), canWait: canWait}
	return o.byKey[of]
}

// sweep drops idle batches when there are twice as many as after the last time.
func (o *OfClient) sweep() {
	if len(o.byKey) < max(o.sweepAt, minSwept) {
		return
	}
	maps.DeleteFunc(o.byKey, func(_ key, each *Batch) bool { return each.isIdle() })
	o.sweepAt = 2 * len(o.byKey)
}

// Close drops what waits and returns when nothing is being sent any more.
func (o *OfClient) Close() {
	for _, batch := range o.byKey {
		batch.close()
	}
	o.sending.Wait()
}
