package fanout

import (
	"slices"
	"sync"

	"atlasstream/services/gateway/internal/outbox"
)

// ledger is how far a client has got with all its subscriptions that have cursors, for a client that comes back with nothing but the last cursor.
type ledger struct {
	subscriber *Subscriber

	mu      sync.Mutex // is held while a message is enqueued, so that its cursor stands for all messages before it and for none behind it
	entries []*entry   // in the order of subscribing
}

// entry is how far one membership has got.
type entry struct {
	membership *membership
	place      place
	follows    bool // the feed: it has got as far as that, though perhaps long without a record
}

// begin enters a membership before its first record: what comes at a place and before is not for it.
func (l *ledger) begin(joining *membership, at place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, &entry{membership: joining, place: at})
}

func (l *ledger) end(leaving *membership) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = slices.DeleteFunc(l.entries, func(e *entry) bool { return e.membership == leaving })
}

func (l *ledger) follow(membership *membership, follows bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, entry := range l.entries {
		if entry.membership == membership {
			entry.follows = follows
		}
	}
}

// offer enqueues a message with a cursor that stands for all memberships, those in the message's partition behind its record.
func (l *ledger) offer(offer func(*outbox.Message) error, event string, payload []byte, at place) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := offer(l.subscriber.encoding.EventAt(event, payload, l.cursor(at))); err != nil {
		return err
	}
	for _, entry := range l.entries {
		entry.advance(at)
	}
	return nil
}

// say tells the client of an event that is no record, with a cursor.
func (l *ledger) say(event string, payload []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.subscriber.tell(l.subscriber.encoding.EventAt(event, payload, l.cursor(place{})))
}

// cursor stands for all memberships once what stands at a place is enqueued; it is empty if there are none.
func (l *ledger) cursor(at place) string {
	if len(l.entries) == 0 {
		return ""
	}
	standings := make([]Standing, 0, len(l.entries))
	for _, entry := range l.entries {
		standings = append(standings, entry.standing(at))
	}
	return l.subscriber.hub.settings.Cursors.ForAll(standings)
}

// standing is how far the membership has got once what stands at a place is enqueued.
func (e *entry) standing(at place) Standing {
	now := e.place
	switch {
	case e.isAdvancedBy(at):
		now = at
	case e.follows && now.partition != at.partition:
		now.position.Offset = max(now.position.Offset, now.partition.passed.Load()-1)
	}
	return Standing{
		Parameters: e.membership.parameters, Measurement: e.membership.wanted.Measurement,
		Position: now.position, InReplay: now.partition.isPast, Replay: now.replay,
	}
}

func (e *entry) isAdvancedBy(at place) bool {
	return e.place.partition == at.partition && (at.replay != "" || at.position.Offset > e.place.position.Offset)
}

func (e *entry) advance(at place) {
	if e.isAdvancedBy(at) {
		e.place = at
	}
}
