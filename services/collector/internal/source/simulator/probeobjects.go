package simulator

import (
	"encoding/json"
	"net/netip"

	"atlasstream/pkg/atlas"
)

// probeObject is a probe in the shape of RIPE's probe API, version 2, as far as nothing in it changes with time.
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
}

type geometry struct {
	Type        string     `json:"type"`
	Coordinates [2]float64 `json:"coordinates"` // longitude, latitude in degrees
}

type tag struct {
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// ProbeObjects gives the network's probes as JSON objects in the shape of RIPE's probe API.
func (n *Network) ProbeObjects() ([][]byte, error) {
	objects := make([][]byte, len(n.probes))
	for i := range n.probes {
		object, err := json.Marshal(n.probes[i].object())
		if err != nil {
			return nil, err
		}
		objects[i] = object
	}
	return objects, nil
}

func (p *probe) object() probeObject {
	object := probeObject{
		ID: p.id, ASNv4: p.provider.asn, PrefixV4: p.provider.v4, AddressV4: p.v4,
		CountryCode: p.place.country, Description: p.place.name, IsAnchor: p.kind.anchor, IsPublic: true,
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
