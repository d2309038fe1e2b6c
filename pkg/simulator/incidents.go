package simulator

import "time"

// Every hour a region loses its connectivity once, and a root server's announcements shift once. Both begin and end within the hour, so that what is the
// matter at a time follows from its hour alone.
type incidents struct {
	hour   int64 // since 1970
	outage outage
	shift  shift
}

// outage is the loss of connectivity in a region. Its probes lose and find it one after the other.
type outage struct {
	hour        int64
	region      string
	from, until time.Duration // since 1970
}

// shift is the time in which the probes of a region are answered by another site of a root server than usual.
type shift struct {
	region      string
	server      int // index of the root server
	from, until time.Duration
}

// The bounds of incidents. The latest start, the greatest length and the lags of an outage together are less than an hour.
const (
	earliestIncident, latestIncident = 2 * time.Minute, 30 * time.Minute
	shortestOutage, longestOutage    = 4 * time.Minute, 20 * time.Minute
	shortestShift, longestShift      = 8 * time.Minute, 25 * time.Minute
	longestLossLag                   = 20 * time.Second
	longestRecoveryLag               = 2 * time.Minute
)

func (n *Network) incidentsOf(d *dice, hour int64) incidents {
	d.take(n.seed, aboutIncidents, hour)
	begin := time.Duration(hour) * time.Hour
	out := outage{hour: hour, region: n.randomRegion(d)}
	out.from = begin + randomDuration(d, earliestIncident, latestIncident)
	out.until = out.from + randomDuration(d, shortestOutage, longestOutage)
	moved := shift{region: n.randomRegion(d), server: d.IntN(len(n.servers))}
	moved.from = begin + randomDuration(d, earliestIncident, latestIncident)
	moved.until = moved.from + randomDuration(d, shortestShift, longestShift)
	return incidents{hour: hour, outage: out, shift: moved}
}

func (n *Network) randomRegion(d *dice) string { return n.regions[d.IntN(len(n.regions))] }

func randomDuration(d *dice, least, most time.Duration) time.Duration {
	return least + time.Duration(d.Int64N(int64(most-least)))
}

// of gives the time in which a probe of the region is cut off.
func (o *outage) of(seed uint64, p *probe) (from, until time.Duration) {
	random := mix(seed, aboutOutageOfProbe, o.hour, p.index)
	from = o.from + time.Duration(below(random, int64(longestLossLag)))
	return from, o.until + time.Duration(below(scramble(random), int64(longestRecoveryLag)))
}

func (o *outage) cutsOff(seed uint64, p *probe, at time.Duration) bool {
	if p.place.region != o.region {
		return false
	}
	from, until := o.of(seed, p)
	return from <= at && at < until
}

func (s *shift) moves(p *probe, server int, at time.Duration) bool {
	return server == s.server && p.place.region == s.region && s.from <= at && at < s.until
}
