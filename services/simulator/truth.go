package simulator

import (
	"cmp"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
)

// Truth is what happened in a network, which readers of its events should find out. Times are Unix seconds.
type Truth struct {
	Kind        Kind                `json:"kind"`
	Units       []string            `json:"units"`                 // what was hit: region:NAME, AS and number, controller:NAME, world; root:LETTER and region:NAME
	Measurement atlas.MeasurementID `json:"measurement,omitempty"` // which shows a change of catchment
	Start       float64             `json:"start"`
	End         float64             `json:"end"`
	Probes      []atlas.ProbeID     `json:"probes"` // that lost their controller by it, or were answered by another instance
}

// Truth returns what begins in an interval, without its end, in order.
func (n *Network) Truth(from, until time.Time) []Truth {
	var all []Truth
	first, last := sinceEpoch(from), sinceEpoch(until)
	d := newDice()
	for period := n.periodOf(first); period <= n.periodOf(last); period++ {
		all = append(all, n.incidentTruths(d, period)...)
	}
	for hour := int64(first / time.Hour); hour <= int64(last/time.Hour); hour++ {
		moved := n.shiftOf(d, hour)
		all = append(all, n.shiftTruth(&moved))
	}
	all = slices.DeleteFunc(all, func(t Truth) bool { return t.Start < first.Seconds() || t.Start >= last.Seconds() })
	slices.SortStableFunc(all, func(a, b Truth) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

func (n *Network) incidentTruths(d *dice, period int64) (all []Truth) {
	type name struct {
		kind   Kind
		number int64
	}
	hit := map[name][]atlas.ProbeID{}
	for _, away := range mergeAbsences(n.absencesAround(d, period-1, period+1)) {
		if away.cause != nil {
			of := name{away.cause.kind, away.cause.number}
			hit[of] = append(hit[of], away.probe.id)
		}
	}
	for _, i := range n.scenario.incidents(d, period) {
		all = append(all, Truth{
			Kind: i.kind, Units: []string{i.unit}, Start: i.from.Seconds(), End: i.until.Seconds(), Probes: inOrder(hit[name{i.kind, i.number}]),
		})
	}
	return all
}

func (n *Network) shiftTruth(s *shift) Truth {
	var moved []atlas.ProbeID
	for i := range n.probes {
		if p := &n.probes[i]; s.moves(p, s.server, s.from) {
			moved = append(moved, p.id)
		}
	}
	server := &n.servers[s.server]
	return Truth{
		Kind: KindCatchment, Units: []string{"root:" + server.letter, "region:" + s.region}, Measurement: server.measurement,
		Start: s.from.Seconds(), End: s.until.Seconds(), Probes: inOrder(moved),
	}
}

func inOrder(ids []atlas.ProbeID) []atlas.ProbeID {
	slices.Sort(ids)
	if ids == nil {
		ids = []atlas.ProbeID{} // not null in JSON
	}
	return ids
}
