package fanout

import (
	"cmp"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// pace is how a partition grows: it tells how far behind an offset is, in time and in bytes.
type pace struct {
	next     int64 // what stands before it has been delivered, or came before anybody listened
	counted  bool  // since an offset, bytes of values are
	first    int64 // that offset
	bytes    int64
	opened   time.Time // when counting began
	arrivals []arrival
}

// arrival says that the record at an offset, and whatever stands before it, came in no later than that.
type arrival struct {
	offset int64
	at     time.Time
}

const (
	// maxArrivals bounds how many a partition keeps, the latest; they reach back twice as far as a client may be behind.
	maxArrivals = 1024
	// leastBetween is the shortest time between two.
	leastBetween = time.Second / 100
)

// reach takes notice of where the log ends, at the beginning or later.
func (p *pace) reach(next int64) {
	if !p.counted {
		p.counted, p.first, p.next = true, next, next
		p.opened = time.Now()
	}
	p.first += max(0, next-p.next) // nobody has counted what came in between
	p.next = max(p.next, next)
}

// restart goes on at the end of a log that was cut.
func (p *pace) restart(next int64) {
	*p = pace{}
	p.reach(next)
}

// note takes in records that came now, for those who may be behind for so long.
func (p *pace) note(records []atlas.Record, mostBehind time.Duration) {
	if len(records) == 0 {
		return
	}
	p.reach(records[0].Position.Offset)
	for i := range records {
		p.bytes += int64(len(records[i].Value))
	}
	last := records[len(records)-1].Position.Offset
	p.next = max(p.next, last+1)
	now := time.Now()
	if kept := len(p.arrivals); kept > 0 && now.Sub(p.arrivals[kept-1].at) < max(2*mostBehind/maxArrivals, leastBetween) {
		return
	}
	if len(p.arrivals) == maxArrivals {
		p.arrivals = slices.Delete(p.arrivals, 0, maxArrivals/4)
	}
	p.arrivals = append(p.arrivals, arrival{offset: last, at: now})
}

// age tells how long ago the record at an offset came in at least; 0 if that is not known.
func (p *pace) age(offset int64) time.Duration {
	at := p.search(offset)
	if at == len(p.arrivals) {
		return 0
	}
	return time.Since(p.arrivals[at].at)
}

// cameAfter gives a time before which the record at an offset did not come in: that of the last known arrival before it, or when
// counting began. A record that is older than that had come in by then.
func (p *pace) cameAfter(offset int64) time.Time {
	if at := p.search(offset); at > 0 {
		return p.arrivals[at-1].at
	}
	return p.opened
}

// search finds the first arrival of the record at an offset or of a later one.
func (p *pace) search(offset int64) int {
	at, _ := slices.BinarySearchFunc(p.arrivals, offset, func(a arrival, offset int64) int { return cmp.Compare(a.offset, offset) })
	return at
}

// bytesFrom estimates how many bytes of values stand from an offset on.
func (p *pace) bytesFrom(offset int64) int64 {
	if p.next <= p.first {
		return 0
	}
	return int64(float64(p.bytes) / float64(p.next-p.first) * float64(max(0, p.next-offset)))
}
