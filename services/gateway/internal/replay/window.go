package replay

import (
	"math"
	"time"

	"atlasstream/pkg/atlas"
)

// Window bounds how far a replay puts records in order that the log has out of order.
type Window struct {
	Span  time.Duration // a record that is in the log behind others of at most this much later event time still comes before them
	Bytes int           // of records that wait for earlier ones, heldOverhead included; beyond that the earliest of them waits no longer
}

// heldOverhead is what a record takes beside its value while it waits, in bytes.
const heldOverhead = 256

// window puts the records of one topic in order.
type window struct {
	Window
	run    queue    // what came in order, which is most of it in a live topic
	others heap     // what came behind something later
	log    logOrder // all of them
	bytes  int
	newest int64   // the latest event time so far, Unix milliseconds
	last   sortKey // the greatest that was let go
}

// entry is a record in the order of event time.
type entry struct {
	sortKey
	held int32 // its number in the logOrder
}

// beforeAll is less than the key of any record.
var beforeAll = sortKey{time: math.MinInt64, offset: -1}

func newWindow(bounds Window) *window {
	return &window{Window: bounds, newest: math.MinInt64, last: beforeAll}
}

// isLate tells that a record of that key comes too late to be put in order: one of a greater key has been let go.
func (w *window) isLate(key sortKey) bool { return key.compare(w.last) <= 0 }

// add takes the records of a topic in the order of offsets, each with its key, but for those that are late.
func (w *window) add(record *atlas.Record, key sortKey) {
	next := entry{key, w.log.add(record)}
	if w.run.isEmpty() || next.compare(w.run.last().sortKey) > 0 {
		w.run.add(next)
	} else {
		w.others.add(next)
	}
	w.bytes += heldOverhead + len(record.Value)
	w.newest = max(w.newest, key.time)
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
	w.last = first.sortKey
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
	return w.run.first().compare(w.others[0].sortKey) < 0, true
}

func (w *window) first(inOrder bool) entry {
	if inOrder {
		return w.run.first()
	}
	return w.others[0]
}

// lowest gives the least offset that is held, or next if nothing is.
func (w *window) lowest(next int64) int64 { return w.log.leastOffset(next) }
