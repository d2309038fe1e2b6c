package fanout

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/subscription"
)

// partition is what is wanted of one partition of the log.
type partition struct {
	hub     *Hub
	source  *Source // nil for that of a replay
	number  int
	patient bool // a client that cannot take a record gets it later; else it is closed

	mu        sync.Mutex
	members   map[*Subscriber]*member
	index     subscription.Index[*member] // what those want who are not behind
	frames    frames
	touched   []*member // who has something to write since the last flush
	flushing  []*member // touched, while it is flushed: the two take turns
	waiting   waiting   // for those that are flushed
	fallen    []fallen  // who could not take the record that is delivered
	behind    map[*behind]struct{}
	charged   uint64 // counts the memberships that have been
	costs     map[atlas.MeasurementID]*costs
	mostCosts int           // from how many on those of measurements without clients are looked for
	ended     []*membership // that cost too much, and are to be released
	pace      pace
	passed    atomic.Int64 // what stands before it has been enqueued for those who are not behind
	isPast    bool         // it is that of a replay
	over      bool         // the replay is, and nothing can be added any more
}

// member is a subscriber in one partition.
type member struct {
	subscriber  *Subscriber
	memberships []*membership        // of this partition
	buffers     map[bufferOf]*buffer // of the records that some subscription here has buffered, or had when another one came
	behind      *behind              // nil while the member gets what the feed brings
	touched     bool
	fell        bool      // it stands in fallen
	awaited     time.Time // until when it is waited for, as its client can take no more; zero if it can. For flushes only
}

func newPartition(hub *Hub) *partition {
	p := &partition{
		hub: hub, members: make(map[*Subscriber]*member), costs: make(map[atlas.MeasurementID]*costs),
		frames: frames{subject: subscription.NewRecordView(hub.settings.Enricher)},
	}
	p.frames.partition = p
	return p
}

// add begins a membership and confirms it, if it has a standing: results come after the confirmation. What stands in the log before next has been
// delivered to those who are in the partition already.
func (p *partition) add(joining *membership, next int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return errOver
	}
	standing := p.standing(joining)
	if standing == unknown {
		return unknownMeasurement(joining.wanted.Measurement)
	}
	if standing == stopped && joining.start == nil {
		joining.markResumed()
		return errors.Join(joining.confirm(next), joining.sayOver())
	}
	if err := p.charge(joining); err != nil {
		return err
	}
	//mutate:confirmed-not-remembered
	joining.subscriber.roll.add(joining)
	if err := p.welcome(joining, next); err != nil {
		joining.subscriber.roll.remove(joining)
		refund(joining)
		return err
	}
	p.pace.reach(next)
	p.enter(joining, next, standing)
	return nil
}

// welcome confirms a membership. From then on, cursors stand for it too.
func (p *partition) welcome(joining *membership, next int64) error {
	tracker, wanted := joining.tracker(), joining.wanted
	if tracker == nil {
		joining.markResumed()
		return joining.confirm(next)
	}
	var waiting *buffer
	if wanted.Buffer {
		waiting = joining.subscriber.buffer(bufferFor(wanted.Stream, wanted.Measurement, true), p.patient)
	}
	tracker.track(joining, p.beginning(joining, next), waiting)
	err := joining.confirm(next)
	if err != nil {
		tracker.untrack(joining)
	}
	return err
}

// beginning is the place before the first record for a membership.
func (p *partition) beginning(joining *membership, next int64) place {
	at := place{partition: p, stream: joining.wanted.Stream, Checkpoint: cursor.Checkpoint{Measurement: joining.wanted.Measurement}}
	if p.isPast {
		at.Replay = joining.replayFrom()
		return at
	}
	if joining.start != nil {
		next = min(joining.start.from, next)
	}
	//mutate:confirmation-too-far
	at.Live = cursor.Live{Partition: p.number, Offset: next - 1}
	if p.source.trail != nil {
		at.Live.Topic = p.source.trail.Topic()
	}
	return at
}

// enter begins a membership with what comes from next on, or where it wants to begin.
func (p *partition) enter(joining *membership, next int64, standing standing) {
	entered := p.members[joining.subscriber]
	if entered == nil {
		entered = &member{subscriber: joining.subscriber}
		p.members[joining.subscriber] = entered
	}
	if entered.behind == nil && joining.start != nil {
		p.leaveFeed(entered, next, nil) // with those memberships that it has
	}
	entered.memberships = append(entered.memberships, joining)
	entered.buffer(joining, p.patient)
	if entered.behind == nil {
		p.feed(entered, []*membership{joining})
		return
	}
	entered.behind.enter(joining, next, standing)
}

// feed has what the feed brings delivered for memberships of a member.
func (p *partition) feed(member *member, memberships []*membership) {
	p.index.Add(member, indexed(memberships)...)
	for _, membership := range memberships {
		membership.follow(true)
	}
}

// indexed is what an index has of memberships.
func indexed(memberships []*membership) []*subscription.Subscription {
	all := make([]*subscription.Subscription, len(memberships))
	for i, membership := range memberships {
		all[i] = membership.indexed
	}
	return all
}

// buffer has the records of a membership wait in buffers, if it wants that. Buffers that nobody needs any more are dropped then.
func (m *member) buffer(joining *membership, patient bool) {
	wanted := joining.wanted
	if !wanted.Buffer {
		return
	}
	if m.buffers == nil {
		m.buffers = make(map[bufferOf]*buffer)
	}
	records := bufferFor(wanted.Stream, wanted.Measurement, wanted.Cursor.Wanted)
	joining.buffer = m.subscriber.buffer(records, patient)
	joining.buffer.users.Add(1)
	if m.buffers[records] == nil {
		maps.DeleteFunc(m.buffers, func(_ bufferOf, each *buffer) bool { return each.isIdle() })
	}
	m.buffers[records] = joining.buffer
}

// confirm confirms a membership once more, with other words for its parameters, unless it has ended, in which case it returns false.
func (p *partition) confirm(present *membership, parameters []byte) (stays bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !present.isOnRoll() {
		return false, nil
	}
	return true, present.subscriber.say(protocol.EventSubscribed, parameters)
}

// remove ends a membership and says the last words of it after all that it brought, if any: no results come after them. It returns false if the
// membership has ended already.
func (p *partition) remove(leaving *membership, last func() error) (ended bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !leaving.subscriber.roll.remove(leaving) {
		return false, nil
	}
	left := p.members[leaving.subscriber]
	p.exit(left, leaving)
	if last == nil {
		return true, nil
	}
	left.emptyBuffers(leaving.wanted.Stream)
	return true, last()
}

func (p *partition) exit(left *member, leaving *membership) {
	if tracker := leaving.tracker(); tracker != nil {
		tracker.untrack(leaving)
	}
	refund(leaving)
	if leaving.buffer != nil {
		leaving.buffer.users.Add(-1)
	}
	p.indexOf(left).Remove(left, leaving.indexed)
	left.memberships = slices.DeleteFunc(left.memberships, func(m *membership) bool { return m == leaving })
	if len(left.memberships) == 0 {
		delete(p.members, left.subscriber)
	}
	if left.behind != nil {
		left.behind.leave(leaving)
	}
}

// indexOf is where what a member wants is looked up.
func (p *partition) indexOf(member *member) *subscription.Index[*member] {
	if member.behind != nil {
		return &member.behind.index
	}
	return &p.index
}

// emptyBuffers enqueues what waits in the buffers of a stream, so that something can be said after it.
func (m *member) emptyBuffers(stream atlas.Stream) {
	for records, buffer := range m.buffers {
		if records.stream == stream {
			buffer.emptyFirst()
		}
	}
}

// judge ends the memberships to a measurement that have no standing any more, and tells their clients. What it returns is to be released and flushed.
func (p *partition) judge(measurement atlas.MeasurementID) (over []*membership) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, membership := range p.concerned(measurement) {
		standing, member := p.standing(membership), p.members[membership.subscriber]
		switch {
		case standing == allowed:
		case standing == stopped && member.behind != nil: // there is still something to come
			member.behind.stop(membership, p.pace.next)
		case p.dismiss(membership, standing):
			over = append(over, membership)
		}
	}
	return over
}

// dismiss ends a membership and tells the client why, or returns false if it has ended already.
func (p *partition) dismiss(leaving *membership, standing standing) (ended bool) {
	return p.dismissSaying(leaving, func() error { return leaving.farewell(standing) })
}

// dismissSaying is dismiss with other last words.
func (p *partition) dismissSaying(leaving *membership, last func() error) (ended bool) {
	if !leaving.subscriber.roll.remove(leaving) {
		return false
	}
	left := p.members[leaving.subscriber]
	p.exit(left, leaving)
	left.emptyBuffers(leaving.wanted.Stream)
	_ = last() // flush deals with what did not fit
	return true
}

// concerned gives the memberships that name a measurement.
func (p *partition) concerned(measurement atlas.MeasurementID) (concerned []*membership) {
	members := make(map[*member]struct{}) // one may have entries for several streams
	for _, entry := range p.index.Candidates(measurement) {
		members[entry.Subscriber] = struct{}{}
	}
	for behind := range p.behind {
		members[behind.member] = struct{}{}
	}
	for member := range members {
		for _, membership := range member.memberships {
			if membership.wanted.Measurement == measurement {
				concerned = append(concerned, membership)
			}
		}
	}
	return concerned
}
