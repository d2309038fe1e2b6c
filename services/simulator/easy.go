package simulator

import "time"

// easy is one outage of a region an hour, and occasional reconnections of the other probes.
type easy struct{ *Network }

// The bounds of what happens in an hour, all of which is over within it.
const (
	minIncidentStart, maxIncidentStart = 2 * time.Minute, 30 * time.Minute
	minOutage, maxOutage               = 4 * time.Minute, 20 * time.Minute
	maxLossLag                         = 20 * time.Second
	maxRecoveryLag                     = 2 * time.Minute

	reconnectionsPerHour                       = 0.05 // of a probe
	minReconnectionStart, maxReconnectionStart = time.Minute, 50 * time.Minute
	minReconnection, maxReconnection           = 20 * time.Second, 5 * time.Minute
)

func (easy) period() time.Duration { return time.Hour }

func (e easy) incidents(d *dice, hour int64) []incident {
	outage, _ := e.incidentsOf(d, hour)
	return []incident{outage}
}

// incidentsOf returns an hour's outage, and the shift of a root server, which every scenario has.
func (n *Network) incidentsOf(d *dice, hour int64) (incident, shift) {
	d.take(n.seed, aboutIncidents, hour)
	begin := time.Duration(hour) * time.Hour
	outage := n.outageOfRegion(n.randomRegion(d))
	outage.number, outage.share, outage.spread, outage.recovery = hour, 1, maxLossLag, maxRecoveryLag
	outage.from = begin + randomDuration(d, minIncidentStart, maxIncidentStart)
	outage.until = outage.from + randomDuration(d, minOutage, maxOutage)
	moved := shift{hour: hour, region: n.randomRegion(d), server: d.IntN(len(n.servers))}
	moved.from = begin + randomDuration(d, minIncidentStart, maxIncidentStart)
	moved.until = moved.from + randomDuration(d, minShift, maxShift)
	return outage, moved
}

func (n *Network) outageOfRegion(region string) incident {
	return incident{kind: KindOutage, unit: "region:" + region, hits: func(p *probe) bool { return p.city.region == region }}
}

// absences alternate: a probe either suffers the outage, or reconnects at most once.
func (e easy) absences(d *dice, hour int64) (all []absence) {
	outage, _ := e.incidentsOf(d, hour)
	for i := range e.probes {
		p := &e.probes[i]
		if from, until, is := outage.of(e.seed, p); is {
			all = append(all, absence{p, from, until, &outage})
			continue
		}
		if d.take(e.seed, aboutReconnection, hour, p.index); d.chance(reconnectionsPerHour) {
			from := time.Duration(hour)*time.Hour + randomDuration(d, minReconnectionStart, maxReconnectionStart)
			all = append(all, absence{p, from, from + randomDuration(d, minReconnection, maxReconnection), nil})
		}
	}
	return all
}
