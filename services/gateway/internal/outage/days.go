package outage

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// What the Detector of a day reads before its day.
const (
	warmUp      = 2 * day  // before its day, to learn the rates and what explains them
	maxStateAge = 30 * day // how old an event may be that says whether a probe is connected
)

// Days finds the outages of each day (UTC) with a Detector that starts two days before and knows the last event of each probe from the thirty days before
// that. So the outages of a day follow from the log and the registry alone, wherever reading began, and an outage belongs to its day until it ends. Four
// Detectors run at a time: those of yesterday and today, and those of the next two days, which learn.
//
// It is for one goroutine.
type Days struct {
	registry    *Registry
	first, last Day
	states      map[atlas.ProbeID]lastEvent
	watermark   watermark
	offset      int64 // of the last event
	running     []dayDetector
	keeping     bool
	ended       []Outage // of days whose Detectors have stopped, if they are kept
}

// Day is a day (UTC), counted from 1970.
type Day int64

// DayOf returns the day of a time.
func DayOf(t time.Time) Day { return instantOf(t).day() }

func (i instant) day() Day { return Day(i / day) }

func (d Day) begin() instant { return instant(d) * day }

// ReadFrom is the time of the earliest event that matters for the outages of the day.
func (d Day) ReadFrom() time.Time { return d.start().Add(-maxStateAge.duration()) }

func (d Day) start() time.Time { return (d.begin() - warmUp).time() }

func (i instant) time() time.Time { return time.UnixMilli(int64(i)).UTC() }

func (i instant) duration() time.Duration { return time.Duration(i) * time.Millisecond }

type dayDetector struct {
	day Day
	*Detector
}

// NewDays finds the outages of a day and the days after it. It needs all events from the first day's ReadFrom on.
func NewDays(registry *Registry, first Day) *Days {
	return &Days{registry: registry, first: first, last: lastDay, offset: -1, states: map[atlas.ProbeID]lastEvent{}}
}

const lastDay Day = 1 << 40

// DaysOf finds the outages of an interval of days, and keeps them.
func DaysOf(registry *Registry, first, last Day) *Days {
	d := NewDays(registry, first)
	d.last, d.keeping = last, true
	return d
}

// Take takes the next event of the log. A repeated event changes nothing.
func (d *Days) Take(e ConnectionEvent) {
	if e.Offset <= d.offset {
		return
	}
	d.offset = e.Offset
	d.watermark.take(e.Probe, instantOf(e.Time))
	now := d.watermark.at()
	d.begin(now)
	for _, running := range d.running {
		running.take(&e, now)
	}
	d.noteLastEvent(&e)
}

// begin starts the Detectors that are due and stops those that are not.
func (d *Days) begin(now instant) {
	today := now.day()
	next := max(d.first, today-1)
	if running := len(d.running); running > 0 {
		next = max(next, d.running[running-1].day+1)
	}
	for ; next.begin()-warmUp <= now && next <= d.last; next++ {
		start := next.begin() - warmUp
		maps.DeleteFunc(d.states, func(_ atlas.ProbeID, s lastEvent) bool { return s.at < start-maxStateAge })
		d.running = append(d.running, dayDetector{next, newDetector(d.registry, start, d.states)})
	}
	for len(d.running) > 0 && d.running[0].day < today-1 {
		if d.keeping {
			d.ended = append(d.ended, d.running[0].answers()...)
		}
		d.running = slices.Delete(d.running, 0, 1)
	}
}

// noteLastEvent keeps the newest event of the probe.
func (d *Days) noteLastEvent(e *ConnectionEvent) {
	former, known := d.states[e.Probe]
	at := instantOf(e.Time)
	if known && at < former.at || !known && len(d.states) >= maxProbes {
		return
	}
	d.states[e.Probe] = lastEvent{at: at, connected: e.Connected, controller: e.Controller, asn: e.ASN}
}

// Offset is the offset of the last event; -1 before the first.
func (d *Days) Offset() int64 { return d.offset }

// Now is the time that the events have reached, from which the last 24 hours are counted.
func (d *Days) Now() time.Time { return d.watermark.at().time() }

// MaxSilence is the time without any event after which the source of events is at fault.
func (d *Days) MaxSilence() time.Duration {
	if len(d.running) == 0 {
		return minSilence.duration()
	}
	return d.running[0].events.maxSilence().duration()
}

// Outages returns those that were on in the last 24 hours and began yesterday or today, in the order of their start.
func (d *Days) Outages() []Outage {
	now := d.watermark.at()
	return d.between(now-day, now)
}

// Between returns those that were on in an interval.
func (d *Days) Between(from, to time.Time) []Outage { return d.between(instantOf(from), instantOf(to)) }

func (d *Days) between(from, to instant) (all []Outage) {
	for _, o := range slices.Concat(append([][]Outage{d.ended}, d.answers()...)...) {
		if o.wasOn(from.seconds(), to.seconds()) && !slices.ContainsFunc(all, o.isSame) {
			all = append(all, o)
		}
	}
	slices.SortStableFunc(all, func(a, b Outage) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.ID, b.ID)) })
	return all
}

// answers returns the outages of the days whose Detectors run.
func (d *Days) answers() (all [][]Outage) {
	for _, running := range d.running {
		all = append(all, running.answers())
	}
	return all
}

// answers returns the outages that began on the day.
func (r dayDetector) answers() (all []Outage) {
	for _, o := range r.outages {
		if o.start.day() == r.day {
			all = append(all, o.report())
		}
	}
	return all
}

func (o *Outage) wasOn(from, to float64) bool {
	switch {
	case o.Start > to:
		return false
	case o.State == StateProvisional || o.State == StateOn:
		return true
	case o.End != nil:
		return *o.End >= from
	default:
		return o.Start >= from
	}
}

// isSame reports whether the Detectors of two days found the same outage near midnight. It belongs to the earlier day.
func (o *Outage) isSame(other Outage) bool {
	const near = float64(longestWindow / second)
	return DayOf(secondsTime(o.Start)) != DayOf(secondsTime(other.Start)) && math.Abs(o.Start-other.Start) <= near && shareProbe(o.Probes, other.Probes)
}

// shareProbe reports whether two lists, each in the order of IDs, have a probe in common.
func shareProbe(a, b []Lost) bool {
	for len(a) > 0 && len(b) > 0 {
		switch cmp.Compare(a[0].ID, b[0].ID) {
		case -1:
			a = a[1:]
		case +1:
			b = b[1:]
		default:
			return true
		}
	}
	return false
}

func secondsTime(seconds float64) time.Time { return instant(seconds * float64(second)).time() }

// ReadTo is the time from which on events do not matter for the day's outages: those that are still on are lost.
func (d Day) ReadTo() time.Time { return (d + 2).begin().time() }

// Reached is the watermark of some events; zero if they are of too few probes.
func Reached(events []ConnectionEvent) (at time.Time) {
	var reached watermark
	for i := range events {
		reached.take(events[i].Probe, instantOf(events[i].Time))
	}
	if reached.at() == 0 {
		return at
	}
	return reached.at().time()
}

// WasOn reports whether an outage was on at some time of an interval.
func (o *Outage) WasOn(from, to time.Time) bool {
	return o.wasOn(instantOf(from).seconds(), instantOf(to).seconds())
}
