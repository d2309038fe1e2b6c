package simulator

import (
	"net/netip"
	"time"
)

const (
	packetsPerHop  = 3
	hopLoss        = 0.02
	silentHops     = 0.08        // the share of routers that never answer
	packetTimeout  = time.Second // how long a probe waits for an answer
	gapLimit       = 5           // after as many hops without an answer a probe tries lastHop and gives up
	lastHop        = 255
	replySize      = 28 // bytes
	routerTTL      = 255
	gatewayTTL     = 64
	parisVariants  = 15
	firstTransit   = 4 // hops before it: gateway, and two of the provider
	tracerouteSize = 40
)

// hop is a router on a path, or its target.
type hop struct {
	number  int
	address netip.Addr
	share   float64 // of the route's delay that lies before it
	silent  bool
	ttl     int // of its answers as they arrive
}

// traceroute writes a traceroute as firmware from 5080 on does: UDP, Paris.
func (r *run) traceroute(t turn) {
	l := &r.line
	l.address("dst_name", r.server(t).address)
	l.address("dst_addr", r.server(t).address)
	l.address("src_addr", t.probe.source)
	l.text("proto", "UDP")
	l.integer("af", 4)
	l.integer("size", tracerouteSize)
	l.integer("paris_id", 1+t.round()%parisVariants)
	l.name("result")
	l.open('[')
	taken := r.hops(t)
	l.close(']')
	l.integer("endtime", unixSeconds(t.at+taken))
	l.boolean("destination_ip_responded", !t.unanswered)
}

// hops writes what the hops answered, and gives the time that it took. Where there is no connectivity, the gateway alone answers.
func (r *run) hops(t turn) (taken time.Duration) {
	r.path.take(r.network.seed, aboutPath, t.probe.index, t.route.site.number)
	for number := 1; number <= t.route.hops; number++ {
		if t.unanswered && number > 1 {
			return taken + r.deadEnd(number)
		}
		taken += r.hop(t, r.newHop(t, number))
	}
	return taken
}

// newHop makes up the hop with that number; a route's hops are the same every time.
func (r *run) newHop(t turn, number int) hop {
	const providersShare = 0.02 // of the route's delay
	d, last := r.path, t.route.hops
	h := hop{number: number, silent: d.chance(silentHops), ttl: routerTTL - number + 1}
	switch {
	case number == last:
		h.address, h.share, h.silent, h.ttl = r.server(t).address, 1, false, initialTTL-last
	case number == 1:
		h.address, h.silent, h.ttl = t.probe.gateway, false, gatewayTTL
	case number < firstTransit:
		h.address, h.share = randomHost(d, t.probe.provider.v4), providersShare*float64(number-2)
	default:
		progress := (float64(number-firstTransit) + d.Float64()) / float64(last-firstTransit)
		h.address, h.share = randomHost(d, transits[d.IntN(len(transits))]), providersShare+(1-providersShare)*progress
	}
	return h
}

func (r *run) hop(t turn, h hop) (taken time.Duration) {
	r.openHop(h.number)
	for range packetsPerHop {
		if h.silent || r.dice.chance(hopLoss) {
			taken += r.noAnswer()
			continue
		}
		time := r.hopTime(t, h)
		taken += milliseconds(time)
		r.hopAnswer(h, time)
	}
	r.closeHop()
	return taken
}

// hopTime gives the ms until a hop's answer. The gateway stands on the probe's side of the line.
func (r *run) hopTime(t turn, h hop) float64 {
	if h.number == 1 {
		return rounded(0.2+0.3*r.dice.ExpFloat64(), 3)
	}
	return rounded(r.roundTrip(t, h.share), 3)
}

func (r *run) hopAnswer(h hop, time float64) {
	r.line.open('{')
	r.line.address("from", h.address)
	r.line.integer("ttl", int64(h.ttl))
	r.line.integer("size", replySize)
	r.line.decimal("rtt", time)
	r.line.close('}')
}

// deadEnd writes the hops from number on where nothing answers any more.
func (r *run) deadEnd(number int) (taken time.Duration) {
	for gap := range gapLimit {
		taken += r.silence(number + gap)
	}
	return taken + r.silence(lastHop)
}

func (r *run) silence(number int) (taken time.Duration) {
	r.openHop(number)
	for range packetsPerHop {
		taken += r.noAnswer()
	}
	r.closeHop()
	return taken
}

func (r *run) noAnswer() time.Duration {
	r.line.open('{')
	r.line.text("x", "*")
	r.line.close('}')
	return packetTimeout
}

func (r *run) openHop(number int) {
	r.line.open('{')
	r.line.integer("hop", int64(number))
	r.line.name("result")
	r.line.open('[')
}

func (r *run) closeHop() {
	r.line.close(']')
	r.line.close('}')
}

func milliseconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Millisecond))
}
