package fanout

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/subscription"
)

// ledger is how far a client has got with each of its subscriptions that have cursors, for a client that comes back with nothing but the last cursor. Of
// the others it gets the parameters back.
type ledger struct {
	subscriber *Subscriber

	mu      sync.Mutex // is held while a message is enqueued, so that its cursor stands for what is enqueued before it and for nothing behind it
	entries []*entry   // in the order of subscribing
	of      map[source][]*entry
	size    int                        // what a cursor for all of them takes at most, in bytes
	due     []cursor.SavedSubscription // what the client has had and not got back yet
}

const (
	// maxForAll bounds the size of a cursor for all, which comes with each message. Beyond that, each message has only one of its own measurement.
	maxForAll = 4 << 10
	// entrySize is what an entry takes in a cursor beside its parameters; base64 takes a third more.
	entrySize = 80
	// tagSize is what the parameters take beside themselves of a subscription that has no cursors.
	tagSize = 4
)

// entry is how far one membership has got.
type entry struct {
	membership *membership
	parameters []byte // without the cursor with which the membership began
	place      place
	buffer     *buffer // in which its records may wait; nil without one
	follows    bool    // the feed: it has got as far as that, though perhaps long without a record
}

// source is where the records come from by which an entry is advanced.
type source struct {
	partition   *partition
	stream      atlas.Stream
	measurement atlas.MeasurementID
}

func (p *place) source() source { return source{p.partition, p.stream, p.Measurement} }

func (e *entry) size() int { return (len(e.parameters) + entrySize) * 4 / 3 }

// begin enters a membership before its first record: what comes at a place and before is not for it.
func (l *ledger) begin(joining *membership, at place, waiting *buffer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.partition.isPast { // it joins a replay where that is
		for _, present := range l.entries {
			if present.place.partition == at.partition {
				at.Replay = present.place.Replay
			}
		}
	}
	entered := &entry{membership: joining, parameters: subscription.WithoutCursor(joining.parameters), place: at, buffer: waiting}
	l.entries, joining.entry = append(l.entries, entered), entered
	if l.of == nil {
		l.of = make(map[source][]*entry)
	}
	l.of[at.source()] = append(l.of[at.source()], entered)
	l.size += entered.size()
	l.pay(joining)
}

func (l *ledger) end(leaving *membership) {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := leaving.entry
	if left == nil {
		return
	}
	leaving.entry = nil
	l.size -= left.size()
	leaves := func(e *entry) bool { return e == left }
	l.entries = slices.DeleteFunc(l.entries, leaves)
	from := left.place.source()
	if l.of[from] = slices.DeleteFunc(l.of[from], leaves); len(l.of[from]) == 0 {
		delete(l.of, from)
	}
}

func (l *ledger) follow(membership *membership, follows bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if membership.entry != nil {
		membership.entry.follows = follows
	}
}

// steps is what it takes to make a cursor that stands for all memberships, and for one that is about to begin, unless that is nil.
func (l *ledger) steps(joining *membership) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	size := l.size + l.subscriber.roll.sizeOfPlain()
	if joining != nil && joining.entry == nil {
		size += (&entry{parameters: joining.parameters}).size()
	}
	return min(size, maxForAll) / bytesOfStep
}

// offer enqueues a message with a cursor that stands for all memberships, for those to its measurement and stream behind its record.
func (l *ledger) offer(offer func(*sendqueue.Message) error, event string, payload []byte, at place) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	sealed := l.cursor(at)
	if sealed == "" {
		sealed = l.subscriber.hub.cursor(at)
	}
	//mutate:ledger-unfit
	if err := offer(l.subscriber.encoding.EventAt(event, payload, sealed)); err != nil {
		return err
	}
	for _, entry := range l.of[at.source()] {
		if entry.isAdvancedBy(at) {
			entry.place = at
		}
	}
	return nil
}

// say tells the client of an event that is no record, with a cursor.
func (l *ledger) say(event string, payload []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.subscriber.tell(l.subscriber.encoding.EventAt(event, payload, l.cursor(place{})))
}

// owe has cursors stand for what the client has not got back yet: its connection may be lost before it has.
func (l *ledger) owe(due []cursor.SavedSubscription) {
	l.mu.Lock()
	defer l.mu.Unlock()
	//mutate:given-back-forgotten
	l.due = slices.Clone(due)
}

// paid has them stand no more for what the client has got back without a cursor.
func (l *ledger) paid(joined *membership) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pay(joined)
}

// pay is called under the lock.
func (l *ledger) pay(joined *membership) {
	//mutate:given-back-twice
	l.due = slices.DeleteFunc(l.due, func(saved cursor.SavedSubscription) bool { return bytes.Equal(saved.Parameters, joined.parameters) })
}

// cursor stands for all memberships once what stands at a place is enqueued; it is empty if none has cursors, or if there are too many.
func (l *ledger) cursor(at place) string {
	token, fit := l.token(at)
	if !fit || len(token.Subscriptions) == 0 {
		return ""
	}
	sealed := l.subscriber.hub.settings.Cursors.Seal(token)
	if len(sealed) > cursor.MaxLength { // replays have long ones
		return ""
	}
	return sealed
}

// token is what the cursor stands for, unless that is too much.
func (l *ledger) token(at place) (token cursor.Token, fit bool) {
	token = cursor.Token{Issued: time.Now(), Subscriptions: make([]cursor.SavedSubscription, 0, len(l.entries)+len(l.due))}
	token.Restart, fit = l.subscriber.roll.withoutCursors(maxForAll - l.size - sizeOf(l.due))
	for _, entry := range l.entries {
		token.Subscriptions = append(token.Subscriptions, cursor.SavedSubscription{Checkpoint: entry.checkpoint(at), Parameters: entry.parameters})
	}
	for _, saved := range l.due {
		if saved.Restarts() {
			token.Restart = append(slices.Clip(token.Restart), saved.Parameters)
		} else {
			token.Subscriptions = append(token.Subscriptions, saved)
		}
	}
	return token, fit
}

// sizeOf is what subscriptions take in a cursor at most that are due.
func sizeOf(due []cursor.SavedSubscription) (size int) {
	for _, saved := range due {
		beside := entrySize
		if saved.Restarts() {
			beside = tagSize
		}
		size += (len(saved.Parameters) + beside) * 4 / 3
	}
	return size
}

// checkpoint is how far the membership has got once what stands at a place is enqueued.
func (e *entry) checkpoint(at place) cursor.Checkpoint {
	now := e.place
	if e.isAdvancedBy(at) {
		now = at
	}
	if !now.partition.isPast {
		now.Live.Offset = e.passed(now.Live.Offset)
	}
	return now.Checkpoint
}

// passed moves an offset on to what the feed has brought to all, as far as nothing of it waits for this membership or is about to be enqueued.
func (e *entry) passed(offset int64) int64 {
	passed := e.place.partition.passed.Load() // before it is asked what waits
	if e.follows && (e.buffer == nil || !e.buffer.waits.Load()) {
		return max(offset, passed-1)
	}
	return offset
}

// isAdvancedBy tells whether a record counts for the membership, which may not match it: records of a measurement and stream are enqueued in their order.
func (e *entry) isAdvancedBy(at place) bool {
	//mutate:ledger-of-other-measurements,ledger-of-other-streams
	return e.place.partition == at.partition && e.place.stream == at.stream && e.place.Measurement == at.Measurement &&
		(at.Replay != nil || at.Live.Offset > e.place.Live.Offset)
}
