package catchup

import (
	"context"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cost"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/gap"
	"atlasstream/services/gateway/internal/readlimit"
)

const (
	// maxHeld is how many of the records that the tail still holds are delivered at a time, as the tail waits meanwhile.
	maxHeld = 256
	// maxHeldSteps is how many steps those may take, but for the last one.
	maxHeldSteps = 10_000
	// maxReadSlice is how many records of the partition, wanted or not, are read at a time: what is read is paid for before, and then it is the turn of others.
	maxReadSlice = 1 << 17
	// maxTailDelay is how much later than a reader the tail may notice that the log was truncated or recreated.
	maxTailDelay = 5 * time.Second
)

// pass is one reading for a target, from where it is and for what it wants now.
type pass struct {
	*Reader
	ctx          context.Context // ends when the target is to go on elsewhere
	cancel       context.CancelFunc
	deliverer    *delivery.Deliverer
	from, to     int64 // the offsets that it reads, if the log has as many
	worth        int64 // of what is to be read, as far as is known
	measurements []atlas.MeasurementID
	turn         *readlimit.Turn
}

// beginPass begins one if there is still something to be read.
func (r *Reader) beginPass(ctx context.Context) (*pass, error) {
	r.target.Lock()
	defer r.target.Unlock()
	if r.closed {
		return nil, errNewPass
	}
	begun := &pass{Reader: r, deliverer: r.topic.hub.deliverer(r.partition), from: r.next, to: r.next + maxReadSlice, measurements: r.target.Measurements()}
	begun.worth = r.worthOf(begun.from, begun.to)
	begun.ctx, begun.cancel = context.WithCancel(ctx)
	r.pass = begun
	return begun, nil
}

func (p *pass) end() {
	p.cancel()
	p.topic.hub.deliverers.Put(p.deliverer)
}

// worthOf is what reading from an offset to before another is worth, with what is looked through for repeats before it. That counts in full, whatever of it the
// log has: each reading has Kafka asked, and what comes is read before it can be ended.
func (r *Reader) worthOf(from, to int64) int64 {
	horizon, lag := r.topic.hub.settings.Horizon, &r.partition.Lag
	return readlimit.Cost(horizon+max(0, min(to, lag.Next())-from), lag.Bytes(max(0, from-horizon), to))
}

// deliverHeld delivers what the tail still holds, and has the target attached behind all of that. It is called under the tail's lock of the partition.
func (p *pass) deliverHeld(held []atlas.Record) {
	if !p.deliverSome(held[:min(len(held), maxHeld)]) {
		return
	}
	//mutate:attach-with-rest
	if len(held) <= maxHeld {
		p.attach(p.tryEndReading)
	}
}

// deliverSome returns false if it could not deliver all of the records.
func (p *pass) deliverSome(held []atlas.Record) bool {
	p.target.Lock()
	defer p.target.Unlock()
	begun := p.deliverer.View.Stats()
	//mutate:first-missed-record-skipped
	for i := range held {
		if p.isOver() || cost.StepsOf(p.deliverer.View.Stats().Sub(begun)) > maxHeldSteps || !p.deliverNext(p.deliverer, &held[i]) {
			return false
		}
	}
	return true
}

// tryEndReading is called under the partition's lock.
func (p *pass) tryEndReading() (stopped []*delivery.Active, ready bool) {
	p.target.Lock()
	defer p.target.Unlock()
	if p.isOver() {
		return nil, false
	}
	return p.endReading(), true
}

// goOnBehind goes on where the log does, unless this pass is over: another one finds out for itself what the log has.
func (p *pass) goOnBehind(lost *LostError) error {
	truncated := lost.To < lost.From
	if truncated {
		//mutate:truncation-told-twice
		p.awaitOffsetReset()
	}
	p.target.Lock()
	defer p.target.Unlock()
	//mutate:stale-pass-restarts
	if p.isOver() {
		return errNewPass
	}
	//mutate:lost-records-unannounced
	p.sendGap(gap.Lost(p.partition.Number, lost.From, lost.To))
	if truncated {
		p.resetOffset(lost.To)
	} else {
		p.advanceTo(lost.To)
	}
	return nil
}

// awaitOffsetReset waits for the tail, which notices as well that the log was truncated: then the partition ends the pass by ResetOffset.
func (p *pass) awaitOffsetReset() {
	reset, cancel := context.WithTimeout(p.ctx, maxTailDelay)
	defer cancel()
	<-reset.Done()
}

// isOver tells that the target does not go on here. It is called under the target's lock.
//
//mutate:stale-pass-delivers
func (p *pass) isOver() bool { return p.closed || p.pass != p }
