package simulator

import (
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// unansweredShare is the share of turns to which nothing comes back although the probe has connectivity.
const unansweredShare = 0.002

// run is one reading of a network's events. Beside the next turn of each measurement it holds a period's connections, and what is the matter.
type run struct {
	network     *Network
	next        []nextTurn // of each measurement, in their order
	connections connectionFeed
	shift       shift      // of the hour
	period      int64      // of the incidents
	incidents   []incident // of the period and of the one before
	dice        *dice
	path        *dice  // the numbers of a traceroute's path, while dice has those of its packets
	line        line   // reused
	message     []byte // reused
}

type nextTurn struct {
	number int64
	at     time.Duration // since 1970
}

func newRun(n *Network, from time.Duration) *run {
	r := &run{network: n, next: make([]nextTurn, len(n.measurements)), dice: newDice(), path: newDice()}
	for i := range n.measurements {
		m := &n.measurements[i]
		number := m.firstTurn(from)
		r.next[i] = nextTurn{number, m.start(number)}
	}
	r.connections = newConnectionFeed(n, r.dice, from)
	r.shift = n.shiftOf(r.dice, int64(from/time.Hour))
	r.beginPeriod(n.periodOf(from))
	return r
}

// nextEvent gives the earliest event that is still to come. It is false where a turn leaves no result.
func (r *run) nextEvent() (Event, bool) {
	first := 0
	for i := range r.next {
		if r.next[i].at < r.next[first].at {
			first = i
		}
	}
	if change := r.connections.peek(); change.at <= r.next[first].at {
		r.connections.left = r.connections.left[1:]
		return r.connection(change), true
	}
	return r.result(r.takeTurn(first))
}

func (r *run) takeTurn(of int) turn {
	m, next := &r.network.measurements[of], r.next[of]
	r.next[of] = nextTurn{next.number + 1, m.start(next.number + 1)}
	if hour := int64(next.at / time.Hour); hour != r.shift.hour {
		r.shift = r.network.shiftOf(r.dice, hour)
	}
	if period := r.network.periodOf(next.at); period != r.period {
		r.beginPeriod(period)
	}
	p := &r.network.probes[m.probeIndex(next.number)]
	t := turn{measurement: m, number: next.number, at: next.at, probe: p, route: p.routes[m.server].usual}
	if r.shift.moves(p, m.server, t.at) {
		t.route = p.routes[m.server].fallback
	}
	r.dice.take(r.network.seed, aboutResult, int64(m.id), t.number)
	t.unanswered = r.dice.chance(unansweredShare) || r.isCutOff(p, t.at)
	return t
}

func (r *run) beginPeriod(period int64) {
	scenario := r.network.scenario
	r.period = period
	r.incidents = append(scenario.incidents(r.dice, period-1), scenario.incidents(r.dice, period)...)
}

func (r *run) isCutOff(p *probe, at time.Duration) bool {
	return slices.ContainsFunc(r.incidents, func(i incident) bool { return i.cutsOff(r.network.seed, p, at) })
}

// result writes a turn's result. There is none where it would be the very bytes of the one before, which a reader must take for a repeat: a probe reports
// that it has no answer at most once a second.
func (r *run) result(t turn) (Event, bool) {
	if t.unanswered && t.measurement.startedThisSecond(t) {
		return Event{}, false
	}
	r.line.reset()
	r.line.open('{')
	r.head(t)
	t.measurement.kind.write(r, t)
	r.tail(t)
	r.line.close('}')
	return Event{Stream: atlas.StreamResult, Time: timeAt(t.at), JSON: r.line.copy()}, true
}

// head writes the members that results begin with.
func (r *run) head(t turn) {
	const clockSync = 240 // seconds; a probe sets its clock about so often
	r.line.integer("fw", int64(t.probe.kind.firmware))
	r.line.text("mver", t.probe.kind.version)
	r.line.integer("lts", (unixSeconds(t.at)+37*t.probe.index)%clockSync)
}

// tail writes the members that results end with.
func (r *run) tail(t turn) {
	m := t.measurement
	r.line.integer("msm_id", int64(m.id))
	r.line.integer("prb_id", int64(t.probe.id))
	r.line.integer("timestamp", unixSeconds(t.at))
	r.line.text("msm_name", m.kind.title)
	r.line.address("from", t.probe.v4)
	r.line.text("type", m.kind.name)
	if m.kind.saysStep {
		r.line.integer("step", max(1, unixSeconds(m.step.Round(time.Second))))
	}
	r.line.integer("stored_timestamp", unixSeconds(t.at+DeliveryDelay))
}

// server is the root server that a turn asks.
func (r *run) server(t turn) *rootServer { return &r.network.servers[t.measurement.server] }

// roundTrip gives a packet's time in ms: to the share of the route that lies before a hop, and back.
func (r *run) roundTrip(t turn, share float64) float64 {
	const busy, queue = 0.01, 30 // one packet in a hundred meets a queue of 30 ms on average
	time := t.probe.access + share*t.route.delay + t.probe.jitter*r.dice.ExpFloat64()
	if r.dice.chance(busy) {
		time += queue * r.dice.ExpFloat64()
	}
	return time
}
