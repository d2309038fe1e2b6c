package reorder

import (
	"math"
	"time"

	"atlasstream/pkg/atlas"
)

// Bounds says how far records are put in order that the log has out of order.
type Bounds struct {
	Span  time.Duration // a record that is in the log behind others of at most this much later event time still comes before them
	Bytes int           // of records that wait for earlier ones, Overhead included; beyond that the earliest of them waits no longer
}

// Overhead is what a record takes beside its value while it waits, in bytes.
const Overhead = 256

// Window holds records of one topic until no earlier one is to be expected. It is not safe for concurrent use.
type Window struct {
	Bounds
	byTime runs     // all of them
	log    logOrder // likewise
	bytes  int
	newest int64 // the latest event time so far, Unix milliseconds
	Last   Key   // the greatest that was let go
}

// entry is a record in the order of event time.
type entry struct {
	Key
	held int32 // its number in the logOrder
	run  int32 // its number in the runs
}

// beforeAll is less than the key of any record.
var beforeAll = Key{Time: math.MinInt64, Offset: -1}

// New makes a window that holds nothing.
func New(bounds Bounds) *Window {
	return &Window{Bounds: bounds, newest: math.MinInt64, Last: beforeAll}
}

// IsLate tells that a record of that key comes too late to be put in order: one of a greater key has been let go.
func (w *Window) IsLate(key Key) bool { return !w.Last.isBefore(key) }

// Add takes the records of a topic in the order of offsets, each with its key, but for those that are late.
func (w *Window) Add(record *atlas.Record, key Key) {
	w.byTime.add(entry{Key: key, held: w.log.add(record)})
	w.bytes += Overhead + len(record.Value)
	w.newest = max(w.newest, key.Time)
}

// Next gives the first record, and lets it go, if none that comes before it is to be expected any more; behind the last record of a topic, nothing is.
func (w *Window) Next(ended bool) *atlas.Record {
	if w.byTime.isEmpty() {
		return nil
	}
	first := w.byTime.first()
	//mutate:window-ignored,window-unbounded
	if !ended && w.bytes <= w.Bytes && first.Time >= w.newest-w.Span.Milliseconds() {
		return nil
	}
	w.byTime.remove()
	record := w.log.remove(first.held)
	w.bytes -= Overhead + len(record.Value)
	w.Last = first.Key
	return record
}

// Lowest gives the least offset that is held, or next if nothing is.
func (w *Window) Lowest(next int64) int64 { return w.log.leastOffset(next) }
