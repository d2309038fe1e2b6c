package session

import (
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/live"
	"atlasstream/services/gateway/internal/recheck"
)

// Add implements delivery.Owner.
func (s *Session) Add(joining *delivery.Active) { s.set.add(joining) }

// Remove implements delivery.Owner.
func (s *Session) Remove(leaving *delivery.Active) bool { return s.set.remove(leaving) }

// Has implements delivery.Owner.
func (s *Session) Has(active *delivery.Active) bool { return s.set.has(active) }

// Ended implements delivery.Owner.
func (s *Session) Ended(ended []*delivery.Active) {
	for _, active := range ended {
		s.set.stopFollowing(active)
		if active.Group != nil && active.Group.Quota.IsSpent() { // its other parts may be in other partitions
			s.endOver(s.set.partsOf(active.Group))
		}
	}
	if s.onEnd != nil {
		s.onEnd() // before its client learns of it, and acts on that
	}
	s.Flush()
	s.RecountCursors()
}

// RecountCursors has the client's networks charged for its cursors as they are now. Each stands for all its subscriptions, in whichever source.
func (s *Session) RecountCursors() {
	if s.Checkpoints.Get() == nil {
		return
	}
	seen := make(map[*live.Partition]struct{})
	for _, active := range s.set.all() {
		partition, isLive := active.Source.(*live.Partition) // a replay holds up nobody else, and costs nothing
		if _, again := seen[partition]; isLive && !again {
			seen[partition] = struct{}{}
			recheck.CursorCosts(partition, &s.Recipient)
		}
	}
}

// end ends a subscription, and sends its last message after everything that it brought, if any. Errors: ErrNotSubscribed, if it has ended already; those of
// Client.EnqueueControl.
func (s *Session) end(leaving *delivery.Active, last func() error) error {
	ended, err := leaving.Source.End(leaving, last)
	if !ended {
		return ErrNotSubscribed
	}
	s.set.stopFollowing(leaving)
	return err
}
