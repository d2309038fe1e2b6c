package simulator

import "math"

const (
	pingPackets    = 3
	packetLoss     = 0.003
	initialTTL     = 64
	nothingToCount = -1 // what probes write for the times of a ping without an answer
)

// ping writes a ping as firmware from 5020 on does: ICMP, three packets.
func (r *run) ping(t turn) {
	times, answered := r.pingTimes(t)
	l := &r.line
	l.address("dst_name", r.server(t).address)
	l.integer("af", 4)
	l.address("dst_addr", r.server(t).address)
	l.address("src_addr", t.probe.source)
	l.text("proto", "ICMP")
	if answered > 0 {
		l.integer("ttl", int64(initialTTL-t.route.hops))
	}
	l.integer("size", 32)
	r.pingPackets(times)
	l.integer("dup", 0)
	l.integer("rcvd", int64(answered))
	l.integer("sent", pingPackets)
	r.pingSummary(times, answered)
}

// pingTimes gives each packet's time in ms, NaN for one without an answer.
func (r *run) pingTimes(t turn) (times [pingPackets]float64, answered int) {
	for i := range times {
		times[i] = math.NaN()
		if !t.unanswered && !r.dice.chance(packetLoss) {
			times[i] = rounded(r.roundTrip(t, 1), 6)
			answered++
		}
	}
	return times, answered
}

func (r *run) pingPackets(times [pingPackets]float64) {
	r.line.name("result")
	r.line.open('[')
	for _, time := range times {
		r.line.open('{')
		if math.IsNaN(time) {
			r.line.text("x", "*")
		} else {
			r.line.decimal("rtt", time)
		}
		r.line.close('}')
	}
	r.line.close(']')
}

func (r *run) pingSummary(times [pingPackets]float64, answered int) {
	least, most, average := float64(nothingToCount), float64(nothingToCount), float64(nothingToCount)
	if answered > 0 {
		least, most, average = math.Inf(1), 0, 0
	}
	for _, time := range times {
		if !math.IsNaN(time) {
			least, most, average = min(least, time), max(most, time), average+time/float64(answered)
		}
	}
	r.line.decimal("min", least)
	r.line.decimal("max", most)
	r.line.decimal("avg", rounded(average, 10))
}
