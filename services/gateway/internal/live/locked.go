package live

import (
	"iter"
	"maps"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/overload"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// Locked is a partition under its lock, for those who do something else with its targets than delivering records.
type Locked struct{ *Partition }

// Do calls do under the partition's lock.
func (p *Partition) Do(do func(*Locked)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do(&Locked{p})
}

// Targets are all targets, with the readers of those that are detached.
func (l *Locked) Targets() iter.Seq2[*delivery.Target, Reader] {
	return func(yield func(*delivery.Target, Reader) bool) {
		for _, target := range l.targets {
			if !yield(target, l.detached[target]) {
				return
			}
		}
	}
}

// TargetOf is that of a client; nil if it has no subscriptions.
func (l *Locked) TargetOf(recipient *delivery.Recipient) *delivery.Target {
	return l.targets[recipient]
}

// TargetsOf are those of Targets that may have subscriptions to a measurement.
func (l *Locked) TargetsOf(measurement atlas.MeasurementID) map[*delivery.Target]Reader {
	targets := make(map[*delivery.Target]Reader, len(l.detached))
	maps.Copy(targets, l.detached)
	for _, entry := range l.index.Candidates(measurement) { // of which a target may have several, for streams
		targets[entry.Subscriber] = nil
	}
	return targets
}

// Attach has a target get what is delivered live again: it has got everything that was delivered before.
func (l *Locked) Attach(target *delivery.Target) {
	delete(l.detached, target)
	l.match(target, target.Actives...)
}

// IsAttached tells whether a target, which may have lost its subscriptions since Targets gave it, gets everything live.
func (l *Locked) IsAttached(target *delivery.Target) bool {
	return l.targets[target.Recipient] == target && l.detached[target] == nil
}

// Candidate is what an attached target wants by a subscription.
func (l *Locked) Candidate(of *delivery.Active, target *delivery.Target) *subscription.Candidate[*delivery.Target] {
	return l.index.Find(target, of.Wanted)
}

// SendAfterRecords tells a client something after everything that was delivered before. Flush must follow.
func (l *Locked) SendAfterRecords(target *delivery.Target, refusal *protocol.Error) {
	target.SendAfterRecords(target.Recipient.Client.Complaint(refusal))
	l.noteUnflushed(target)
}

// NoteUnflushed has Flush write what is enqueued for a target.
func (l *Locked) NoteUnflushed(target *delivery.Target) { l.noteUnflushed(target) }

// EndByItself ends a subscription with its last message. TakeEnded gives it.
func (l *Locked) EndByItself(ending *delivery.Active, last func() error) { l.endByItself(ending, last) }

// TakeEnded gives the subscriptions that have ended by themselves, for delivery.NotifyOwners, which is called without the lock.
func (l *Locked) TakeEnded() []*delivery.Active { return l.takeEnded() }

// Overload is what bounds the costs of the subscriptions.
func (l *Locked) Overload() *overload.Limit { return l.overload }
