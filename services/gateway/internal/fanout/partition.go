package fanout

import (
	"slices"
	"sync"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/subscription"
)

// partition is what is wanted of one partition of the log.
type partition struct {
	hub *Hub

	mu       sync.Mutex
	members  map[*Subscriber]*member
	index    subscription.Index[*member]
	frames   frames
	touched  []*member // who has something to write since the last flush
	flushing []*member // touched, while it is flushed: the two take turns
	isPast   bool      // it is that of a replay
	over     bool      // the replay is, and nothing can be added any more
}

// member is a subscriber in one partition.
type member struct {
	subscriber  *Subscriber
	memberships []*membership            // of this partition
	buffers     map[atlas.Stream]*buffer // of the streams of which some subscription here has been buffered
	touched     bool
}

func newPartition(hub *Hub) *partition {
	return &partition{
		hub: hub, members: make(map[*Subscriber]*member), frames: frames{subject: subscription.NewSubject(hub.settings.Enricher)},
	}
}

// add begins a membership and confirms it, if it has a standing: results come after the confirmation.
func (p *partition) add(joining *membership) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return errOver
	}
	standing := p.standing(joining)
	if standing == unknown {
		return unknownMeasurement(joining.wanted.Measurement)
	}
	if err := joining.subscriber.offer(joining.event(eventSubscribed)); err != nil {
		return err
	}
	if standing == stopped {
		return joining.subscriber.offer(joining.event(eventUnsubscribed))
	}
	joining.subscriber.roll.add(joining)
	p.enter(joining)
	return nil
}

func (p *partition) enter(joining *membership) {
	entered := p.members[joining.subscriber]
	if entered == nil {
		entered = &member{subscriber: joining.subscriber}
		p.members[joining.subscriber] = entered
	}
	entered.memberships = append(entered.memberships, joining)
	if joining.wanted.Buffer {
		entered.bufferStream(joining.wanted.Stream)
	}
	p.index.Add(entered, joining.wanted)
}

func (m *member) bufferStream(stream atlas.Stream) {
	if m.buffers == nil {
		m.buffers = make(map[atlas.Stream]*buffer)
	}
	m.buffers[stream] = m.subscriber.buffer(stream)
}

// confirm enqueues a message of a membership unless that has ended, in which case it returns false.
func (p *partition) confirm(present *membership, confirmation *outbox.Message) (stays bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if present.subscriber.roll.find(present.key) != present {
		return false, nil
	}
	return true, present.subscriber.offer(confirmation)
}

// remove ends a membership and enqueues the last messages after all that it brought: no results come after them. It returns false if the membership
// has ended already.
func (p *partition) remove(leaving *membership, last []*outbox.Message) (ended bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !leaving.subscriber.roll.remove(leaving) {
		return false, nil
	}
	left := p.members[leaving.subscriber]
	p.exit(left, leaving)
	if len(last) == 0 {
		return true, nil
	}
	return true, left.offerAll(leaving.wanted.Stream, last)
}

func (p *partition) exit(left *member, leaving *membership) {
	p.index.Remove(left, leaving.wanted)
	left.memberships = slices.DeleteFunc(left.memberships, func(m *membership) bool { return m == leaving })
	if len(left.memberships) == 0 {
		delete(p.members, left.subscriber)
	}
}

// offerAll enqueues messages after what waits in the buffer of a stream.
func (m *member) offerAll(stream atlas.Stream, messages []*outbox.Message) error {
	if buffer := m.buffers[stream]; buffer != nil {
		buffer.empty()
	}
	for _, message := range messages {
		if err := m.subscriber.offer(message); err != nil {
			return err
		}
	}
	return nil
}

// judge ends the memberships to a measurement that have no standing any more, and tells their clients. What it returns is to be released and flushed.
func (p *partition) judge(measurement atlas.MeasurementID) (over []*membership) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, membership := range p.concerned(measurement) {
		standing := p.standing(membership)
		if standing == allowed || !membership.subscriber.roll.remove(membership) {
			continue
		}
		over = append(over, membership)
		left := p.members[membership.subscriber]
		p.exit(left, membership)
		_ = left.offerAll(membership.wanted.Stream, membership.farewell(standing)) // flush deals with what did not fit
	}
	return over
}

// concerned gives the memberships that name a measurement.
func (p *partition) concerned(measurement atlas.MeasurementID) (memberships []*membership) {
	for _, entry := range p.index.Candidates(measurement) {
		for _, membership := range entry.Subscriber.memberships {
			if membership.wanted.Measurement == measurement {
				memberships = append(memberships, membership)
			}
		}
	}
	return memberships
}
