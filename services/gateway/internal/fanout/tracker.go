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

// tracker has the checkpoint of each subscription of a client, which reconnects with nothing but the last cursor. Of subscriptions without cursors, the client
// gets the parameters back.
type tracker struct {
	subscriber *Subscriber

	mu      sync.Mutex // is held while a message is enqueued, so that its cursor stands for what is enqueued before it and for nothing behind it
	all     []*tracked // in the order of subscribing
	of      map[source][]*tracked
	size    int                        // what a cursor for all of them takes at most, in bytes
	pending []cursor.SavedSubscription // of an earlier connection, that the client has not got back yet
}

const (
	// maxForAll bounds the size of a cursor for all, which comes with each message. Beyond that, each message has only one of its own measurement.
	maxForAll = 4 << 10
	// trackedSize is what a tracked subscription takes in a cursor beside its parameters; base64 takes a third more.
	trackedSize = 80
	// tagSize is what the parameters take beside themselves of a subscription that has no cursors.
	tagSize = 4
)

// tracked is how far one membership has been delivered.
type tracked struct {
	membership *membership
	parameters []byte // without the cursor with which the membership began
	place      place
	buffer     *buffer // in which its records may wait; nil without one
	follows    bool    // the feed: it has got as far as that, though perhaps long without a record
}

// source is where the records come from by which a tracked subscription is advanced.
type source struct {
	partition   *partition
	stream      atlas.Stream
	measurement atlas.MeasurementID
}

func (p *place) source() source { return source{p.partition, p.stream, p.Measurement} }

func (s *tracked) size() int { return (len(s.parameters) + trackedSize) * 4 / 3 }

// track enters a membership before its first record: what comes at a place and before is not for it.
func (t *tracker) track(joining *membership, at place, waiting *buffer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at.partition.isPast { // it joins a replay where that is
		for _, present := range t.all {
			if present.place.partition == at.partition {
				at.Replay = present.place.Replay
			}
		}
	}
	entered := &tracked{membership: joining, parameters: subscription.WithoutCursor(joining.parameters), place: at, buffer: waiting}
	t.all, joining.tracked = append(t.all, entered), entered
	if t.of == nil {
		t.of = make(map[source][]*tracked)
	}
	t.of[at.source()] = append(t.of[at.source()], entered)
	t.size += entered.size()
	t.dropPending(joining)
}

func (t *tracker) untrack(leaving *membership) {
	t.mu.Lock()
	defer t.mu.Unlock()
	left := leaving.tracked
	if left == nil {
		return
	}
	leaving.tracked = nil
	t.size -= left.size()
	isLeft := func(one *tracked) bool { return one == left }
	t.all = slices.DeleteFunc(t.all, isLeft)
	from := left.place.source()
	if t.of[from] = slices.DeleteFunc(t.of[from], isLeft); len(t.of[from]) == 0 {
		delete(t.of, from)
	}
}

func (t *tracker) follow(membership *membership, follows bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if membership.tracked != nil {
		membership.tracked.follows = follows
	}
}

// steps is what it takes to make a cursor that stands for all memberships, and for one that is about to begin, unless that is nil.
func (t *tracker) steps(joining *membership) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	size := t.size + t.subscriber.roll.sizeOfPlain()
	if joining != nil && joining.tracked == nil {
		size += (&tracked{parameters: joining.parameters}).size()
	}
	return min(size, maxForAll) / bytesOfStep
}

// offer enqueues a message with a cursor that stands for all memberships, for those to its measurement and stream behind its record.
func (t *tracker) offer(offer func(*sendqueue.Message) error, event string, payload []byte, at place) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	sealed := t.cursor(at)
	if sealed == "" {
		sealed = t.subscriber.hub.cursor(at)
	}
	//mutate:tracker-unfit
	if err := offer(t.subscriber.encoding.EventAt(event, payload, sealed)); err != nil {
		return err
	}
	for _, one := range t.of[at.source()] {
		if one.isAdvancedBy(at) {
			one.place = at
		}
	}
	return nil
}

// say tells the client of an event that is no record, with a cursor.
func (t *tracker) say(event string, payload []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.subscriber.tell(t.subscriber.encoding.EventAt(event, payload, t.cursor(place{})))
}

// setPending has cursors stand for what the client has not got back yet: its connection may be lost before it has.
func (t *tracker) setPending(pending []cursor.SavedSubscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	//mutate:given-back-forgotten
	t.pending = slices.Clone(pending)
}

// markResumed has them stand no more for what the client has got back without a cursor.
func (t *tracker) markResumed(joined *membership) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.dropPending(joined)
}

// dropPending is called under the lock.
func (t *tracker) dropPending(joined *membership) {
	//mutate:given-back-twice
	t.pending = slices.DeleteFunc(t.pending, func(saved cursor.SavedSubscription) bool { return bytes.Equal(saved.Parameters, joined.parameters) })
}

// cursor stands for all memberships once what stands at a place is enqueued; it is empty if none has cursors, or if there are too many.
func (t *tracker) cursor(at place) string {
	token, fit := t.save(at)
	if !fit || len(token.Subscriptions) == 0 {
		return ""
	}
	sealed := t.subscriber.hub.settings.Cursors.Seal(token)
	if len(sealed) > cursor.MaxLength { // replays have long ones
		return ""
	}
	return sealed
}

// save gives the token of all memberships, unless that is too large.
func (t *tracker) save(at place) (token cursor.Token, fit bool) {
	token.Restart, fit = t.subscriber.roll.withoutCursors(maxForAll - t.size - pendingSize(t.pending))
	if !fit {
		return cursor.Token{}, false
	}
	token.Issued, token.Subscriptions = time.Now(), make([]cursor.SavedSubscription, 0, len(t.all)+len(t.pending))
	for _, one := range t.all {
		token.Subscriptions = append(token.Subscriptions, cursor.SavedSubscription{Checkpoint: one.checkpoint(at), Parameters: one.parameters})
	}
	for _, saved := range t.pending {
		if saved.Restarts() {
			token.Restart = append(slices.Clip(token.Restart), saved.Parameters)
		} else {
			token.Subscriptions = append(token.Subscriptions, saved)
		}
	}
	return token, true
}

// pendingSize is what subscriptions take in a cursor at most that are pending.
func pendingSize(pending []cursor.SavedSubscription) (size int) {
	for _, saved := range pending {
		beside := trackedSize
		if saved.Restarts() {
			beside = tagSize
		}
		size += (len(saved.Parameters) + beside) * 4 / 3
	}
	return size
}

// checkpoint is how far the membership has got once what stands at a place is enqueued.
func (s *tracked) checkpoint(at place) cursor.Checkpoint {
	now := s.place
	if s.isAdvancedBy(at) {
		now = at
	}
	if !now.partition.isPast {
		now.Live.Offset = s.passed(now.Live.Offset)
	}
	return now.Checkpoint
}

// passed moves an offset on to what the feed has brought to all, as far as nothing of it waits for this membership or is about to be enqueued.
func (s *tracked) passed(offset int64) int64 {
	passed := s.place.partition.passed.Load() // before it is asked what waits
	if s.follows && (s.buffer == nil || !s.buffer.waits.Load()) {
		return max(offset, passed-1)
	}
	return offset
}

// isAdvancedBy tells whether a record counts for the membership, which may not match it: records of a measurement and stream are enqueued in their order.
func (s *tracked) isAdvancedBy(at place) bool {
	//mutate:tracker-of-other-measurements,tracker-of-other-streams
	return s.place.partition == at.partition && s.place.stream == at.stream && s.place.Measurement == at.Measurement &&
		(at.Replay != nil || at.Live.Offset > s.place.Live.Offset)
}
