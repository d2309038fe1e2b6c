package fanout

import (
	"context"
	"math"
	"slices"

	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// behind is a member who reads the log itself: because its client could not take a record of the feed, or because a subscription begins before what the
// feed brings. It is guarded by the partition's lock. The whole member reads, so that its records keep their order and come once.
type behind struct {
	partition *partition
	member    *member
	index     subscription.Index[*member] // of what is wanted of the record at next
	next      int64                       // what stands before it has been delivered
	partly    map[int64][]atlas.Stream    // of records that have been given in these streams, and did not fit in others
	turns     []turn                      // in the order of offsets
	over      bool                        // the member is back in the feed, or gone
	ended     []*membership
	cancel    context.CancelFunc // ends the goroutine
	leg       *leg               // which reads; nil if none does
}

// turn is what is to be done with memberships before the record at an offset, or what comes behind it, is delivered.
type turn struct {
	offset      int64
	memberships []*membership
	take        func(*behind, []*membership)
}

// fallBehind lets those read the log who could not take the record at an offset.
func (p *partition) fallBehind(offset int64) {
	for _, fallen := range p.takeFallen() {
		p.hub.metrics.fellBehind.Inc()
		p.leaveFeed(fallen.member, offset, fallen.given)
	}
}

// leaveFeed has a member read the log from an offset on, whose record it has been given in some streams.
func (p *partition) leaveFeed(member *member, next int64, given []atlas.Stream) {
	ctx, cancel := context.WithCancel(context.Background()) // it lasts until the member is gone, which Subscriber.Leave waits for
	b := &behind{partition: p, member: member, next: next, partly: map[int64][]atlas.Stream{next: given}, cancel: cancel}
	p.index.Remove(member, indexed(member.memberships)...)
	for _, membership := range member.memberships {
		membership.follow(false)
	}
	member.behind = b
	b.begin(member.memberships)
	if p.behind == nil {
		p.behind = make(map[*behind]struct{})
	}
	p.behind[b] = struct{}{}
	member.subscriber.pursuits.Go(func() { b.pursue(ctx) })
}

// begin has records delivered for memberships from next on.
func (b *behind) begin(memberships []*membership) {
	for _, membership := range memberships {
		membership.active = true
	}
	b.index.Add(b.member, indexed(memberships)...)
}

// pause is the opposite of begin.
func (b *behind) pause(memberships []*membership) {
	for _, membership := range memberships {
		membership.active = false
	}
	b.index.Remove(b.member, indexed(memberships)...)
}

// enter begins a membership where it wants to begin: one without a start begins at next, before which the feed has delivered all.
func (b *behind) enter(joining *membership, next int64, standing standing) {
	from, one := next, []*membership{joining}
	if joining.start != nil {
		from = min(joining.start.from, next)
	}
	if from < b.next {
		b.rewind(from)
	}
	b.at(turn{from, one, (*behind).begin})
	if joining.start != nil && joining.start.backlog {
		//mutate:backlog-too-old
		joining.indexed = joining.wanted.Since(joining.start.since)
		//mutate:backlog-sent-early,backlog-sent-late
		b.at(turn{next, one, (*behind).endBacklog})
	}
	if standing == stopped {
		b.stop(joining, next)
	}
	b.reach(b.next)
	if b.leg != nil && !slices.Contains(b.leg.measurements, joining.wanted.Measurement) {
		b.newLeg()
	}
}

// rewind goes back to an offset: nobody who is there gets again what it has been given.
func (b *behind) rewind(to int64) {
	var present []*membership
	for _, membership := range b.member.memberships {
		if membership.active {
			present = append(present, membership)
		}
	}
	if len(present) > 0 {
		//mutate:rewind-gives-again
		b.pause(present)
		//mutate:rewind-forgets
		b.at(turn{b.next, present, (*behind).begin})
	}
	b.next = to
	b.newLeg()
}

func (b *behind) endBacklog(memberships []*membership) {
	b.pause(memberships)
	for _, membership := range memberships {
		membership.indexed = membership.wanted
		b.member.emptyBuffers(membership.wanted.Stream)
		_ = membership.say(protocol.EventBacklogSent) // flush deals with what did not fit
	}
	b.begin(memberships)
}

// dismiss ends memberships to a measurement that has stopped.
func (b *behind) dismiss(memberships []*membership) {
	for _, membership := range memberships {
		if b.partition.dismiss(membership, stopped) {
			b.ended = append(b.ended, membership)
		}
	}
}

// stop ends a membership to a measurement that has stopped, once all is delivered that stood in the log before an offset.
func (b *behind) stop(stopping *membership, offset int64) {
	if !stopping.stops {
		stopping.stops = true
		b.at(turn{offset, []*membership{stopping}, (*behind).dismiss})
		b.reach(b.next)
	}
}

// leave is called when a membership has ended.
func (b *behind) leave(leaving *membership) {
	for i := range b.turns {
		b.turns[i].memberships = slices.DeleteFunc(b.turns[i].memberships, func(m *membership) bool { return m == leaving })
	}
	b.turns = slices.DeleteFunc(b.turns, func(t turn) bool { return len(t.memberships) == 0 })
	if len(b.member.memberships) == 0 {
		b.end()
	}
}

// at puts a turn behind the others of its offset.
func (b *behind) at(added turn) {
	place := slices.IndexFunc(b.turns, func(t turn) bool { return t.offset > added.offset })
	if place < 0 {
		place = len(b.turns)
	}
	added.memberships = slices.Clone(added.memberships) // leave takes out of them
	b.turns = slices.Insert(b.turns, place, added)
}

// reach takes the turns up to an offset.
func (b *behind) reach(offset int64) {
	for len(b.turns) > 0 && b.turns[0].offset <= offset {
		next := b.turns[0]
		b.turns = b.turns[1:]
		next.take(b, next.memberships)
	}
}

// restart goes on at the end of a log that was cut: the offsets of turns mean nothing any more.
func (b *behind) restart(next int64) {
	b.reach(math.MaxInt64)
	b.next, b.partly = next, make(map[int64][]atlas.Stream)
	b.newLeg()
}

// pass goes on at an offset, before which there is nothing more for the member.
func (b *behind) pass(offset int64) {
	b.reach(offset)
	b.next = max(b.next, offset)
}

// deliver enqueues the next record for those memberships that want it. It returns false if the client cannot take all of it now; try again then.
func (b *behind) deliver(record *atlas.Record) (taken int, done bool) {
	offset := record.Position.Offset
	b.reach(offset)
	p := b.partition
	//mutate:partly-given-forgotten
	taken = p.deliverOne(&b.index, record, b.partly[offset])
	p.frames.reset(nil)
	if full := p.takeFallen(); len(full) > 0 {
		b.partly[offset], b.next = full[0].given, offset
		return taken, false
	}
	delete(b.partly, offset)
	//mutate:missed-delivered-again
	b.next = offset + 1
	return taken, true
}

// rejoin has the member get what the feed brings again, of which it has missed nothing.
func (b *behind) rejoin() {
	b.reach(math.MaxInt64)
	if b.over { // its last membership has ended
		return
	}
	b.partition.feed(b.member, b.member.memberships)
	b.end()
}

// end is called when the member needs to read no more.
func (b *behind) end() {
	b.over = true
	b.member.behind = nil
	delete(b.partition.behind, b)
	b.cancel()
}

// newLeg has the log read from next on, and for the measurements that are wanted now.
func (b *behind) newLeg() {
	//mutate:reading-goes-on
	if b.leg != nil {
		b.leg.cancel()
		b.leg = nil
	}
}
