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
	gapLimit       = 5           // after as many hops without an answer a probe tries lastHop and stops
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
func (g *generator) traceroute(t measurementRun) {
	l := &g.line
	l.address("dst_name", g.server(t).address)
	l.address("dst_addr", g.server(t).address)
	l.address("src_addr", t.probe.source)
	l.text("proto", "UDP")
	l.integer("af", 4)
	l.integer("size", tracerouteSize)
	l.integer("paris_id", 1+t.round()%parisVariants)
	l.name("result")
	l.open('[')
	taken := g.hops(t)
	l.close(']')
	l.integer("endtime", unixSeconds(t.at+taken))
	l.boolean("destination_ip_responded", !t.unanswered)
}

// hops writes the hops' answers, and returns the time they took. Without connectivity, only the gateway answers.
func (g *generator) hops(t measurementRun) (taken time.Duration) {
	g.path.take(g.network.seed, aboutPath, t.probe.index, t.route.site.number)
	for number := 1; number <= t.route.hops; number++ {
		if t.unanswered && number > 1 {
			return taken + g.deadEnd(number)
		}
		taken += g.hop(t, g.newHop(t, number))
	}
	return taken
}

// newHop makes the hop with that number; a route's hops are the same every time.
func (g *generator) newHop(t measurementRun, number int) hop {
	const providersShare = 0.02 // of the route's delay
	d, last := g.path, t.route.hops
	h := hop{number: number, silent: d.chance(silentHops), ttl: routerTTL - number + 1}
	switch {
	case number == last:
		h.address, h.share, h.silent, h.ttl = g.server(t).address, 1, false, initialTTL-last
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

func (g *generator) hop(t measurementRun, h hop) (taken time.Duration) {
	g.openHop(h.number)
	for range packetsPerHop {
		if h.silent || g.dice.chance(hopLoss) {
			taken += g.noAnswer()
			continue
		}
		time := g.hopTime(t, h)
		taken += milliseconds(time)
		g.hopAnswer(h, time)
	}
	g.closeHop()
	return taken
}

// hopTime returns the ms until a hop's answer. The gateway is on the probe's side of the access line.
func (g *generator) hopTime(t measurementRun, h hop) float64 {
	if h.number == 1 {
		return rounded(0.2+0.3*g.dice.ExpFloat64(), 3)
	}
	return rounded(g.roundTrip(t, h.share), 3)
}

func (g *generator) hopAnswer(h hop, time float64) {
	g.line.open('{')
	g.line.address("from", h.address)
	g.line.integer("ttl", int64(h.ttl))
	g.line.integer("size", replySize)
	g.line.decimal("rtt", time)
	g.line.close('}')
}

// deadEnd writes the hops from number on, of which none answers.
func (g *generator) deadEnd(number int) (taken time.Duration) {
	for gap := range gapLimit {
		taken += g.silentHop(number + gap)
	}
	return taken + g.silentHop(lastHop)
}

func (g *generator) silentHop(number int) (taken time.Duration) {
	g.openHop(number)
	for range packetsPerHop {
		taken += g.noAnswer()
	}
	g.closeHop()
	return taken
}

func (g *generator) noAnswer() time.Duration {
	g.line.open('{')
	g.line.text("x", "*")
	g.line.close('}')
	return packetTimeout
}

func (g *generator) openHop(number int) {
	g.line.open('{')
	g.line.integer("hop", int64(number))
	g.line.name("result")
	g.line.open('[')
}

func (g *generator) closeHop() {
	g.line.close(']')
	g.line.close('}')
}

func milliseconds(count float64) time.Duration {
	return time.Duration(count * float64(time.Millisecond))
}
