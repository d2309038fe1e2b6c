package live

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
)

// Deliver enqueues records, which are in the order of offsets, for the targets that want them, and tells how often they were taken. A target that cannot take a
// record is detached. Flush must follow.
func (p *Partition) Deliver(records []atlas.Record) (taken int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range records {
		takenOfRecord, blocked := p.encoder.Deliver(&p.index, &records[i])
		taken += takenOfRecord
		//mutate:full-queue-skips-record
		p.detachBlocked(blocked, records[i].Position.Offset)
		p.endSpent(p.encoder.TakeSpent())
		if grown := p.costs.NoteLength(&records[i]); grown != nil {
			p.endExcessive(grown)
		}
	}
	p.Lag.Note(records, p.settings.BehindTime)
	if len(records) > 0 {
		p.delivered.store(cursor.LiveAt(&records[len(records)-1]))
	}
	p.encoder.Clear()
	return taken
}

// detachBlocked has targets read the log that could not take the record at an offset.
func (p *Partition) detachBlocked(blocked []*delivery.Target, offset int64) {
	for _, target := range blocked {
		p.settings.Metrics.detached.Inc()
		target.Unblock()
		p.detach(target, offset)
	}
}

// endSpent ends subscriptions that have brought all records that they may. takeEnded gives them to NotifyOwners.
func (p *Partition) endSpent(spent []delivery.Spent) {
	for i := range spent {
		ending := spent[i].Actives()
		p.index.Remove(spent[i].Target, delivery.Matched(ending)...) // together, which is faster
		for _, active := range ending {
			if ended, _ := p.end(active, active.SendOver); ended { // Flush deals with what did not fit
				p.ended = append(p.ended, active)
			}
		}
	}
}

// Attach has a target get what is delivered live again, if ready says that it has got everything that was delivered before, but for the subscriptions that have
// stopped, which end: what it gives is for delivery.NotifyOwners. Ready is called under the partition's lock, and Attach under that of the tail.
func (p *Partition) Attach(target *delivery.Target, ready func() (stopped []*delivery.Active, is bool)) (ended []*delivery.Active) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stopped, is := ready()
	if is {
		delete(p.detached, target)
		p.match(target, target.Actives...)
	}
	return p.endStopped(stopped)
}

// EndStopped ends subscriptions of whose measurements, which have stopped, everything has been delivered. What it gives is for delivery.NotifyOwners.
func (p *Partition) EndStopped(stopped []*delivery.Active) (ended []*delivery.Active) {
	if len(stopped) == 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.endStopped(stopped)
}

// Flush writes what Deliver enqueued. Flushes of a partition follow one another. Where a record that does not fit cannot be delivered later, it waits for
// clients whose queues are half full, for two seconds each time that they become so.
func (p *Partition) Flush() {
	ended := p.takeWritten()
	for _, target := range p.flushing {
		target.Recipient.Flush()
	}
	delivery.NotifyOwners(ended) // before it waits for others
	if !p.canDetach() {
		p.waiting.awaitAll(p.flushing)
	}
	clear(p.flushing)
}

// takeWritten moves the written targets to flushing, and gives the subscriptions that have ended meanwhile.
func (p *Partition) takeWritten() (ended []*delivery.Active) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written, p.flushing = p.flushing[:0], p.written
	for _, target := range p.flushing {
		target.IsWritten = false
	}
	return p.takeEnded()
}

// Position is how far a detached target is.
type Position struct {
	Recipient *delivery.Recipient
	Next      int64
}

// Detached tells how far the detached targets are.
func (p *Partition) Detached() (positions []Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for target, reader := range p.detached {
		positions = append(positions, Position{target.Recipient, reader.Next()})
	}
	return positions
}

// Targets is how many clients have subscriptions.
func (p *Partition) Targets() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.targets)
}
