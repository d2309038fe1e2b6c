package simulator

import "time"

// shift is the time in which the probes of a region are answered by another site of a root server than usual. There is one every hour, which begins and ends
// within it.
type shift struct {
	hour        int64 // since 1970
	region      string
	server      int           // index of the root server
	from, until time.Duration // since 1970
}

const shortestShift, longestShift = 8 * time.Minute, 25 * time.Minute

func (n *Network) shiftOf(d *dice, hour int64) shift {
	_, moved := n.incidentsOf(d, hour)
	return moved
}

func (n *Network) randomRegion(d *dice) string { return n.regions[d.IntN(len(n.regions))] }

func (s *shift) moves(p *probe, server int, at time.Duration) bool {
	return server == s.server && p.place.region == s.region && s.from <= at && at < s.until
}
