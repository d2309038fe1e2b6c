package score

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
)

// unit is a country or an ASN, in which the detectors that ours is compared with look for incidents.
type unit struct {
	probes int
	lost   []outage.ConnectionEvent // disconnects, in order
}

func unitsOf(r *Recording) []*unit {
	units := map[string]*unit{}
	of := func(id atlas.ProbeID) (all []*unit) {
		p := r.Probes[id]
		for _, name := range []string{p.Country, fmt.Sprint("AS", p.ASN)} {
			if units[name] == nil {
				units[name] = &unit{}
			}
			all = append(all, units[name])
		}
		return all
	}
	for id := range r.Probes {
		for _, u := range of(id) {
			u.probes++
		}
	}
	for _, event := range r.Events {
		if event.Connected || event.Time.Before(r.From) || !event.Time.Before(r.Until) {
			continue
		}
		for _, u := range of(event.Probe) {
			u.lost = append(u.lost, event)
		}
	}
	inOrder := []*unit{}
	for _, name := range slices.Sorted(maps.Keys(units)) {
		inOrder = append(inOrder, units[name])
	}
	return inOrder
}

// sameIncident is how far apart units may begin to fail where that counts as one incident, with any detector.
const sameIncident = 2 * time.Minute

// merged makes one incident of what began in several units at about the same time.
func merged(all []Found) (apart []Found) {
	slices.SortStableFunc(all, func(a, b Found) int { return a.Start.Compare(b.Start) })
	for _, next := range all {
		if last := len(apart) - 1; last >= 0 && next.Start.Sub(apart[last].Start) <= sameIncident {
			apart[last].Probes = append(apart[last].Probes, next.Probes...)
			apart[last].Noticed = earlier(apart[last].Noticed, next.Noticed)
			continue
		}
		apart = append(apart, next)
	}
	for i := range apart {
		slices.Sort(apart[i].Probes)
		apart[i].Probes = slices.Compact(apart[i].Probes)
	}
	return apart
}

func earlier(a, b time.Time) time.Time {
	return time.UnixMilli(min(a.UnixMilli(), b.UnixMilli())).UTC()
}

// probesOf gives the probes of events, each once.
func probesOf(events []outage.ConnectionEvent) []atlas.ProbeID {
	ids := make([]atlas.ProbeID, len(events))
	for i := range events {
		ids[i] = events[i].Probe
	}
	slices.SortFunc(ids, cmp.Compare)
	return slices.Compact(ids)
}
