package simulator

import (
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// unansweredShare is the share of runs without an answer although the probe has connectivity.
const unansweredShare = 0.002

// generator generates a network's events. It has the next run of each measurement, and the connections and incidents of a period.
type generator struct {
	network     *Network
	next        []scheduledRun // of each measurement, in their order
	connections connectionFeed
	shift       shift      // of the hour
	period      int64      // of the incidents
	incidents   []incident // of the period and of the one before
	dice        *dice
	path        *dice  // the numbers of a traceroute's path, while dice has those of its packets
	line        line   // reused
	message     []byte // reused
}

type scheduledRun struct {
	number int64
	at     time.Duration // since 1970
}

func newGenerator(n *Network, from time.Duration) *generator {
	r := &generator{network: n, next: make([]scheduledRun, len(n.measurements)), dice: newDice(), path: newDice()}
	for i := range n.measurements {
		m := &n.measurements[i]
		number := m.firstRun(from)
		r.next[i] = scheduledRun{number, m.start(number)}
	}
	r.connections = newConnectionFeed(n, r.dice, from)
	r.shift = n.shiftOf(r.dice, int64(from/time.Hour))
	r.beginPeriod(n.periodOf(from))
	return r
}

// nextEvent returns the next event, or false if a run has no result.
func (g *generator) nextEvent() (Event, bool) {
	first := 0
	for i := range g.next {
		if g.next[i].at < g.next[first].at {
			first = i
		}
	}
	if change := g.connections.peek(); change.at <= g.next[first].at {
		g.connections.left = g.connections.left[1:]
		return g.connection(change), true
	}
	return g.result(g.startRun(first))
}

func (g *generator) startRun(of int) measurementRun {
	m, next := &g.network.measurements[of], g.next[of]
	g.next[of] = scheduledRun{next.number + 1, m.start(next.number + 1)}
	if hour := int64(next.at / time.Hour); hour != g.shift.hour {
		g.shift = g.network.shiftOf(g.dice, hour)
	}
	if period := g.network.periodOf(next.at); period != g.period {
		g.beginPeriod(period)
	}
	p := &g.network.probes[m.probeIndex(next.number)]
	t := measurementRun{measurement: m, number: next.number, at: next.at, probe: p, route: p.routes[m.server].usual}
	if g.shift.moves(p, m.server, t.at) {
		t.route = p.routes[m.server].fallback
	}
	g.dice.take(g.network.seed, aboutResult, int64(m.id), t.number)
	t.unanswered = g.dice.chance(unansweredShare) || g.isCutOff(p, t.at)
	return t
}

func (g *generator) beginPeriod(period int64) {
	scenario := g.network.scenario
	g.period = period
	g.incidents = append(scenario.incidents(g.dice, period-1), scenario.incidents(g.dice, period)...)
}

func (g *generator) isCutOff(p *probe, at time.Duration) bool {
	return slices.ContainsFunc(g.incidents, func(i incident) bool { return i.cutsOff(g.network.seed, p, at) })
}

// result writes a run's result. There is none if it would have the same bytes as the one before, which readers take for a repeat: a probe reports at most once
// a second that it has no answer.
func (g *generator) result(t measurementRun) (Event, bool) {
	if t.unanswered && t.measurement.startedThisSecond(t) {
		return Event{}, false
	}
	g.line.reset()
	g.line.open('{')
	g.head(t)
	t.measurement.kind.write(g, t)
	g.tail(t)
	g.line.close('}')
	return Event{Stream: atlas.StreamResult, Time: timeAt(t.at), JSON: g.line.copy()}, true
}

// head writes the members that results begin with.
func (g *generator) head(t measurementRun) {
	const clockSync = 240 // seconds; a probe sets its clock about so often
	g.line.integer("fw", int64(t.probe.kind.firmware))
	g.line.text("mver", t.probe.kind.version)
	g.line.integer("lts", (unixSeconds(t.at)+37*t.probe.index)%clockSync)
}

// tail writes the members that results end with.
func (g *generator) tail(t measurementRun) {
	m := t.measurement
	g.line.integer("msm_id", int64(m.id))
	g.line.integer("prb_id", int64(t.probe.id))
	g.line.integer("timestamp", unixSeconds(t.at))
	g.line.text("msm_name", m.kind.title)
	g.line.address("from", t.probe.v4)
	g.line.text("type", m.kind.name)
	if m.kind.saysStep {
		g.line.integer("step", max(1, unixSeconds(m.step.Round(time.Second))))
	}
	g.line.integer("stored_timestamp", unixSeconds(t.at+DeliveryDelay))
}

// server is the root server that a run queries.
func (g *generator) server(t measurementRun) *rootServer {
	return &g.network.servers[t.measurement.server]
}

// roundTrip returns a packet's round-trip time in ms to a hop at a share of the route.
func (g *generator) roundTrip(t measurementRun, share float64) float64 {
	const busy, queue = 0.01, 30 // one packet in a hundred meets a queue of 30 ms on average
	time := t.probe.access + share*t.route.delay + t.probe.jitter*g.dice.ExpFloat64()
	if g.dice.chance(busy) {
		time += queue * g.dice.ExpFloat64()
	}
	return time
}
