package probeactivity

import (
	"cmp"
	"slices"
	"time"
)

// sortEvents sorts the events, and drops outdated ones and duplicates, and the oldest if there are too many. It is called with
// the lock held, which deliveries wait for: so it does not sort again what is sorted.
func (d *Day) sortEvents(now time.Time) {
	d.sorted = now
	isFull := d.isFull()
	if len(d.unsorted) > 0 {
		slices.SortFunc(d.unsorted, event.compare)
		d.events = merge(d.events, d.unsorted)
		d.unsorted = d.unsorted[:0]
	}
	d.expire(now.Add(-Length).UnixMilli())
	if isFull {
		d.dropOldest()
	}
}

func (d *Day) isFull() bool { return len(d.events)+len(d.unsorted) >= d.maxEvents }

// compare orders by time, then by offset.
func (e event) compare(other event) int {
	return cmp.Or(cmp.Compare(e.at, other.at), cmp.Compare(e.offset, other.offset))
}

// merge merges two sorted lists, without duplicates.
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

// expire drops the events before a time.
func (d *Day) expire(oldest int64) {
	gone, _ := slices.BinarySearchFunc(d.events, oldest, func(e event, oldest int64) int { return cmp.Compare(e.at, oldest) })
	d.events = d.events[gone:]
	if d.known && gone > 0 {
		d.since = max(d.since, oldest) // the dropped ones were known, so all younger ones are
	}
}

// dropOldest drops the oldest quarter of the events if there are too many.
func (d *Day) dropOldest() {
	if quarter := d.maxEvents / 4; len(d.events) > d.maxEvents-quarter {
		d.since = max(d.since, d.events[quarter-1].at+1)
		d.events = d.events[quarter:]
	}
}

// sortedEvents returns the sorted events. They must not be modified.
func (d *Day) sortedEvents(now time.Time) (events []event, since, offset int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sortEvents(now)
	if since = d.since; since == 0 {
		since = now.UnixMilli()
		if len(d.events) > 0 {
			since = d.events[0].at
		}
	}
	return d.events, since, d.offset
}
