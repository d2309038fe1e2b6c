// Package probeactivity counts connections and disconnections of probes over the last day, from their events, which it keeps in memory.
package probeactivity

import (
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catalog"
)

const (
	// Length is how long events are kept.
	Length = catalog.EventMaxAge
	// maxEvents is how many events are kept, of 32 bytes each: 16 MiB. The real network has some 17,000 a day. If there are more, the oldest are dropped.
	maxEvents = 1 << 19
	// maxUnsorted is how many events are sorted at once, so that it does not take long.
	maxUnsorted  = 1 << 12
	sortInterval = time.Hour
)

// event is a connection event.
type event struct {
	at        int64 // Unix milliseconds
	offset    int64
	probe     atlas.ProbeID
	connected bool
}

// Day has the connection events of the last day. Its methods may be called from any goroutine.
type Day struct {
	maxEvents int

	mu       sync.Mutex
	events   []event // sorted, without duplicates; immutable, as others may be reading them
	unsorted []event // added since then
	sorted   time.Time
	known    bool  // since is set
	since    int64 // events are known from then on, in Unix milliseconds; 0: from the first one on
	offset   int64 // the greatest of the log; -1 for none
}

// NewDay makes a day without events.
func NewDay() *Day { return &Day{maxEvents: maxEvents, offset: -1, sorted: time.Now()} }

// Add adds events, in any order and with repeats. Records that are no connection events are ignored.
func (d *Day) Add(records []atlas.Record) {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range records {
		record := &records[i]
		kind := gjson.GetBytes(record.Value, "event").String()
		age := now.Sub(record.Time)
		if record.Stream != atlas.StreamProbeStatus || kind != "connect" && kind != "disconnect" || age > Length || age < -catalog.EventMaxAhead {
			continue
		}
		d.offset = max(d.offset, record.Position.Offset)
		d.unsorted = append(d.unsorted, event{record.Time.UnixMilli(), record.Position.Offset, record.Probe, kind == "connect"})
		if len(d.unsorted) >= maxUnsorted || d.isFull() {
			d.sortEvents(now)
		}
	}
	if now.Sub(d.sorted) >= sortInterval {
		d.sortEvents(now)
	}
}

// SetKnownSince is called when all events from a time on are added.
func (d *Day) SetKnownSince(at time.Time) { d.setKnown(at.UnixMilli()) }

// SetKnownWhole is called when all events of the log are added. The time before the first one is unknown.
func (d *Day) SetKnownWhole() { d.setKnown(0) }

func (d *Day) setKnown(since int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known, d.since = true, max(d.since, since)
}

// Reset is called when the log has lost events and continues at next, which is lower than before if the topic was recreated.
func (d *Day) Reset(next int64) {
	d.SetKnownSince(time.Now())
	d.mu.Lock()
	defer d.mu.Unlock()
	d.offset = min(d.offset, next-1)
}

// IsKnown reports whether SetKnownSince or SetKnownWhole was called.
func (d *Day) IsKnown() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known
}

// Events is the number of events.
func (d *Day) Events() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.events) + len(d.unsorted)
}
