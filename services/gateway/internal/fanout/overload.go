package fanout

import (
	"cmp"
	"errors"
	"slices"

	"atlasstream/services/gateway/internal/protocol"
)

// protocol.CodeTooManySubscriptions is that of what ErrTooMany refuses.

// endExcessive ends memberships to a measurement whose records have become longer: of each network that costs more than it may now, the newest of those that
// cost more for it.
func (p *partition) endExcessive(costs *costs) {
	if !costs.isExceeded() {
		return
	}
	var growing []*membership
	for client := range costs.clients {
		if member := p.members[client]; member != nil && costs.excessOf(client) != "" {
			growing = append(growing, member.growing(costs)...)
		}
	}
	p.endNewest(growing, "the records of measurement %d have become longer: %s; this subscription ends")
}

// growing are a member's memberships to a measurement that cost more with longer records or cursors.
func (m *member) growing(costs *costs) (growing []*membership) {
	for _, of := range m.memberships {
		if of.costs == costs && (of.wanted.Buffer || of.tracker() != nil || len(of.wanted.Scans()) > 0) {
			growing = append(growing, of)
		}
	}
	return growing
}

// endNewest ends some of the memberships, the newest first, until their clients' networks cost no more than they may. They are to be released then.
func (p *partition) endNewest(growing []*membership, words string) {
	slices.SortFunc(growing, func(a, b *membership) int { return cmp.Compare(b.arrival, a.arrival) })
	for _, of := range growing {
		if of.costs == nil {
			continue
		}
		if excess := of.costs.excessOf(of.subscriber); excess != "" {
			p.end(of, protocol.Refuse(protocol.CodeTooManySubscriptions, words, of.wanted.Measurement, excess))
		}
	}
}

const longerCursors = "the cursors of this client stand for more than before, and measurement %d costs too much for it: %s; this subscription ends"

// end ends a membership and tells its client why.
func (p *partition) end(ending *membership, why *protocol.Error) {
	ended := p.dismissSaying(ending, func() error {
		return errors.Join(ending.subscriber.complain(why), ending.say(protocol.EventUnsubscribed))
	})
	if ended {
		p.hub.metrics.overloadsEnded.Inc()
		p.ended = append(p.ended, ending)
	}
}

// takeEnded gives those whom end has ended. It is called under the lock.
func (p *partition) takeEnded() (ended []*membership) {
	ended, p.ended = p.ended, nil
	return ended
}

// recountCursors has the client's networks charged for its cursors as they are now: each stands for all its subscriptions, in whichever partition. Where they
// have become too long, its own subscriptions end.
func (s *Subscriber) recountCursors() {
	if s.tracker.Load() == nil {
		return
	}
	seen := make(map[*partition]struct{})
	for _, membership := range s.roll.all() {
		if _, again := seen[membership.partition]; !again {
			seen[membership.partition] = struct{}{}
			release(membership.partition.recountCursors(s))
		}
	}
}

// recountCursors gives the memberships that have ended, and are to be released.
func (p *partition) recountCursors(of *Subscriber) (ended []*membership) {
	p.mu.Lock()
	defer p.mu.Unlock()
	member := p.members[of]
	if member == nil {
		return nil
	}
	for _, membership := range slices.Clone(member.memberships) {
		costs, tracker := membership.costs, membership.tracker()
		if costs == nil || tracker == nil {
			continue
		}
		if costs.recountCursor(of, tracker.steps(nil)) && costs.excessOf(of) != "" {
			p.endNewest(member.growing(costs), longerCursors)
		}
	}
	return p.takeEnded()
}

// recountCursor charges for a client's cursor as it is now, and tells whether it costs more than before.
func (c *costs) recountCursor(client *Subscriber, steps int) (grown bool) {
	cost := c.clients[client]
	if cost.cursors == 0 || cost.cursor == steps {
		return false
	}
	grown = steps > cost.cursor
	c.change(client, func(cost *clientCost) { cost.cursor = steps })
	return grown
}
