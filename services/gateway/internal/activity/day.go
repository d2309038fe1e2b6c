package activity

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
)

const (
	// Length is of which time events are kept.
	Length = 24 * time.Hour
	// mostAhead is how far an event may run ahead of the clock.
	mostAhead = time.Hour
	// mostEvents are kept, of 32 bytes each: 16 MiB. The real network has some 17,000 a day. Where there are more, the oldest are given up.
	mostEvents = 1 << 19
	tidyEvery  = time.Hour
)

// event is a connection event.
type event struct {
	at        int64 // Unix milliseconds
	offset    int64
	probe     atlas.ProbeID
	connected bool
}

// Day has the connection events of the last 24 hours. It is for any number of goroutines.
type Day struct {
	most int

	mu     sync.Mutex
	events []event // as they came since they were put in order last
	tidied time.Time
	known  bool  // whether it is said since when events are known
	since  int64 // events from then on are, in Unix milliseconds; 0: from the first one on
	offset int64 // the greatest of the log as it is; -1 for none
}

// NewDay makes a day without events.
func NewDay() *Day { return &Day{most: mostEvents, offset: -1, tidied: time.Now()} }

// Take takes events in any order and more than once. What is no connection event is left out.
func (d *Day) Take(records []atlas.Record) {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range records {
		record := &records[i]
		kind := gjson.GetBytes(record.Value, "event").String()
		age := now.Sub(record.Time)
		if record.Stream != atlas.StreamProbeStatus || kind != "connect" && kind != "disconnect" || age > Length || age < -mostAhead {
			continue
		}
		d.offset = max(d.offset, record.Position.Offset)
		d.events = append(d.events, event{record.Time.UnixMilli(), record.Position.Offset, record.Probe, kind == "connect"})
		if len(d.events) >= d.most {
			d.tidy(now)
			d.makeRoom()
		}
	}
	if now.Sub(d.tidied) >= tidyEvery {
		d.tidy(now)
	}
}

// KnownSince says that all events from a time on have been taken.
func (d *Day) KnownSince(at time.Time) { d.know(at.UnixMilli()) }

// KnownWhole says that all events that there are have been taken. What was before the first one, nobody knows.
func (d *Day) KnownWhole() { d.know(0) }

func (d *Day) know(since int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known, d.since = true, max(d.since, since)
}

// GoOn says that the log has lost events, and goes on at an offset from now on: at one that was before, where it was made anew.
func (d *Day) GoOn(next int64) {
	d.KnownSince(time.Now())
	d.mu.Lock()
	defer d.mu.Unlock()
	d.offset = min(d.offset, next-1)
}

// IsKnown tells whether it is said since when events are known.
func (d *Day) IsKnown() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known
}

// Events is how many there are.
func (d *Day) Events() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.events)
}

// tidy puts the events in order, and forgets those that are too old and those that came twice.
func (d *Day) tidy(now time.Time) {
	d.tidied = now
	oldest := now.Add(-Length).UnixMilli()
	had := len(d.events)
	d.events = slices.DeleteFunc(d.events, func(e event) bool { return e.at < oldest })
	if d.known && len(d.events) < had {
		d.since = max(d.since, oldest) // what is gone was known, so all that is younger is
	}
	slices.SortFunc(d.events, func(a, b event) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.offset, b.offset)) })
	d.events = slices.Compact(d.events)
}

// makeRoom gives up the oldest quarter of the events where they are too many.
func (d *Day) makeRoom() {
	if quarter := d.most / 4; len(d.events) > d.most-quarter {
		d.since = max(d.since, d.events[quarter-1].at+1)
		d.events = slices.Delete(d.events, 0, quarter)
	}
}

// all gives the events in order.
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
	return slices.Clone(d.events), since, d.offset
}
