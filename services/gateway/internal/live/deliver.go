package live

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
)

// Deliver enqueues records, which are in the order of offsets, for the targets that want them, and tells how often they were taken. A target that cannot take a
// record is detached. Flush must follow.
func (p *Partition) Deliver(records []atlas.Record) (taken int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range records {
		takenOfRecord, blocked := p.deliverer.Deliver(&p.index, &records[i])
		taken += takenOfRecord
		//mutate:full-queue-skips-record
		p.detachBlocked(blocked, records[i].Position.Offset)
		p.endSpent(p.deliverer.Quotas.TakeSpent())
		p.overload.NoteLength(&records[i], p.targets)
	}
	p.Note(records, p.settings.BehindTime)
	p.deliverer.Clear()
	return taken
}

// detachBlocked has targets read the log that could not take the record at an offset.
func (p *Partition) detachBlocked(blocked []*delivery.Target, offset int64) {
	for _, target := range blocked {
		p.settings.Detached.Inc()
		target.Unblock()
		p.detach(target, offset)
	}
}

func (p *Partition) noteUnflushed(target *delivery.Target) {
	if !target.IsUnflushed {
		target.IsUnflushed = true
		p.unflushed = append(p.unflushed, target)
	}
}

// Flush writes what Deliver enqueued. Flushes of a partition follow one another. Where a record that does not fit cannot be delivered later, it waits for
// clients whose queues are half full, for two seconds each time that they become so.
func (p *Partition) Flush() {
	ended := p.takeUnflushed()
	for _, target := range p.flushing {
		target.Recipient.Flush()
	}
	delivery.NotifyOwners(ended) // before it waits for others
	if !p.canDeliverLater() {
		p.waiting.AwaitAll(p.flushing)
	}
	clear(p.flushing)
}

// takeUnflushed moves the unflushed targets to flushing, and gives the subscriptions that have ended meanwhile.
func (p *Partition) takeUnflushed() (ended []*delivery.Active) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.unflushed, p.flushing = p.flushing[:0], p.unflushed
	for _, target := range p.flushing {
		target.IsUnflushed = false
	}
	return p.takeEnded()
}
