package simulator

import (
	"fmt"
	"math"
	"time"
)

// hard is a guess of what the real network is like; its numbers are not measured.
type hard struct {
	*Network
	rates []float64 // of each probe: disconnects per hour by itself
}

const (
	outagesPerDay  = 8
	restartsPerDay = 2 // of controllers
	daysPerWeek    = 7 // on one of which the platform has trouble

	minShare                    = 0.3 // of a region or a provider
	quickSpread                 = 20 * time.Second
	minSpread, maxSpread        = time.Minute, 10 * time.Minute
	minFailure, maxFailure      = 4 * time.Minute, 6 * time.Hour
	minRestart, maxRestart      = 20 * time.Second, 3 * time.Minute
	minTrouble, maxTrouble      = 5 * time.Minute, 40 * time.Minute
	minRecovery, maxRecovery    = time.Minute, 10 * time.Minute
	restartSpread               = 10 * time.Second
	minPlatformShare            = 0.5
	meanKeepAlive, maxKeepAlive = 30 * time.Second, 2 * time.Minute
)

func newHard(n *Network) hard {
	h := hard{n, make([]float64, len(n.probes))}
	d := newDice()
	for i := range h.rates {
		d.take(n.seed, aboutRateOfProbe, int64(i))
		h.rates[i] = randomRate(d)
	}
	return h
}

// randomRate is lognormal: most probes lose their controller once in two days, and some of them all the time.
func randomRate(d *dice) float64 {
	const median, deviation, flapping, flaps = 0.02, 1.0, 0.003, 4
	if d.chance(flapping) {
		return flaps
	}
	return min(median*math.Exp(deviation*d.NormFloat64()), flaps)
}

func (hard) period() time.Duration { return 24 * time.Hour }

func (h hard) incidents(d *dice, day int64) (all []incident) {
	d.take(h.seed, aboutIncidents, day, outagesPerDay) // one number more than for an hour
	begin := time.Duration(day) * h.period()
	for i := range int64(outagesPerDay) {
		all = append(all, h.failure(d, begin, day*outagesPerDay+i))
	}
	for i := range int64(restartsPerDay) {
		all = append(all, h.restart(d, begin, day*restartsPerDay+i))
	}
	if week := day / daysPerWeek; day%daysPerWeek == below(mix(h.seed, aboutTroubleOfWeek, week), daysPerWeek) {
		all = append(all, h.trouble(d, begin, week))
	}
	return all
}

// failure is an outage of a region or a provider, which not all of their probes notice. Regions with more probes have more outages.
func (h hard) failure(d *dice, begin time.Duration, number int64) incident {
	somewhere := &h.probes[d.IntN(len(h.probes))]
	out := h.outageOfRegion(somewhere.city.region)
	if d.chance(0.5) {
		provider := somewhere.provider
		out.unit, out.hits = fmt.Sprintf("AS%d", provider.asn), func(p *probe) bool { return p.provider == provider }
	}
	out.number, out.share, out.spread = number, d.between(minShare, 1), quickSpread
	if d.chance(0.5) {
		out.spread = randomDuration(d, minSpread, maxSpread)
	}
	longer := math.Log(float64(maxFailure) / float64(minFailure))
	out.from = begin + randomDuration(d, 0, h.period())
	out.until = out.from + time.Duration(float64(minFailure)*math.Exp(longer*d.Float64()))
	out.recovery, out.keepAlive = randomDuration(d, minRecovery, maxRecovery), meanKeepAlive
	return out
}

// restart is a restart of a controller, which loses all of its probes at once.
func (h hard) restart(d *dice, begin time.Duration, number int64) incident {
	name := controllers[d.IntN(len(controllers))]
	out := incident{kind: KindController, number: number, unit: "controller:" + name, share: 1, spread: restartSpread}
	out.hits = func(p *probe) bool { return p.controller == name }
	out.from = begin + randomDuration(d, 0, h.period())
	out.until = out.from + randomDuration(d, minRestart, maxRestart)
	out.recovery = randomDuration(d, minRecovery, maxRecovery)
	return out
}

// trouble is a fault of the platform: controllers everywhere lose probes.
func (h hard) trouble(d *dice, begin time.Duration, number int64) incident {
	out := incident{kind: KindPlatform, number: number, unit: "world", share: d.between(minPlatformShare, 1), hits: func(*probe) bool { return true }}
	out.from = begin + randomDuration(d, 0, h.period())
	out.until = out.from + randomDuration(d, minTrouble, maxTrouble)
	out.spread = randomDuration(d, quickSpread, maxSpread)
	out.recovery = randomDuration(d, minRecovery, maxRecovery)
	return out
}

func (h hard) absences(d *dice, day int64) (all []absence) {
	incidents := h.incidents(d, day)
	for i := range h.probes {
		p := &h.probes[i]
		for k := range incidents {
			cause := &incidents[k]
			from, until, is := cause.of(h.seed, p)
			if from += h.untilMissed(d, cause, p); is && from < until {
				all = append(all, absence{p, from, until, cause})
			}
		}
		all = h.ownAbsences(all, d, day, p)
	}
	return all
}

// untilMissed is how long a controller waits for a probe that it has lost.
func (h hard) untilMissed(d *dice, cause *incident, p *probe) time.Duration {
	if cause.keepAlive == 0 {
		return 0
	}
	d.take(h.seed, aboutKeepAlive, cause.number, p.index)
	return min(time.Duration(d.ExpFloat64()*float64(cause.keepAlive)), maxKeepAlive)
}

// ownAbsences appends the absences of a probe without a common cause: more of them by day than by night, and some for a day.
func (h hard) ownAbsences(to []absence, d *dice, day int64, p *probe) []absence {
	const mostOfMean = 1.6
	d.take(h.seed, aboutAbsence, day, p.index)
	begin := time.Duration(day) * h.period()
	perHour := h.rates[p.index] * mostOfMean
	for at := time.Duration(0); ; {
		at += time.Duration(d.ExpFloat64() / perHour * float64(time.Hour))
		if at >= h.period() || at < 0 {
			return to
		}
		length := randomAbsence(d, h.period())
		if d.chance(dayCycle(begin+at, p.lon) / mostOfMean) {
			to = append(to, absence{p, begin + at, begin + at + length, nil})
		}
	}
}

// dayCycle is how much more happens at a time of day than on average: least at three in the morning, most at three in the afternoon.
func dayCycle(at time.Duration, longitude float64) float64 {
	const swing, evenAt = 0.6, 9 // o'clock
	local := at.Hours() + longitude/15
	return 1 + swing*math.Sin(2*math.Pi*(local-evenAt)/24)
}

// randomAbsence is lognormal: half of them are over within four minutes.
func randomAbsence(d *dice, longest time.Duration) time.Duration {
	const median, deviation, shortest = 4 * time.Minute, 1.6, 10 * time.Second
	length := float64(median) * math.Exp(deviation*d.NormFloat64())
	return max(shortest, time.Duration(min(length, float64(longest))))
}
