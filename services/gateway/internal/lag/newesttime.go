package lag

import (
	"sync/atomic"
	"time"

	"atlasstream/pkg/atlas"
)

// NewestTime is the newest event time of a stream's records. A time later than now is of a fast clock and does not count.
type NewestTime struct{ milliseconds atomic.Int64 } // Unix; 0 before the first

// Note is called for the records of one partition at a time, and for several partitions at once.
func (n *NewestTime) Note(records []atlas.Record, now time.Time) {
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

// Time is zero before the first record.
func (n *NewestTime) Time() (at time.Time) {
	if milliseconds := n.milliseconds.Load(); milliseconds != 0 {
		at = time.UnixMilli(milliseconds)
	}
	return at
}
