package activity

import (
	"cmp"
	"slices"
	"time"
)

// tidy puts the events in order, and forgets those that are too old and those that came twice; where they are too many, the oldest as well. It is called under
// the lock, which deliveries wait for: so it does not put in order again what is.
func (d *Day) tidy(now time.Time) {
	d.tidied = now
	isFull := d.isFull()
	if len(d.fresh) > 0 {
		slices.SortFunc(d.fresh, event.compare)
		d.events = merge(d.events, d.fresh)
		d.fresh = d.fresh[:0]
	}
	d.forget(now.Add(-Length).UnixMilli())
	if isFull {
		d.makeRoom()
	}
}

func (d *Day) isFull() bool { return len(d.events)+len(d.fresh) >= d.most }

// compare orders by time, and by offset where that is the same.
func (e event) compare(other event) int {
	return cmp.Or(cmp.Compare(e.at, other.at), cmp.Compare(e.offset, other.offset))
}

// merge makes one list of two that are in order, without what is in it twice.
func merge(some, others []event) []event {
	all := make([]event, 0, len(some)+len(others))
	for len(some) > 0 && len(others) > 0 {
		if others[0].compare(some[0]) < 0 {
			some, others = others, some
		}
		all, some = append(all, some[0]), some[1:]
	}
	return slices.Compact(append(append(all, some...), others...))
}

// forget gives up what was before a time.
func (d *Day) forget(oldest int64) {
	gone, _ := slices.BinarySearchFunc(d.events, oldest, func(e event, oldest int64) int { return cmp.Compare(e.at, oldest) })
	d.events = d.events[gone:]
	if d.known && gone > 0 {
		d.since = max(d.since, oldest) // what is gone was known, so all that is younger is
	}
}

// makeRoom gives up the oldest quarter of the events where they are too many.
func (d *Day) makeRoom() {
	if quarter := d.most / 4; len(d.events) > d.most-quarter {
		d.since = max(d.since, d.events[quarter-1].at+1)
		d.events = d.events[quarter:]
	}
}

// all gives the events in order. They must not be changed.
func (d *Day) all(now time.Time) (events []event, since, offset int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tidy(now)
	if since = d.since; since == 0 {
		since = now.UnixMilli()
		if len(d.events) > 0 {
			since = d.events[0].at
		}
	}
	return d.events, since, d.offset
}
