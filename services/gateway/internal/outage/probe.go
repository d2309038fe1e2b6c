package outage

import (
	"slices"
	"strconv"

	"atlasstream/pkg/atlas"
)

// probeState is what a Detector knows of a probe.
type probeState struct {
	id     atlas.ProbeID
	at     instant
	units  [unitKinds]*unit // nil if unknown
	lost   *disconnect      // the last one; nil if there was none, or it does not count
	before instant          // when the previous one was that counted
	mark   uint64           // of the last scan that met it
	asn    uint32           // of its network
	hour   int32            // of the last one that counted
	counts int32            // those of that hour that counted
	known  bool             // by an event; otherwise by the registry
	up     bool
}

// maxPerHour is how many disconnects of a probe count in an hour: some probes come and go all day.
const maxPerHour = 2

// mayCount reports whether a disconnect counts, and counts it.
func (p *probeState) mayCount(at instant) bool {
	if hour := int32(hourOf(at)); p.hour != hour {
		p.hour, p.counts = hour, 0
	}
	p.counts++
	return p.counts <= maxPerHour
}

// probeOf returns what is known of a probe, at first from the registry. It is nil if there is no room for another.
func (d *Detector) probeOf(id atlas.ProbeID) *probeState {
	p := d.probes[id]
	if p == nil && len(d.probes) < maxProbes {
		p = &probeState{id: id}
		d.probes[id] = p
		d.assign(p, world, "", d.start)
		of := d.registry.probes[id]
		d.assign(p, country, of.Country, d.start)
		if of.Cell != (Cell{}) {
			d.assign(p, cell, of.Cell.String(), d.start)
			p.units[cell].cell = of.Cell
		}
		d.assignNetwork(p, of.ASN, d.start)
	}
	return p
}

// assign assigns a probe to the unit of that name. Without a name it changes nothing.
func (d *Detector) assign(p *probeState, kind unitKind, name string, at instant) {
	former := p.units[kind]
	if (name == "" && kind != world) || former != nil && former.name == name {
		return
	}
	now := d.unitOf(unitKey{kind, name})
	p.units[kind] = now
	now.addMember(at)
	if former != nil {
		former.members--
	}
	if p.up {
		now.change(at, +1)
		if former == nil {
			d.assigned[kind]++
		} else {
			former.change(at, -1)
		}
	}
}

// assignNetwork assigns a probe to a network, if that is known.
func (d *Detector) assignNetwork(p *probeState, asn int64, at instant) {
	if asn > 0 && uint32(asn) != p.asn {
		p.asn = uint32(asn)
		d.assign(p, network, strconv.FormatInt(asn, 10), at)
	}
}

// forget forgets a disconnect that is too old to become part of an outage, and whose end no outage needs.
func (p *probeState) forget(before instant) {
	if p.lost != nil && p.lost.at < before && (p.lost.back != 0 || p.lost.outage == nil) {
		p.lost = nil
	}
}

// isOf reports whether a probe is assigned to one of some units.
func (p *probeState) isOf(shares []unitShare) bool {
	return slices.ContainsFunc(shares, func(s unitShare) bool { return p.units[s.kind] != nil && p.units[s.kind].unitKey == s.unitKey })
}

// set sets whether a probe is connected.
func (d *Detector) set(p *probeState, up bool, at instant) {
	by := +1
	if !up {
		by = -1
	}
	p.up = up
	for kind, u := range p.units {
		if u != nil {
			u.change(at, by)
			d.assigned[kind] += by
		}
	}
}
