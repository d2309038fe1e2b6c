package simulator

import (
	"encoding/json"
	"net/netip"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// probeObject is a probe in the shape of RIPE's probe API, version 2.
type probeObject struct {
	ID          atlas.ProbeID `json:"id"`
	ASNv4       int           `json:"asn_v4"`
	ASNv6       *int          `json:"asn_v6"`
	PrefixV4    netip.Prefix  `json:"prefix_v4"`
	PrefixV6    *netip.Prefix `json:"prefix_v6"`
	AddressV4   netip.Addr    `json:"address_v4"`
	AddressV6   *netip.Addr   `json:"address_v6"`
	CountryCode string        `json:"country_code"`
	Description string        `json:"description"`
	Geometry    geometry      `json:"geometry"`
	IsAnchor    bool          `json:"is_anchor"`
	IsPublic    bool          `json:"is_public"`
	Tags        []tag         `json:"tags"`

	Status         status `json:"status"`
	StatusSince    int64  `json:"status_since"`
	FirstConnected int64  `json:"first_connected"`
	LastConnected  int64  `json:"last_connected"`
	TotalUptime    int64  `json:"total_uptime"`
}

// status is that of a probe, by RIPE's numbers.
type status struct {
	ID    int       `json:"id"`
	Name  string    `json:"name"`
	Since time.Time `json:"since"`
}

type geometry struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"` // longitude, latitude in degrees
}

type tag struct {
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// ProbeObjects returns the network's probes, as they are at a time, as JSON objects in the shape of RIPE's probe API.
func (n *Network) ProbeObjects(at time.Time) ([][]byte, error) {
	objects := make([][]byte, len(n.probes))
	changes := n.lastChanges(sinceEpoch(at))
	for i := range n.probes {
		p := &n.probes[i]
		object := p.object()
		object.connected(changes[p.index], n.firstConnected(p), sinceEpoch(at))
		line, err := json.Marshal(object)
		if err != nil {
			return nil, err
		}
		objects[i] = line
	}
	return objects, nil
}

// lastChanges returns the last change of each probe's connection in the days before a time.
func (n *Network) lastChanges(at time.Duration) map[int64]connectionChange {
	const back = 3 * 24 * time.Hour
	changes, dice := map[int64]connectionChange{}, newDice()
	for period := n.periodOf(at); period > n.periodOf(at-back) && len(changes) < len(n.probes); period-- {
		for _, change := range slices.Backward(n.connectionsOf(dice, period)) {
			if _, later := changes[change.probe.index]; !later && change.at <= at {
				changes[change.probe.index] = change
			}
		}
	}
	return changes
}

// The time in which probes joined the network.
const earliestProbe, latestProbe = 45 * 365 * 24 * time.Hour, 54 * 365 * 24 * time.Hour // since 1970

func (n *Network) firstConnected(p *probe) time.Duration {
	return earliestProbe + time.Duration(below(mix(n.seed, aboutFirstConnection, p.index), int64(latestProbe-earliestProbe)))
}

// connected sets whether the probe is connected, and since when, from the last change of its connection.
func (o *probeObject) connected(change connectionChange, first, at time.Duration) {
	since, id, name := first, 1, "Connected"
	if change.probe != nil {
		since = change.at
	}
	last := at
	if change.event == disconnects {
		id, name, last = 2, "Disconnected", since
	}
	o.Status = status{ID: id, Name: name, Since: timeAt(since).Truncate(time.Second)}
	o.StatusSince, o.FirstConnected, o.LastConnected = unixSeconds(since), unixSeconds(first), unixSeconds(last)
	const usually = 0.98 // of the time
	o.TotalUptime = int64(usually * (last - first).Seconds())
}

func (p *probe) object() probeObject {
	object := probeObject{
		ID: p.id, ASNv4: p.provider.asn, PrefixV4: p.provider.v4, AddressV4: p.v4,
		CountryCode: p.city.country, Description: p.city.name, IsAnchor: p.kind.anchor, IsPublic: true,
		Geometry: geometry{Type: "Point", Coordinates: [2]float64{rounded(p.lon, 4), rounded(p.lat, 4)}},
	}
	if p.v6.IsValid() {
		object.ASNv6, object.PrefixV6, object.AddressV6 = &p.provider.asn, &p.provider.v6, &p.v6
	}
	for _, name := range p.kind.tags {
		object.Tags = append(object.Tags, tag{Name: name, Slug: name})
	}
	return object
}
