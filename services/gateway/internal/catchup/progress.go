package catchup

import (
	"math"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/protocol"
)

// advanceTo goes on at an offset, before which there is nothing more for the target.
func (r *Reader) advanceTo(offset int64) {
	r.reach(offset)
	r.next = max(r.next, offset)
}

// deliverNext enqueues the next record for those subscriptions that want it. It returns false if the client cannot take all of it now; try again then.
func (r *Reader) deliverNext(deliverer *delivery.Deliverer, record *atlas.Record) (done bool) {
	offset := record.Position.Offset
	r.reach(offset)
	taken, full := r.target.Deliver(deliverer, record)
	r.topic.delivered.Add(float64(taken))
	for _, spent := range deliverer.Quotas.TakeSpent() {
		r.stop(r.target.ActivesOf(spent.Quota))
	}
	if full {
		r.next = offset
		return false
	}
	//mutate:missed-record-repeated
	r.next = offset + 1
	return true
}

// endReading ends the reading for a target that has got everything that was delivered live, and gives the subscriptions that end instead of going on live.
func (r *Reader) endReading() (stopped []*delivery.Active) {
	r.reach(math.MaxInt64)
	stopped, r.stopped = r.stopped, nil
	r.target.Partial.ForgetAll()
	r.close()
	return stopped
}

// close is called when there is nothing more to read.
func (r *Reader) close() {
	r.closed = true
	r.cancel()
}

// endPass has the log read from next on, and for the measurements that are wanted now.
func (r *Reader) endPass() {
	//mutate:pass-survives-rewind
	if r.pass != nil {
		r.pass.cancel()
		r.pass = nil
	}
}

// sendGap tells the client what it misses, after everything that was delivered before. It is called under the target's lock.
func (r *Reader) sendGap(gap *protocol.Error) {
	r.target.SendAfterRecords(r.target.Recipient.Client.Complaint(gap))
}

// attach has the target get what is delivered live again, if ready says that it has got everything that was delivered before, but for the subscriptions that
// have stopped, which end. Ready is called under the partition's lock, and attach under that of the tail.
func (r *Reader) attach(ready func() (stopped []*delivery.Active, is bool)) {
	r.partition.Do(func(locked *live.Locked) {
		stopped, is := ready()
		if is {
			locked.Attach(r.target.Target)
		}
		r.end(locked, stopped)
	})
}

// end ends subscriptions of whose measurements, which have stopped, everything has been delivered.
func (r *Reader) end(locked *live.Locked, stopped []*delivery.Active) {
	for _, active := range stopped {
		locked.EndByItself(active, func() error { return active.SendAccessEnded(access.Stopped) })
	}
	//mutate:ended-behind-untold
	r.ended = append(r.ended, locked.TakeEnded()...)
}

// settle ends what has stopped meanwhile, and writes what was enqueued.
func (r *Reader) settle() {
	r.target.Lock()
	stopped := r.stopped
	r.stopped = nil
	r.target.Unlock()
	if len(stopped) > 0 {
		r.partition.Do(func(locked *live.Locked) { r.end(locked, stopped) })
	}
	delivery.NotifyOwners(r.ended)
	r.ended = nil
	r.target.Recipient.Flush()
}
