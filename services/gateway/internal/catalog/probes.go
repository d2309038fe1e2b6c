package catalog

import (
	"cmp"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// Probe is a probe as a list of all probes has it. Nil, zero and empty values stand for what is not known.
type Probe struct {
	ID                  atlas.ProbeID
	Latitude, Longitude *float64 // degrees
	Country             string   // two letters
	ASN                 int64    // of IPv4, else of IPv6
	Status              *int64   // as RIPE numbers them
	Since               time.Time
	Event               bool // status and since are those of a connection event
}

func listedProbe(p *atlas.Probe) Probe {
	listed := Probe{ID: p.ID, Latitude: p.Latitude, Longitude: p.Longitude, Country: p.CountryCode, Status: p.StatusID, Since: p.StatusSince}
	if asn := cmp.Or(p.ASNv4, p.ASNv6); asn != nil {
		listed.ASN = *asn
	}
	return listed
}

// statusConnected and statusDisconnected are what an event makes of a probe.
var statusConnected, statusDisconnected int64 = 1, 2

// Probes lists the probes of the registry by ID. Their status is that of the newest connection event of the last 24 hours, but for an object whose own status
// is newer.
func (r *Registry) Probes() []Probe {
	probes := make([]Probe, 0, r.probes.count())
	r.probes.each(func(known *probe) { probes = append(probes, r.connections.update(known)) })
	slices.SortFunc(probes, func(a, b Probe) int { return cmp.Compare(a.ID, b.ID) })
	return probes
}

// EachProbe shows the probes of the registry as their objects have them, whatever events say, in no order.
func (r *Registry) EachProbe(show func(*Probe)) {
	r.probes.each(func(known *probe) { show(&known.listed) })
}

// ProbeChanges counts how often an object made a difference to what EachProbe shows.
func (r *Registry) ProbeChanges() uint64 { return r.probes.progress.get().changes }

// update gives a probe with its newest status.
func (c *connections) update(known *probe) Probe {
	listed := known.listed
	newest, found := c.get(listed.ID)
	if !found || known.since.After(newest.at) {
		return listed
	}
	listed.Event, listed.Since, listed.Status = true, newest.at, &statusDisconnected
	if newest.connected {
		listed.Status = &statusConnected
	}
	return listed
}

// ProbesAt is a state of what Probes lists. It changes whenever something is learnt that Probes may tell.
type ProbesAt struct {
	Registry, Connections int64  // the greatest offset of what was learnt; -1 before the first
	changes               uint64 // of objects and events
}

// ProbesAt gives the present state; what Probes lists afterwards is of that or a later one.
func (r *Registry) ProbesAt() ProbesAt {
	objects, events := r.probes.progress.get(), r.connections.progress.get()
	return ProbesAt{Registry: objects.offset, Connections: events.offset, changes: objects.changes + events.changes}
}
