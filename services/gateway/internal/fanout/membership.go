package fanout

import (
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/subscription"
)

// membership is one subscription of a subscriber in its partition.
type membership struct {
	subscriber  *Subscriber
	wanted      *subscription.Subscription
	indexed     *subscription.Subscription // what an index has of it: wanted, or a part of that
	key         string
	number      uint64          // in the order of joining
	parameters  []byte          // as they came, for the client knows its subscription by them
	from        *cursor.Token   // behind which it resumes, once it is opened; nil for none
	resumption  *Resumption     // that it is of; nil for none
	tail        Tail            // in which it resumes, until it has joined; nil for its measurement's
	start       *start          // where it begins; nil for what comes from now on
	gone        *protocol.Error // why that is not where its client has got to; nil if it is
	active      bool            // the index of a member that is behind has it; guarded by the partition's lock, as is stops
	stops       bool            // it ends when all is delivered
	costs       *costs          // among which it is charged; nil if it is not; guarded by the partition's lock
	arrival     uint64          // counts those of the partition that have been charged
	partition   *partition      // where it stands, from add on
	tracked     *tracked        // in the subscriber's tracker, if it has one; guarded by the tracker's lock
	buffer      *buffer         // in which its records wait; nil without one
	releaseFeed func()          // guarded by the roll's lock; nil until the feed has returned
}

// membershipBytes is what a membership takes in memory beside its subscription and its parameters, with its share of what finds it.
const membershipBytes = 1200

// Kept is how many bytes of memory a subscription with such parameters takes.
func Kept(wanted *subscription.Subscription, parameters []byte) int {
	kept := membershipBytes + wanted.Size() + len(parameters)
	if wanted.Cursor.Wanted {
		kept += len(parameters) // a tracker has them without the cursor
	}
	return kept
}

// isOnRoll tells whether it has not ended.
func (m *membership) isOnRoll() bool { return m.subscriber.roll.find(m.key) == m }

// isPlain tells whether the membership has no cursor, but parameters of which it can be made anew.
func (m *membership) isPlain() bool {
	joinsReplay := m.partition.isPast && m.wanted.Replay == nil
	return !m.wanted.Cursor.Wanted && !joinsReplay
}

// tracker is the subscriber's if it tracks the membership, else nil.
func (m *membership) tracker() *tracker {
	if !m.wanted.Cursor.Wanted {
		return nil
	}
	return m.subscriber.tracker.Load()
}

// markResumed has the subscriber's tracker know that the client has got back what may have been pending.
func (m *membership) markResumed() {
	if tracker := m.subscriber.tracker.Load(); tracker != nil {
		tracker.markResumed(m)
	}
}

// follow has the subscriber's tracker know whether what the feed has passed is passed for the membership.
func (m *membership) follow(follows bool) {
	if tracker := m.tracker(); tracker != nil {
		tracker.follow(m, follows)
	}
}

// say tells the client of an event that repeats the parameters.
func (m *membership) say(event string) error {
	return m.subscriber.say(event, m.parameters)
}

// end ends the membership, and says the last words of it after all that it brought, if any. Errors: ErrNotSubscribed, if it has ended already; those of
// Client.EnqueueControl.
func (m *membership) end(last func() error) error {
	ended, err := m.partition.remove(m, last)
	if !ended {
		return ErrNotSubscribed
	}
	m.release()
	return err
}

// hold keeps what releases the feed until the membership ends, which it may have done already.
func (m *membership) hold(release func()) {
	if !m.subscriber.roll.hold(m, release) {
		release()
	}
}

// release is called once, by whoever has ended the membership, without a lock.
func (m *membership) release() {
	if release := m.subscriber.roll.held(m); release != nil {
		release()
	}
}

// farewell tells the client that a change of the measurement has ended the membership.
func (m *membership) farewell(standing standing) error {
	if standing == unknown {
		if err := m.subscriber.complain(unknownMeasurement(m.wanted.Measurement)); err != nil {
			return err
		}
	}
	if standing == stopped {
		return m.sayOver()
	}
	return m.say(protocol.EventUnsubscribed)
}

// sayOver ends the subscription because nothing more can come.
func (m *membership) sayOver() error {
	if encoding, known := m.subscriber.encoding.(EndEncoding); known {
		return m.subscriber.tell(encoding.EventAtEnd(protocol.EventUnsubscribed, m.parameters))
	}
	return m.say(protocol.EventUnsubscribed)
}
