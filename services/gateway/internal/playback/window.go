package playback

import (
	"math"
	"time"

	"atlasstream/pkg/atlas"
)

// Window bounds how far a replay puts records in order that the log has out of order.
type Window struct {
	Span  time.Duration // a record that stands in the log behind others of at most this much later event time still comes before them
	Bytes int           // of records that wait for earlier ones, heldOverhead included; beyond that the earliest of them waits no longer
}

// heldOverhead is what a record takes beside its value while it waits, in bytes.
const heldOverhead = 256

// window puts the records of one topic in order.
type window struct {
	Window
	run    queue    // what came in order, which is most of it in a live topic
	others byPlace  // what came behind something later
	log    logOrder // all of them
	bytes  int
	newest int64 // the latest event time so far, Unix milliseconds
	last   place // the greatest that was let go
}

// turn is a record's, when it comes first.
type turn struct {
	place
	held int32 // its number in the logOrder
}

// beforeAll is less than the place of any record.
var beforeAll = place{time: math.MinInt64, offset: -1}

func newWindow(bounds Window) *window {
	return &window{Window: bounds, newest: math.MinInt64, last: beforeAll}
}

// isLate tells that the turn of a record of that place is over: one of a later place has been let go.
func (w *window) isLate(at place) bool { return at.compare(w.last) <= 0 }

// add takes the records of a topic in the order of offsets, each with its place, but for those that are late.
func (w *window) add(record *atlas.Record, at place) {
	next := turn{at, w.log.add(record)}
	if w.run.isEmpty() || next.compare(w.run.last().place) > 0 {
		w.run.add(next)
	} else {
		w.others.add(next)
	}
	w.bytes += heldOverhead + len(record.Value)
	w.newest = max(w.newest, at.time)
}

// release gives the first record if none that comes before it is to be expected any more; behind the last record of a topic, nothing is.
func (w *window) release(ended bool) *atlas.Record {
	inOrder, found := w.inOrderFirst()
	if !found {
		return nil
	}
	first := w.first(inOrder)
	//mutate:window-ignored,window-unbounded
	if !ended && w.bytes <= w.Bytes && first.time >= w.newest-w.Span.Milliseconds() {
		return nil
	}
	if inOrder {
		w.run.remove()
	} else {
		w.others.remove()
	}
	record := w.log.remove(first.held)
	w.bytes -= heldOverhead + len(record.Value)
	w.last = first.place
	return record
}

// inOrderFirst tells whether what comes first is among what came in order, if anything is held.
func (w *window) inOrderFirst() (inOrder, found bool) {
	switch {
	case len(w.others) == 0:
		return true, !w.run.isEmpty()
	case w.run.isEmpty():
		return false, true
	}
	return w.run.first().compare(w.others[0].place) < 0, true
}

func (w *window) first(inOrder bool) turn {
	if inOrder {
		return w.run.first()
	}
	return w.others[0]
}

// lowest gives the least offset that is held, or next if nothing is.
func (w *window) lowest(next int64) int64 { return w.log.leastOffset(next) }
