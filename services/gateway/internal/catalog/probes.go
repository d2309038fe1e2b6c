package catalog

import (
	"cmp"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// ListedProbe is an entry of the list of probes. Nil, zero and empty values are unknown.
type ListedProbe struct {
	ID                  atlas.ProbeID
	Latitude, Longitude *float64 // degrees
	Country             string   // two letters
	ASN                 int64    // of IPv4, else of IPv6
	Status              *int64   // as RIPE numbers them
	Since               time.Time
	FromEvent           bool // Status and Since are those of a connection event
}

func listedProbe(p *atlas.Probe) ListedProbe {
	listed := ListedProbe{ID: p.ID, Latitude: p.Latitude, Longitude: p.Longitude, Country: p.CountryCode, Status: p.StatusID, Since: p.StatusSince}
	if asn := cmp.Or(p.ASNv4, p.ASNv6); asn != nil {
		listed.ASN = *asn
	}
	return listed
}

// The statuses of a probe after an event.
var statusConnected, statusDisconnected int64 = atlas.ProbeConnected, atlas.ProbeDisconnected

// IsConnected reports whether the probe is connected by its status.
func (p *ListedProbe) IsConnected() bool { return p.Status != nil && *p.Status == atlas.ProbeConnected }

// Probes lists the probes by ID. Their status is that of the newest connection event within EventMaxAge, unless that of the object is newer.
func (c *Catalog) Probes() []ListedProbe {
	probes := make([]ListedProbe, 0, c.probes.count())
	c.probes.each(func(known *encodedProbe) { probes = append(probes, c.connections.withStatus(known)) })
	slices.SortFunc(probes, func(a, b ListedProbe) int { return cmp.Compare(a.ID, b.ID) })
	return probes
}

// EachProbe calls show for each probe, in no order, with what its object has, without regard to events.
func (c *Catalog) EachProbe(show func(*ListedProbe)) {
	c.probes.each(func(known *encodedProbe) { show(&known.listed) })
}

// ProbeChanges counts the changes of what EachProbe shows.
func (c *Catalog) ProbeChanges() uint64 { return c.probes.progress.get().changes }

// withStatus returns a probe with its newest status.
func (c *connections) withStatus(known *encodedProbe) ListedProbe {
	listed := known.listed
	newest, found := c.get(listed.ID)
	if !found || known.since.After(newest.at) {
		return listed
	}
	listed.FromEvent, listed.Since, listed.Status = true, newest.at, &statusDisconnected
	if newest.connected {
		listed.Status = &statusConnected
	}
	return listed
}

// ProbesState identifies a state of the list of probes. It changes with every applied object and event that may change the list.
type ProbesState struct {
	Objects, Connections int64  // the greatest offset applied; -1 before the first
	changes              uint64 // of objects and events
}

// ProbesState returns the present state; a list that Probes returns afterwards is of that state or a later one.
func (c *Catalog) ProbesState() ProbesState {
	objects, events := c.probes.progress.get(), c.connections.progress.get()
	return ProbesState{Objects: objects.offset, Connections: events.offset, changes: objects.changes + events.changes}
}
