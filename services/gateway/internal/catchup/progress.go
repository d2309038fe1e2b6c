package catchup

import (
	"math"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
)

// passTo goes on at an offset, before which there is nothing more for the target.
func (r *Reader) passTo(offset int64) {
	r.reach(offset)
	r.next = max(r.next, offset)
}

// deliverNext enqueues the next record for those subscriptions that want it. It returns false if the client cannot take all of it now; try again then.
func (r *Reader) deliverNext(encoder *delivery.Encoder, record *atlas.Record) (done bool) {
	offset := record.Position.Offset
	r.reach(offset)
	taken, full := r.target.Deliver(encoder, record)
	r.topic.delivered.Add(float64(taken))
	for _, spent := range encoder.TakeSpent() {
		r.stop(spent.Actives())
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
	r.target.ForgetReading()
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
	r.target.SendLast(r.target.Recipient.Client.Complaint(gap))
}
