package gateway

import (
	"sync/atomic"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
)

// newest is a consumer that knows the newest time of what it took. What is later than now was sent by a fast clock and does not count.
type newest struct {
	eventlog.Consumer
	milliseconds atomic.Int64 // Unix; 0 before the first
}

// Deliver implements eventlog.Consumer.
func (n *newest) Deliver(partition int, records []atlas.Record) {
	n.note(records, time.Now())
	n.Consumer.Deliver(partition, records)
}

// note is called for one partition at a time, and for several partitions at once.
func (n *newest) note(records []atlas.Record, now time.Time) {
	known := n.milliseconds.Load()
	latest := known
	for i := range records {
		if at := records[i].Time.UnixMilli(); at > latest && at <= now.UnixMilli() {
			latest = at
		}
	}
	for latest > known && !n.milliseconds.CompareAndSwap(known, latest) {
		known = n.milliseconds.Load()
	}
}

// time is zero before the first event.
func (n *newest) time() (at time.Time) {
	if milliseconds := n.milliseconds.Load(); milliseconds != 0 {
		at = time.UnixMilli(milliseconds)
	}
	return at
}
