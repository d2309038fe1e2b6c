package probeactivity

import (
	"cmp"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// Probe is a probe of the catalog.
type Probe struct {
	ID        atlas.ProbeID
	Country   string    // "" if not known
	Connected bool      // now
	Since     time.Time // when that began, if the catalog has it from the probe's object and not from an event; else zero
}

// Query says what to count.
type Query struct {
	Step      time.Duration // divides a day
	Countries []string
	All       bool // countries
	Probes    []Probe
	Now       time.Time
}

// Counts are what happened in each step of a day, the last of which has not ended.
type Counts struct {
	From, To  time.Time
	Offset    int64  // of the newest event; -1 for none
	Known     []bool // whether all events of a step are known
	World     *Series
	Countries map[string]*Series
}

// Series has a number for each step.
type Series struct {
	Connected   []int64 // probes of the catalog that were connected at the step's end
	Connects    []int64 // events
	Disconnects []int64
	current     int64 // connected probes at the position of the walk
}

func newSeries(steps int) *Series {
	return &Series{Connected: make([]int64, steps), Connects: make([]int64, steps), Disconnects: make([]int64, steps)}
}

// Count walks through the events of the day. A probe without events has always had its present state, or since its catalog object says so.
func (d *Day) Count(question Query) *Counts {
	events, since, offset := d.sortedEvents(question.Now)
	to := question.Now.Truncate(question.Step).Add(question.Step)
	steps := int(Length / question.Step)
	c := &walk{
		Counts: &Counts{
			From: to.Add(-Length), To: to, Offset: offset, Known: make([]bool, steps), World: newSeries(steps), Countries: map[string]*Series{},
		},
		all: question.All, from: to.Add(-Length).UnixMilli(), step: question.Step.Milliseconds(), probes: make(map[atlas.ProbeID]*probeState, len(question.Probes)),
	}
	for _, country := range question.Countries {
		c.Countries[country] = newSeries(steps)
	}
	for i := range c.Known {
		c.Known[i] = c.from+int64(i)*c.step >= since
	}
	for _, next := range c.start(events, question.Probes) {
		c.apply(&next)
	}
	c.closeSteps(steps)
	return c.Counts
}

// walk is a walk through the events in order of time.
type walk struct {
	*Counts
	all        bool
	from, step int64 // Unix milliseconds, and milliseconds
	closed     int   // steps
	probes     map[atlas.ProbeID]*probeState
}

// probeState is the state of a probe at the position of the walk.
type probeState struct {
	connected bool
	country   *Series // of its country; nil if that is not counted
}

// fromCatalog is the offset of changes that the catalog has and no event.
const fromCatalog = -1

// start sets the probes' states before the first event, and returns the events with changes that only the catalog has.
func (c *walk) start(events []event, probes []Probe) []event {
	first := make(map[atlas.ProbeID]bool, len(probes)) // the state after the first event of each
	for i := range events {
		if _, known := first[events[i].probe]; !known {
			first[events[i].probe] = events[i].connected
		}
	}
	all := slices.Clone(events) // others may be reading events
	for i := range probes {
		probe := &probes[i]
		one := &probeState{connected: probe.Connected, country: c.seriesOf(probe.Country)}
		if at := probe.Since.UnixMilli(); !probe.Since.IsZero() && at >= c.from {
			all = append(all, event{at: at, offset: fromCatalog, probe: probe.ID, connected: probe.Connected})
			one.connected = !probe.Connected
		}
		if became, known := first[probe.ID]; known {
			one.connected = !became
		}
		c.probes[probe.ID] = one
		if one.connected {
			c.count(one, +1)
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return all
}

// MaxCountries is more than there are country codes.
const MaxCountries = 300

// seriesOf returns nil for a country that is not counted.
func (c *walk) seriesOf(country string) *Series {
	if c.all && country != "" && c.Countries[country] == nil && len(c.Countries) < MaxCountries {
		c.Countries[country] = newSeries(len(c.Known))
	}
	return c.Countries[country]
}

// count changes the number of connected probes.
func (c *walk) count(of *probeState, by int64) {
	c.World.current += by
	if of.country != nil {
		of.country.current += by
	}
}

func (c *walk) apply(e *event) {
	step := (e.at - c.from) / c.step
	if e.at >= c.from {
		c.closeSteps(int(min(step, int64(len(c.Known)))))
	}
	one := c.probes[e.probe]
	if one != nil && one.connected != e.connected {
		one.connected = e.connected
		c.count(one, map[bool]int64{false: -1, true: +1}[e.connected])
	}
	if e.offset == fromCatalog || e.at < c.from || step >= int64(len(c.Known)) {
		return
	}
	c.World.countEvent(step, e.connected)
	if one != nil && one.country != nil {
		one.country.countEvent(step, e.connected)
	}
}

func (s *Series) countEvent(step int64, connected bool) {
	if connected {
		s.Connects[step]++
	} else {
		s.Disconnects[step]++
	}
}

// closeSteps ends the steps before step.
func (c *walk) closeSteps(step int) {
	for ; c.closed < step; c.closed++ {
		c.World.Connected[c.closed] = c.World.current
		for _, series := range c.Countries {
			series.Connected[c.closed] = series.current
		}
	}
}
