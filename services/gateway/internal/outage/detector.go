package outage

import (
	"maps"
	"slices"

	"atlasstream/pkg/atlas"
)

// maxProbes bounds how many probes a Detector follows; the real network has 13,421.
const maxProbes = 1 << 17

// maxLateness is how far an event may be behind the watermark and still count to a burst.
const maxLateness = minute

// retention is how long a disconnect may become part of an alarm or an explanation.
const retention = 2 * longestWindow

// Detector finds outages in events, which it takes in the order of the log. It is for one goroutine.
type Detector struct {
	registry *Registry
	start    instant // earlier events only say which probes are connected
	probes   map[atlas.ProbeID]*probeState
	units    map[unitKey]*unit
	world    *unit
	assigned [unitKinds]int // connected probes with a unit of the kind
	events   eventRate
	offset   int64   // of the last event
	at       instant // its time
	now      instant // the watermark
	episode  *episode
	outages  []*outage // in the order in which they were reported first
	marks    uint64
}

// lastEvent is the last event of a probe before a Detector starts.
type lastEvent struct {
	at         instant
	connected  bool
	controller string
	asn        int64
}

// newDetector makes a Detector that starts at a time. The states are those of probes by then; of others the registry's status counts.
func newDetector(registry *Registry, start instant, states map[atlas.ProbeID]lastEvent) *Detector {
	d := &Detector{registry: registry, start: start, probes: map[atlas.ProbeID]*probeState{}, units: map[unitKey]*unit{}}
	d.world = d.unitOf(unitKey{kind: world})
	d.world.rate = newHourly(start)
	d.events.counts = newHourly(start)
	for _, id := range slices.Sorted(maps.Keys(registry.probes)) {
		if p := d.probeOf(id); p != nil && registry.probes[id].Connected {
			d.set(p, true, start)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(states)) {
		if p := d.probeOf(id); p != nil {
			d.begin(p, states[id])
		}
	}
	return d
}

// begin sets a probe to its state.
func (d *Detector) begin(p *probeState, s lastEvent) {
	p.known, p.at = true, s.at
	d.assignByEvent(p, s.controller, s.asn, d.start)
	if p.up != s.connected {
		d.set(p, s.connected, d.start)
	}
}

// assignByEvent assigns a probe to the units that an event names.
func (d *Detector) assignByEvent(p *probeState, controllerName string, asn int64, at instant) {
	d.assign(p, controller, controllerName, at)
	d.assignNetwork(p, asn, at)
}

func (d *Detector) unitOf(key unitKey) *unit {
	u := d.units[key]
	if u == nil {
		u = &unit{unitKey: key}
		d.units[key] = u
	}
	return u
}

// take takes the next event of the log, and the watermark after it.
func (d *Detector) take(e *ConnectionEvent, watermark instant) {
	at := instantOf(e.Time)
	d.offset, d.at = e.Offset, at
	d.advance(watermark)
	p := d.probeOf(e.Probe)
	if p == nil || p.known && at < p.at {
		return
	}
	assumed := !p.known
	p.known, p.at = true, at
	d.assignByEvent(p, e.Controller, e.ASN, max(at, d.start))
	if at >= d.start {
		d.events.counts.advance(at, 0)
		d.events.counts.add(at, 1)
	}
	switch {
	case e.Connected && !p.up:
		d.connected(p, at)
	case !e.Connected && (p.up || assumed):
		d.disconnected(p, at)
	}
}

func (d *Detector) connected(p *probeState, at instant) {
	d.set(p, true, max(at, d.start))
	if lost := p.lost; lost != nil && lost.back == 0 {
		lost.back = at
		if lost.outage != nil {
			lost.outage.probeBack(lost, d.offset)
		} else if d.episode != nil {
			for _, o := range d.episode.reported {
				o.probeBack(lost, d.offset)
			}
		}
	}
}

func (d *Detector) disconnected(p *probeState, at instant) {
	if p.up {
		d.set(p, false, max(at, d.start))
	}
	former := p.lost
	p.lost = nil
	if at < d.start || at < d.now-maxLateness || !p.mayCount(at) {
		return
	}
	p.before = 0
	if former != nil {
		p.before = former.at
	}
	p.lost = &disconnect{at: at, offset: d.offset, probe: p, units: p.units}
	d.countDisconnect(p.lost)
}

// countDisconnect counts a disconnect in all its units.
func (d *Detector) countDisconnect(lost *disconnect) {
	grew := false
	for kind, u := range lost.units {
		if u == nil {
			continue
		}
		u.rate.advance(lost.at, u.up)
		lost.counted[kind] = u.rate.add(lost.at, 1)
		u.trim(lost.at - retention)
		if d.raiseAlarm(u, u.insert(lost, d.connectedTo(u)), lost) {
			d.joinEpisode(u, lost.at)
			grew = true
		}
	}
	if grew {
		d.reportIfDue(lost.at)
	}
}

// connectedTo is how many probes of a unit are connected. Only events may tell the controller or ASN of a probe, so probes without one count as spread like
// the others: otherwise a controller with few known probes would seem to lose all of them.
func (d *Detector) connectedTo(u *unit) int {
	if known := d.assigned[u.kind]; (u.kind == controller || u.kind == network) && known > 0 {
		return u.up * d.world.up / known
	}
	return u.up
}

// advance moves the watermark.
func (d *Detector) advance(watermark instant) {
	if watermark <= d.now {
		return
	}
	former := d.now
	d.now = watermark
	if former >= d.start && watermark-former > d.events.maxSilence() {
		d.skipSilence(former, watermark)
	}
	if d.episode != nil && d.episode.isOver(watermark) {
		d.closeEpisode()
	}
	if hourOf(former) != hourOf(watermark) {
		d.sweep()
	}
	if former/minute != watermark/minute {
		for _, o := range d.outages {
			o.expire(watermark, d.offset)
		}
	}
}

// sweep forgets what no longer matters: old disconnects, units without probes, and outages of the warm-up.
func (d *Detector) sweep() {
	d.outages = slices.DeleteFunc(d.outages, func(o *outage) bool {
		return o.start < d.start+warmUp && d.now > o.start+longestOutage+relapseWithin
	})
	maps.DeleteFunc(d.units, func(_ unitKey, u *unit) bool {
		u.forget(d.now - retention)
		return u.members == 0 && len(u.recent) == 0 && u.alarm == nil && u != d.world
	})
	if d.episode != nil { // which may still need what is old
		return
	}
	for _, o := range d.outages {
		o.freeze(d.now - retention)
	}
	for _, p := range d.probes {
		p.forget(d.now - retention)
	}
}
