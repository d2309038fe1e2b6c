package reorder

import "sort"

const (
	// maxRuns bounds how many runs there are.
	maxRuns = 32
	// noRun is the run of an entry that goes on with none.
	noRun = -1
)

// runs has entries in the order of their keys. What comes in order, as most records of a live topic, or as several sequences in order, as those of probes that
// deliver late, waits in queues. Only the first of each is in the heap, which the processor's cache holds then.
type runs struct {
	firsts heap  // the first entry of each run that has any, and those of no run
	all    []run // the one with the greatest last first
}

// run is entries that came in order.
type run struct {
	last    Key  // the greatest so far
	isBegun bool // its first entry is in the heap, and the others are in rest
	rest    queue
}

func (r *runs) isEmpty() bool { return len(r.firsts) == 0 }
func (r *runs) first() entry  { return r.firsts[0] }

func (r *runs) add(next entry) {
	next.run = r.runFor(next.Key)
	if next.run == noRun {
		r.firsts.add(next)
		return
	}
	longer := &r.all[next.run]
	longer.last = next.Key
	if longer.isBegun {
		longer.rest.add(next)
		return
	}
	longer.isBegun = true
	r.firsts.add(next)
}

// runFor gives the run that a key goes on with: that of the greatest last before it, so that the order of all stays, or a new one.
func (r *runs) runFor(key Key) (number int32) {
	//mutate:run-out-of-order
	at := sort.Search(len(r.all), func(i int) bool { return r.all[i].last.isBefore(key) })
	switch {
	case at < len(r.all):
	case at == maxRuns:
		return noRun
	default:
		r.all = append(r.all, run{})
	}
	return int32(at)
}

// remove takes the first entry away. The next of its run takes its place in the heap.
func (r *runs) remove() {
	number := r.firsts[0].run
	if number == noRun {
		r.firsts.remove()
		return
	}
	shorter := &r.all[number]
	if shorter.rest.isEmpty() {
		shorter.isBegun = false
		r.firsts.remove()
		return
	}
	r.firsts.replaceFirst(shorter.rest.first())
	shorter.rest.remove()
}

// queue gives entries in the order in which they were added.
type queue struct {
	entries []entry
	gone    int // of them
}

func (q *queue) isEmpty() bool { return q.gone == len(q.entries) }
func (q *queue) first() entry  { return q.entries[q.gone] }

// add makes room where entries have gone, if that is most of it.
func (q *queue) add(next entry) {
	if len(q.entries) == cap(q.entries) && q.gone > len(q.entries)/2 {
		q.entries = q.entries[:copy(q.entries, q.entries[q.gone:])]
		q.gone = 0
	}
	q.entries = append(q.entries, next)
}

func (q *queue) remove() {
	if q.gone++; q.gone == len(q.entries) {
		q.entries, q.gone = q.entries[:0], 0
	}
}
