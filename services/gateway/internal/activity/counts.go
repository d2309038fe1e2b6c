package activity

import (
	"cmp"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// Probe is a probe that the registry knows.
type Probe struct {
	ID        atlas.ProbeID
	Country   string    // "" if not known
	Connected bool      // now
	Since     time.Time // since when it is or is not, where the registry says so and no event does; else zero
}

// Question is what is to be counted.
type Question struct {
	Step      time.Duration // divides a day
	Countries []string
	All       bool // countries that there are
	Probes    []Probe
	Now       time.Time
}

// Counts are what happened in each step of a day, the last of which is not over.
type Counts struct {
	From, To  time.Time
	Offset    int64  // of the last event that counts; -1 for none
	Known     []bool // whether all events of a step are known
	World     *Series
	Countries map[string]*Series
}

// Series has a figure for each step.
type Series struct {
	Connected   []int64 // probes of the registry that were connected at the step's end
	Connects    []int64 // events
	Disconnects []int64
	now         int64 // probes that are connected where the walk is
}

func newSeries(steps int) *Series {
	return &Series{Connected: make([]int64, steps), Connects: make([]int64, steps), Disconnects: make([]int64, steps)}
}

// Count walks through the events of the day. A probe of which they tell nothing was always what it is, or since when the registry says so.
func (d *Day) Count(question Question) *Counts {
	events, since, offset := d.all(question.Now)
	to := question.Now.Truncate(question.Step).Add(question.Step)
	steps := int(Length / question.Step)
	c := &counting{
		Counts: &Counts{
			From: to.Add(-Length), To: to, Offset: offset, Known: make([]bool, steps), World: newSeries(steps), Countries: map[string]*Series{},
		},
		all: question.All, from: to.Add(-Length).UnixMilli(), step: question.Step.Milliseconds(), probes: make(map[atlas.ProbeID]*state, len(question.Probes)),
	}
	for _, country := range question.Countries {
		c.Countries[country] = newSeries(steps)
	}
	for i := range c.Known {
		c.Known[i] = c.from+int64(i)*c.step >= since
	}
	for _, next := range c.begin(events, question.Probes) {
		c.take(&next)
	}
	c.closeUntil(steps)
	return c.Counts
}

// counting is a walk through the events, in the order of time.
type counting struct {
	*Counts
	all        bool
	from, step int64 // Unix milliseconds, and milliseconds
	closed     int   // steps
	probes     map[atlas.ProbeID]*state
}

// state is that of a probe where the walk is.
type state struct {
	connected bool
	of        *Series // of its country; nil if that is not asked for
}

// byRegistry is the offset of what the registry says and no event does.
const byRegistry = -1

// begin has the probes be what they were before the first event, and gives the events with what only the registry tells.
func (c *counting) begin(events []event, probes []Probe) []event {
	first := make(map[atlas.ProbeID]bool, len(probes)) // what the first event of each made it
	for i := range events {
		if _, known := first[events[i].probe]; !known {
			first[events[i].probe] = events[i].connected
		}
	}
	all := slices.Clone(events) // which others are reading
	for i := range probes {
		probe := &probes[i]
		one := &state{connected: probe.Connected, of: c.seriesOf(probe.Country)}
		if at := probe.Since.UnixMilli(); !probe.Since.IsZero() && at >= c.from {
			all = append(all, event{at: at, offset: byRegistry, probe: probe.ID, connected: probe.Connected})
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

// MaxCountries is more than there are codes of.
const MaxCountries = 300

// seriesOf is nil for a country that is not asked for.
func (c *counting) seriesOf(country string) *Series {
	if c.all && country != "" && c.Countries[country] == nil && len(c.Countries) < MaxCountries {
		c.Countries[country] = newSeries(len(c.Known))
	}
	return c.Countries[country]
}

// count counts probes that are connected.
func (c *counting) count(of *state, by int64) {
	c.World.now += by
	if of.of != nil {
		of.of.now += by
	}
}

func (c *counting) take(e *event) {
	step := (e.at - c.from) / c.step
	if e.at >= c.from {
		c.closeUntil(int(min(step, int64(len(c.Known)))))
	}
	one := c.probes[e.probe]
	if one != nil && one.connected != e.connected {
		one.connected = e.connected
		c.count(one, map[bool]int64{false: -1, true: +1}[e.connected])
	}
	if e.offset == byRegistry || e.at < c.from || step >= int64(len(c.Known)) {
		return
	}
	c.World.note(step, e.connected)
	if one != nil && one.of != nil {
		one.of.note(step, e.connected)
	}
}

func (s *Series) note(step int64, connected bool) {
	if connected {
		s.Connects[step]++
	} else {
		s.Disconnects[step]++
	}
}

// closeUntil ends the steps before one.
func (c *counting) closeUntil(step int) {
	for ; c.closed < step; c.closed++ {
		c.World.Connected[c.closed] = c.World.now
		for _, series := range c.Countries {
			series.Connected[c.closed] = series.now
		}
	}
}
