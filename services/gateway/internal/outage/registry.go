package outage

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"

	"atlasstream/pkg/atlas"
)

// ProbeInfo is what the registry has of a probe, as far as it matters for outages.
type ProbeInfo struct {
	Country   string // two letters; "" if not known
	ASN       int64  // of IPv4, else of IPv6; 0 if unknown
	Cell      Cell
	Connected bool // by its status; it counts only for a probe without an event
}

// ProbeOf returns what matters of a probe's object.
func ProbeOf(object *atlas.Probe) ProbeInfo {
	p := ProbeInfo{Country: object.CountryCode, Connected: object.StatusID != nil && *object.StatusID == atlas.ProbeConnected}
	if asn := cmp.Or(object.ASNv4, object.ASNv6); asn != nil && *asn > 0 {
		p.ASN = *asn
	}
	if object.Latitude != nil && object.Longitude != nil {
		p.Cell = CellAt(*object.Latitude, *object.Longitude)
	}
	return p
}

// Cell is a square of the map, a degree wide and high. The zero Cell is none.
type Cell struct{ row, column int16 } // from 1, from the south and from the west

const rows, columns = 180, 360

// CellAt returns the cell of a position in degrees; none for an invalid position.
func CellAt(latitude, longitude float64) Cell {
	if !(math.Abs(latitude) <= 90 && math.Abs(longitude) <= 180) { // refuses NaN too
		return Cell{}
	}
	row, column := math.Floor(latitude+90), math.Floor(longitude+180)
	return Cell{row: 1 + int16(min(row, rows-1)), column: 1 + int16(column)%columns}
}

// String returns the cell's south-western corner: "52,4" is from 52 to 53 degrees north and from 4 to 5 degrees east.
func (c Cell) String() string { return fmt.Sprintf("%d,%d", c.row-1-rows/2, c.column-1-columns/2) }

// touches reports whether two cells share a side or a corner.
func (c Cell) touches(other Cell) bool {
	apart := (c.column - other.column + columns) % columns
	return max(c.row-other.row, other.row-c.row) <= 1 && (apart <= 1 || apart == columns-1)
}

// Registry is what is known of the probes. It does not change.
type Registry struct {
	probes map[atlas.ProbeID]ProbeInfo
	digest string
}

// NewRegistry makes a registry, which owns the map from then on.
func NewRegistry(probes map[atlas.ProbeID]ProbeInfo) *Registry {
	return &Registry{probes: probes, digest: digestOf(probes)}
}

// Digest is equal for registries with equal probes.
func (r *Registry) Digest() string { return r.digest }

func digestOf(probes map[atlas.ProbeID]ProbeInfo) string {
	hash := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(probes)) {
		p := probes[id]
		fmt.Fprintf(hash, "%d %q %d %s %t\n", id, p.Country, p.ASN, p.Cell, p.Connected)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}
