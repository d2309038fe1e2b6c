package simulator

import (
	"fmt"
	"time"
)

// Incidents says how much goes wrong in a network.
type Incidents string

// Easy is an outage of a region every hour, which cuts off all of its probes. Hard is closer to what happens: outages of regions and of providers that not all
// of their probes notice, restarts of controllers, trouble of the platform, and probes that come and go by themselves, some of them all day.
const (
	Easy Incidents = "easy"
	Hard Incidents = "hard"
)

// Validate reports an unknown value.
func (i Incidents) Validate() error {
	if i != "" && i != Easy && i != Hard {
		return fmt.Errorf("incidents: got %.40q, want %q or %q", string(i), Easy, Hard)
	}
	return nil
}

// scenario is the faults of the connections of a network, by periods of equal length. The faults of a period follow from its number alone, and are over by the
// end of the next one.
type scenario interface {
	period() time.Duration
	// incidents returns those that begin in a period.
	incidents(d *dice, period int64) []incident
	// absences returns the times without a controller that begin in a period.
	absences(d *dice, period int64) []absence
}

// Kind says what an incident hits.
type Kind string

// The kinds of incidents: networks lose their connectivity; a controller, or all of the platform, loses its probes, which go on measuring; and a root server is
// announced elsewhere.
const (
	KindOutage     Kind = "outage"
	KindController Kind = "controller"
	KindPlatform   Kind = "platform"
	KindCatchment  Kind = "catchment"
)

// incident is something that ends the connections of probes, or of a share of them, one after the other.
type incident struct {
	kind        Kind
	number      int64 // tells the incidents of a kind apart
	unit        string
	hits        func(*probe) bool
	share       float64       // of these probes
	from, until time.Duration // since 1970
	spread      time.Duration // until the last probe is hit
	recovery    time.Duration // until the last probe is back
	keepAlive   time.Duration // until the controller misses a probe, on average; 0: it knows at once
}

// of returns the time in which a probe is cut off, if it is.
func (i *incident) of(seed uint64, p *probe) (from, until time.Duration, is bool) {
	if !i.hits(p) {
		return 0, 0, false
	}
	random := mix(seed, aboutOutageOfProbe, i.number, p.index)
	if i.share < 1 && fraction(mix(seed, aboutShareOfProbe, i.number, p.index)) >= i.share {
		return 0, 0, false
	}
	from = i.from + time.Duration(below(random, int64(i.spread)))
	return from, i.until + time.Duration(below(scramble(random), int64(i.recovery))), true
}

// cutsOff reports whether a probe has no connectivity: a probe that only lacks a controller continues to measure.
func (i *incident) cutsOff(seed uint64, p *probe, at time.Duration) bool {
	if i.kind != KindOutage || at < i.from || at >= i.until+i.recovery {
		return false
	}
	from, until, is := i.of(seed, p)
	return is && from <= at && at < until
}

// absence is a time in which a probe has no controller.
type absence struct {
	probe       *probe
	from, until time.Duration
	cause       *incident // nil: the probe's own fault
}

func randomDuration(d *dice, least, most time.Duration) time.Duration {
	return least + time.Duration(d.Int64N(int64(most-least)))
}

// shift is the time in which another site of a root server than usual answers the probes of a region. Every hour has one, which begins and ends within it.
type shift struct {
	hour        int64 // since 1970
	region      string
	server      int           // index of the root server
	from, until time.Duration // since 1970
}

const minShift, maxShift = 8 * time.Minute, 25 * time.Minute

func (n *Network) shiftOf(d *dice, hour int64) shift {
	_, moved := n.incidentsOf(d, hour)
	return moved
}

func (n *Network) randomRegion(d *dice) string { return n.regions[d.IntN(len(n.regions))] }

func (s *shift) moves(p *probe, server int, at time.Duration) bool {
	return server == s.server && p.city.region == s.region && s.from <= at && at < s.until
}
