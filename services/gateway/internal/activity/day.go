package activity

import (
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
	// mostFresh are put in order at once, so that it is soon done.
	mostFresh = 1 << 12
	tidyEvery = time.Hour
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
	events []event // in order, each once; they do not change, as others may be reading them
	fresh  []event // as they came since those were put in order
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
		d.fresh = append(d.fresh, event{record.Time.UnixMilli(), record.Position.Offset, record.Probe, kind == "connect"})
		if len(d.fresh) >= mostFresh || d.isFull() {
			d.tidy(now)
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
	return len(d.events) + len(d.fresh)
}
