package outagewatch

import (
	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/outage"
)

// ProbesOf returns what a catalog has of probes, as far as it matters for outages.
func ProbesOf(known *catalog.Catalog) map[atlas.ProbeID]outage.ProbeInfo {
	probes := make(map[atlas.ProbeID]outage.ProbeInfo)
	known.EachProbe(func(p *catalog.ListedProbe) {
		one := outage.ProbeInfo{Country: p.Country, ASN: max(p.ASN, 0), Connected: p.IsConnected()}
		if p.Latitude != nil && p.Longitude != nil {
			one.Cell = outage.CellAt(*p.Latitude, *p.Longitude)
		}
		probes[p.ID] = one
	})
	return probes
}
