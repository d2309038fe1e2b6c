package playback

import (
	"container/heap"
	"math"
	"slices"
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
	run    []*heldRecord // in order: what came in order, which is most of it
	others byPlace       // what came behind something later
	queue  []*heldRecord // in the order of offsets; those that have gone leave it when they are at the front, or the most
	bytes  int
	newest int64 // the latest event time so far, Unix milliseconds
	last   place // the greatest that was let go
}

type heldRecord struct {
	place
	record *atlas.Record // nil when it has gone
}

// beforeAll is less than the place of any record.
var beforeAll = place{time: math.MinInt64, offset: -1}

func newWindow(bounds Window) *window {
	return &window{Window: bounds, newest: math.MinInt64, last: beforeAll}
}

// isLate tells that a record's turn is over: one of a later place has been let go.
func (w *window) isLate(record *atlas.Record) bool { return placeOf(record).compare(w.last) <= 0 }

// add takes the records of a topic in the order of offsets, but for those that are late.
func (w *window) add(record *atlas.Record) {
	held := &heldRecord{record: record, place: placeOf(record)}
	if len(w.run) == 0 || held.compare(w.run[len(w.run)-1].place) > 0 {
		w.run = append(w.run, held)
	} else {
		heap.Push(&w.others, held)
	}
	w.queue = append(w.queue, held)
	w.bytes += heldOverhead + len(record.Value)
	w.newest = max(w.newest, held.time)
}

// release gives the first record if none that comes before it is to be expected any more; behind the last record of a topic, nothing is.
func (w *window) release(ended bool) *atlas.Record {
	first := w.first()
	if first == nil {
		return nil
	}
	if !ended && w.bytes <= w.Bytes && first.time >= w.newest-w.Span.Milliseconds() {
		return nil
	}
	w.remove(first)
	record := first.record
	first.record = nil
	w.bytes -= heldOverhead + len(record.Value)
	w.last = first.place
	w.forget()
	return record
}

// first gives what comes first of all that is held, or nil.
func (w *window) first() *heldRecord {
	switch {
	case len(w.run) == 0 && len(w.others) == 0:
		return nil
	case len(w.others) == 0 || len(w.run) > 0 && w.run[0].compare(w.others[0].place) < 0:
		return w.run[0]
	}
	return w.others[0]
}

func (w *window) remove(first *heldRecord) {
	if len(w.run) > 0 && w.run[0] == first {
		w.run[0] = nil
		w.run = w.run[1:]
		return
	}
	heap.Pop(&w.others)
}

// forget takes from the queue what has gone: from the front, and from between when that is most of it.
func (w *window) forget() {
	for len(w.queue) > 0 && w.queue[0].record == nil {
		w.queue[0] = nil
		w.queue = w.queue[1:]
	}
	if len(w.queue) > 2*(len(w.run)+len(w.others)) {
		w.queue = slices.DeleteFunc(w.queue, func(held *heldRecord) bool { return held.record == nil })
	}
}

// lowest gives the least offset that is held, or next if nothing is.
func (w *window) lowest(next int64) int64 {
	if len(w.queue) == 0 {
		return next
	}
	return w.queue[0].offset
}

// byPlace is a heap with the first record on top.
type byPlace []*heldRecord

func (h byPlace) Len() int           { return len(h) }
func (h byPlace) Less(i, j int) bool { return h[i].compare(h[j].place) < 0 }
func (h byPlace) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byPlace) Push(record any)   { *h = append(*h, record.(*heldRecord)) }
func (h *byPlace) Pop() any {
	last := len(*h) - 1
	record := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return record
}
