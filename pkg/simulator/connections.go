package simulator

import (
	"cmp"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// A probe now and then loses its controller and finds it again, and goes on measuring in between.
const (
	reconnectionsPerHour                      = 0.05 // of a probe
	earliestReconnection, latestReconnection  = time.Minute, 50 * time.Minute
	shortestReconnection, longestReconnection = 20 * time.Second, 5 * time.Minute
)

// connection is a change of the connection between a probe and its controller.
type connection struct {
	at    time.Duration // since 1970
	probe *probe
	event string
}

// connectionFeed gives the changes in order, an hour's at a time.
type connectionFeed struct {
	network *Network
	dice    *dice
	hour    int64
	left    []connection // of the hour
}

func newConnectionFeed(n *Network, d *dice, from time.Duration) connectionFeed {
	feed := connectionFeed{network: n, dice: d, hour: int64(from / time.Hour)}
	feed.left = n.connectionsOf(d, feed.hour)
	for feed.peek().at < from {
		feed.left = feed.left[1:]
	}
	return feed
}

// peek gives the next change. Every hour's outage has some, so it ends.
func (f *connectionFeed) peek() *connection {
	for len(f.left) == 0 {
		f.hour++
		f.left = f.network.connectionsOf(f.dice, f.hour)
	}
	return &f.left[0]
}

// connectionsOf gives the changes of an hour. Those of a probe alternate: it either suffers the outage, or reconnects at most once.
func (n *Network) connectionsOf(d *dice, hour int64) []connection {
	var all []connection
	outage := n.incidentsOf(d, hour).outage
	for i := range n.probes {
		p := &n.probes[i]
		var from, until time.Duration
		switch {
		case p.place.region == outage.region:
			from, until = outage.of(n.seed, p)
		case n.reconnects(d, hour, p):
			from = time.Duration(hour)*time.Hour + randomDuration(d, earliestReconnection, latestReconnection)
			until = from + randomDuration(d, shortestReconnection, longestReconnection)
		default:
			continue
		}
		all = append(all, connection{from, p, "disconnect"}, connection{until, p, "connect"})
	}
	slices.SortStableFunc(all, func(a, b connection) int { return cmp.Compare(a.at, b.at) })
	return all
}

func (n *Network) reconnects(d *dice, hour int64, p *probe) bool {
	d.take(n.seed, aboutReconnection, hour, p.index)
	return d.chance(reconnectionsPerHour)
}

func (r *run) connection(c *connection) Event {
	l := &r.line
	l.reset()
	l.open('{')
	l.text("type", "connection")
	l.text("event", c.event)
	l.integer("prb_id", int64(c.probe.id))
	l.integer("timestamp", unixSeconds(c.at))
	l.text("controller", c.probe.controller)
	l.integer("asn", int64(c.probe.provider.asn))
	l.prefix("prefix", c.probe.provider.v4)
	l.integer("msm_id", int64(atlas.ConnectionMeasurement))
	l.close('}')
	return Event{Stream: atlas.StreamProbeStatus, Time: timeAt(c.at), JSON: l.copy()}
}
