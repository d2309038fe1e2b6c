package resume

import (
	"bytes"
	"slices"
	"sync"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/batch"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/notice"
	"atlasstream/services/gateway/internal/subscription"
	"atlasstream/services/gateway/internal/wsframe"
)

// Others are a client's subscriptions without cursors, which a cursor names so that they begin again.
type Others interface {
	// Plain gives their parameters, if they take no more than so many bytes in a cursor.
	Plain(room int) (parameters [][]byte, fit bool)
	// PlainSize is what they take in a cursor at most, in bytes.
	PlainSize() int
}

// Tracker is how far a client has got with each of its subscriptions that have cursors. It implements checkpoint.Checkpoints.
type Tracker struct {
	recipient *delivery.Recipient
	others    Others
	seal      func(cursor.Token) string

	mu       sync.Mutex // is held while a message is enqueued, so that its cursor stands for what is enqueued before it and for nothing behind it
	tracked  []*tracked // in the order of subscribing
	bySource map[source][]*tracked
	size     int                        // what a cursor for all of them takes at most, in bytes
	sentAt   time.Time                  // when a message had a cursor for all last
	pending  []cursor.SavedSubscription // what the client has had and not got back yet
}

const (
	// maxForAll bounds the size of a cursor for all, which comes with each message. Beyond that, each message has only one of its own measurement.
	maxForAll = 4 << 10
	// trackedSize is what a subscription takes in a cursor beside its parameters; base64 takes a third more.
	trackedSize = 80
	// TagSize is what the parameters take beside themselves of a subscription that has no cursors.
	TagSize = 4
	// bytesOfStep is how many bytes of a cursor for all of a client's subscriptions are made in a step.
	bytesOfStep = 12
)

// tracked is how far one subscription has got.
type tracked struct {
	active     *notice.Subscription
	group      *notice.Group // of which it is one measurement; nil for none
	parts      int           // of the group that are to the measurement
	parameters []byte        // without the cursor with which the subscription began
	place      cursor.Place
	batch      *batch.Batch // in which its records may wait; nil without one
	follows    bool         // what is delivered live: it has got as far as that, though perhaps long without a record
}

// source is where the records come from by which a subscription advances.
type source struct {
	source      cursor.Source
	stream      atlas.Stream
	measurement atlas.MeasurementID
}

func sourceOf(at *cursor.Place) source { return source{at.Source, at.Stream, at.Measurement} }

func sizeOf(parameters []byte) int { return (len(parameters) + trackedSize) * 4 / 3 }

// NewTracker makes a tracker without subscriptions.
func NewTracker(recipient *delivery.Recipient, others Others, seal func(cursor.Token) string) *Tracker {
	return &Tracker{recipient: recipient, others: others, seal: seal, bySource: make(map[source][]*tracked)}
}

// Begin implements checkpoint.Checkpoints.
func (t *Tracker) Begin(joining *notice.Subscription, at cursor.Place, waiting *batch.Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at.Source.IsReplay() { // it joins a replay where that is
		for _, present := range t.tracked {
			if present.place.Source == at.Source {
				at.Replay = present.place.Replay
			}
		}
	}
	if present := t.find(joining); present != nil { // another part of a group, which begins at the same place or later
		present.parts++
		return
	}
	begun := &tracked{active: joining, group: joining.Group, parts: 1, parameters: t.parametersOf(joining), place: at, batch: waiting}
	t.tracked = append(t.tracked, begun)
	t.bySource[sourceOf(&at)] = append(t.bySource[sourceOf(&at)], begun)
	t.resize()
	if joining.Group == nil { // else the others of its parts are still pending
		t.restored(joining.Parameters) // at once, or a message that comes before the confirmation would name it twice
	}
}

// parametersOf gives those of a subscription without its cursor. The measurements of a group share them.
func (t *Tracker) parametersOf(joining *notice.Subscription) []byte {
	if last := len(t.tracked) - 1; last >= 0 && joining.Group != nil && t.tracked[last].group == joining.Group {
		return t.tracked[last].parameters
	}
	return subscription.WithoutCursor(joining.Parameters)
}

// resize is called under the lock when what is tracked has changed.
func (t *Tracker) resize() {
	t.size = 0
	for i := range t.tracked {
		t.size += sizeOf(t.savedParameters(i))
	}
}

// savedParameters are those with which a cursor names what is tracked. Of the measurements of a group, which follow one another, the first has them for all.
func (t *Tracker) savedParameters(at int) []byte {
	each := t.tracked[at]
	if at > 0 && each.group != nil && each.group == t.tracked[at-1].group {
		return nil
	}
	return each.parameters
}

// find gives what is tracked of a subscription; nil for nothing. It is called under the lock.
func (t *Tracker) find(active *notice.Subscription) *tracked {
	at := slices.IndexFunc(t.tracked, func(each *tracked) bool { return each.isOf(active) })
	if at < 0 {
		return nil
	}
	return t.tracked[at]
}

func (s *tracked) isOf(active *notice.Subscription) bool {
	if s.group != nil {
		return s.group == active.Group && s.place.Measurement == active.Wanted.Measurement
	}
	return s.active == active
}

// End implements checkpoint.Checkpoints.
func (t *Tracker) End(leaving *notice.Subscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	ended := t.find(leaving)
	if ended == nil {
		return
	}
	if ended.parts--; ended.parts > 0 {
		return
	}
	is := func(each *tracked) bool { return each == ended }
	t.tracked = slices.DeleteFunc(t.tracked, is)
	from := sourceOf(&ended.place)
	if t.bySource[from] = slices.DeleteFunc(t.bySource[from], is); len(t.bySource[from]) == 0 {
		delete(t.bySource, from)
	}
	t.resize()
}

// Follow implements checkpoint.Checkpoints.
func (t *Tracker) Follow(active *notice.Subscription, follows bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if found := t.find(active); found != nil {
		if !follows && found.follows { // it keeps what it has got by following
			//mutate:detached-goes-back
			found.place.Live = found.advanced(found.place.Live)
		}
		found.follows = follows
	}
}

// Steps implements checkpoint.Checkpoints.
func (t *Tracker) Steps(joining *notice.Subscription) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	size := t.size + t.others.PlainSize()
	if joining != nil && t.find(joining) == nil {
		size += sizeOf(joining.Parameters)
	}
	return min(size, maxForAll) / bytesOfStep
}

// Enqueue implements checkpoint.Checkpoints. The cursor stands for all subscriptions, for those to the record's measurement and stream behind the record.
func (t *Tracker) Enqueue(
	enqueue func(*wsframe.Message) error, at cursor.Place, seal func(cursor.Token) string, encode func(cursor string) *wsframe.Message,
) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	sealed := t.cursor(&at, seal)
	if sealed == "" {
		sealed = t.recipient.Seal(&at)
	}
	//mutate:undelivered-record-tracked
	if err := enqueue(encode(sealed)); err != nil {
		return err
	}
	for _, each := range t.bySource[sourceOf(&at)] {
		if each.isAdvancedBy(&at) {
			each.place = at
		}
	}
	return nil
}

// Send implements checkpoint.Checkpoints.
func (t *Tracker) Send(event string, payload []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.recipient.EnqueueControl(t.recipient.Encoding.EventAt(event, payload, t.cursor(&cursor.Place{}, t.seal)))
}

// SetPending has cursors stand for what the client has not got back yet: its connection may be lost before it has.
func (t *Tracker) SetPending(pending []cursor.SavedSubscription) {
	t.mu.Lock()
	defer t.mu.Unlock()
	//mutate:pending-subscription-lost
	t.pending = slices.Clone(pending)
}

// Restored implements checkpoint.Checkpoints.
func (t *Tracker) Restored(parameters []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.restored(parameters)
}

// restored is called under the lock.
func (t *Tracker) restored(parameters []byte) {
	isRestored := false
	//mutate:resumed-subscription-pending
	t.pending = slices.DeleteFunc(t.pending, func(saved cursor.SavedSubscription) bool {
		isFurther := isRestored && len(saved.Parameters) == 0 // a further measurement of a group
		isRestored = isFurther || bytes.Equal(saved.Parameters, parameters)
		return isRestored
	})
}

// SendCursor implements checkpoint.Checkpoints.
func (t *Tracker) SendCursor(since time.Time) (enqueued, fits bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sentAt.After(since) {
		return false, true
	}
	before := t.sentAt
	sealed := t.cursor(&cursor.Place{}, t.seal)
	if sealed == "" {
		return false, false
	}
	if t.recipient.EnqueueIfRoom(t.recipient.Encoding.Cursor(sealed)) != nil {
		t.sentAt = before // it may fit the next time
		return false, true
	}
	return true, true
}

// ResetOffsets implements checkpoint.Checkpoints.
func (t *Tracker) ResetOffsets(source cursor.Source, next int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, each := range t.tracked {
		if each.place.Source == source {
			//mutate:restart-keeps-offset
			each.place.Live = cursor.Live{Topic: each.place.Live.Topic, Partition: each.place.Live.Partition, Offset: next - 1}
		}
	}
}
