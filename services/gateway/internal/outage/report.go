package outage

import (
	"cmp"
	"math"
	"slices"

	"atlasstream/pkg/atlas"
)

// Outage is an outage as clients get it. Times are Unix seconds.
type Outage struct {
	ID          int64    `json:"id"`       // offset of its first disconnect
	Revision    int64    `json:"revision"` // offset of the event that changed it last
	Kind        Kind     `json:"kind"`
	State       State    `json:"state"`
	Flap        bool     `json:"flap"`        // most probes reconnected within a minute
	Noticed     float64  `json:"noticed"`     // the time of the event that revealed it
	Start       float64  `json:"start"`       // of the first disconnect
	End         *float64 `json:"end"`         // null until it is over
	Recovered50 *float64 `json:"recovered50"` // when half of the probes had reconnected
	Recovered90 *float64 `json:"recovered90"`
	Score       float64  `json:"score"` // the probability of as many by chance is 10 to the power of -score
	Lost        int      `json:"lost"`  // probes
	Of          int      `json:"of"`    // probes of its units that were connected
	Units       []Unit   `json:"units"`
	Countries   []Share  `json:"countries"` // of the probes, most first
	Networks    []Share  `json:"asns"`
	Probes      []Lost   `json:"probes"` // in the order of IDs
}

// Unit is something whose probes an outage hit.
type Unit struct {
	Kind     string  `json:"kind"` // world, controller, country, asn or cell
	Name     string  `json:"name"`
	Start    float64 `json:"start"`
	Lost     int     `json:"lost"`
	Of       int     `json:"of"`       // probes that were connected
	Expected float64 `json:"expected"` // probes that the unit's rate would have lost in the time
	Rate     float64 `json:"rate"`     // disconnects an hour
	Score    float64 `json:"score"`
}

// Share is how many of an outage's probes are of a country or an ASN.
type Share struct {
	Name string `json:"name"`
	Lost int    `json:"lost"`
}

// Lost is a probe that an outage hit.
type Lost struct {
	ID   atlas.ProbeID `json:"id"`
	Down float64       `json:"down"`
	Back *float64      `json:"back"` // null until it reconnects
}

// report returns the outage as it is now.
func (o *outage) report() Outage {
	if o.frozen != nil {
		return *o.frozen
	}
	reported := Outage{
		ID: o.id, Revision: o.revision, Kind: o.kind, State: o.state, Flap: o.isFlap(),
		Noticed: o.noticed.seconds(), Start: o.start.seconds(), Recovered50: o.recovered50.orNull(), Recovered90: o.recovered90.orNull(),
		Score: rounded(o.surprise, 1), Lost: len(o.lost), Of: o.of,
		Units: make([]Unit, 0, len(o.units)), Countries: o.sharesOf(country), Networks: o.sharesOf(network), Probes: o.probes(),
	}
	if o.state == StateOver {
		reported.End = reported.Recovered50
	}
	for _, u := range o.units {
		reported.Units = append(reported.Units, Unit{
			Kind: u.kind.String(), Name: u.label(), Start: u.from.seconds(), Lost: u.lost, Of: u.of,
			Expected: rounded(u.expected, 3), Rate: rounded(u.rate, 3), Score: rounded(u.surprise, 1),
		})
	}
	return reported
}

// probes are in the order of IDs.
func (o *outage) probes() []Lost {
	probes := make([]Lost, 0, len(o.lost))
	for p, lost := range o.lost {
		probes = append(probes, Lost{ID: p.id, Down: lost.at.seconds(), Back: lost.back.orNull()})
	}
	slices.SortFunc(probes, func(a, b Lost) int { return cmp.Compare(a.ID, b.ID) })
	return probes
}

// label is the name in reports.
func (k unitKey) label() string {
	switch k.kind {
	case world:
		return "world"
	case network:
		return "AS" + k.name
	default:
		return k.name
	}
}

func (o *outage) sharesOf(kind unitKind) []Share {
	counts := map[string]int{}
	for _, lost := range o.lost {
		if u := lost.units[kind]; u != nil {
			counts[u.label()]++
		}
	}
	shares := make([]Share, 0, len(counts))
	for name, count := range counts {
		shares = append(shares, Share{name, count})
	}
	slices.SortFunc(shares, func(a, b Share) int { return cmp.Or(cmp.Compare(b.Lost, a.Lost), cmp.Compare(a.Name, b.Name)) })
	return shares
}

func (i instant) orNull() *float64 {
	if i == 0 {
		return nil
	}
	seconds := i.seconds()
	return &seconds
}

// rounded rounds a number, so that it is the same on every processor. It returns 0 for numbers that JSON cannot encode.
func rounded(value float64, places int) float64 {
	unit := math.Pow10(places)
	cut := math.Round(value*unit) / unit
	if math.IsNaN(cut) || math.IsInf(cut, 0) {
		return 0
	}
	return cut
}
