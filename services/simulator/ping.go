package simulator

import "math"

const (
	pingPackets    = 3
	packetLoss     = 0.003
	initialTTL     = 64
	nothingToCount = -1 // what probes write for the times of a ping without an answer
)

// ping writes a ping as firmware from 5020 on does: ICMP, three packets.
func (g *generator) ping(t measurementRun) {
	times, answered := g.pingTimes(t)
	l := &g.line
	l.address("dst_name", g.server(t).address)
	l.integer("af", 4)
	l.address("dst_addr", g.server(t).address)
	l.address("src_addr", t.probe.source)
	l.text("proto", "ICMP")
	if answered > 0 {
		l.integer("ttl", int64(initialTTL-t.route.hops))
	}
	l.integer("size", 32)
	g.pingPackets(times)
	l.integer("dup", 0)
	l.integer("rcvd", int64(answered))
	l.integer("sent", pingPackets)
	g.pingSummary(times, answered)
}

// pingTimes returns each packet's time in ms, NaN for one without an answer.
func (g *generator) pingTimes(t measurementRun) (times [pingPackets]float64, answered int) {
	for i := range times {
		times[i] = math.NaN()
		if !t.unanswered && !g.dice.chance(packetLoss) {
			times[i] = rounded(g.roundTrip(t, 1), 6)
			answered++
		}
	}
	return times, answered
}

func (g *generator) pingPackets(times [pingPackets]float64) {
	g.line.name("result")
	g.line.open('[')
	for _, time := range times {
		g.line.open('{')
		if math.IsNaN(time) {
			g.line.text("x", "*")
		} else {
			g.line.decimal("rtt", time)
		}
		g.line.close('}')
	}
	g.line.close(']')
}

func (g *generator) pingSummary(times [pingPackets]float64, answered int) {
	least, most, average := float64(nothingToCount), float64(nothingToCount), float64(nothingToCount)
	if answered > 0 {
		least, most, average = math.Inf(1), 0, 0
	}
	for _, time := range times {
		if !math.IsNaN(time) {
			least, most, average = min(least, time), max(most, time), average+time/float64(answered)
		}
	}
	g.line.decimal("min", least)
	g.line.decimal("max", most)
	g.line.decimal("avg", rounded(average, 10))
}
