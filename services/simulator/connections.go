package simulator

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// connectionChange is a change of the connection between a probe and its controller.
type connectionChange struct {
	at    time.Duration // since 1970
	probe *probe
	event string
	cause *incident // of a disconnect; nil: the probe's own fault
}

// The events of a connection.
const (
	connects    = "connect"
	disconnects = "disconnect"
)

// connectionFeed returns the changes in order, one period at a time.
type connectionFeed struct {
	network *Network
	dice    *dice
	period  int64
	left    []connectionChange // of the period
}

func newConnectionFeed(n *Network, d *dice, from time.Duration) connectionFeed {
	feed := connectionFeed{network: n, dice: d, period: n.periodOf(from)}
	feed.left = n.connectionsOf(d, feed.period)
	for feed.peek().at < from {
		feed.left = feed.left[1:]
	}
	return feed
}

// peek returns the next change. Every period has outages with changes, so the loop ends.
func (f *connectionFeed) peek() *connectionChange {
	for len(f.left) == 0 {
		f.period++
		f.left = f.network.connectionsOf(f.dice, f.period)
	}
	return &f.left[0]
}

func (n *Network) periodOf(at time.Duration) int64 { return int64(at / n.scenario.period()) }

// connectionsOf returns the changes of a period in order. Those of a probe alternate.
func (n *Network) connectionsOf(d *dice, period int64) []connectionChange {
	begin := time.Duration(period) * n.scenario.period()
	end := begin + n.scenario.period()
	var all []connectionChange
	for _, away := range mergeAbsences(n.absencesAround(d, period-1, period)) {
		if begin <= away.from && away.from < end {
			all = append(all, connectionChange{away.from, away.probe, disconnects, away.cause})
		}
		if begin <= away.until && away.until < end {
			all = append(all, connectionChange{away.until, away.probe, connects, nil})
		}
	}
	slices.SortStableFunc(all, func(a, b connectionChange) int { return cmp.Compare(a.at, b.at) })
	return all
}

func (n *Network) absencesAround(d *dice, first, last int64) (all []absence) {
	for period := first; period <= last; period++ {
		all = append(all, n.scenario.absences(d, period)...)
	}
	return all
}

// mergeAbsences merges overlapping absences of a probe into one with the cause of the first, and sorts all by probe.
func mergeAbsences(all []absence) []absence {
	slices.SortStableFunc(all, func(a, b absence) int {
		return cmp.Or(cmp.Compare(a.probe.index, b.probe.index), cmp.Compare(a.from, b.from))
	})
	apart := all[:0]
	for _, next := range all {
		if last := len(apart) - 1; last >= 0 && apart[last].probe == next.probe && next.from <= apart[last].until {
			apart[last].until = max(apart[last].until, next.until)
			continue
		}
		apart = append(apart, next)
	}
	return apart
}

// Connections returns the connection events among the Events from a time on.
func (n *Network) Connections(from time.Time) iter.Seq[Event] {
	return func(yield func(Event) bool) {
		r := generator{network: n, dice: newDice()}
		for feed := newConnectionFeed(n, r.dice, sinceEpoch(from)); ; feed.left = feed.left[1:] {
			if !yield(r.connection(feed.peek())) {
				return
			}
		}
	}
}

func (g *generator) connection(c *connectionChange) Event {
	l := &g.line
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
