package score

import (
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
)

// Found is an incident as a detector tells it.
type Found struct {
	Kind        outage.Kind
	Start       time.Time
	Noticed     time.Time // zero where the detector does not say it
	Recovered50 time.Time // likewise
	Probes      []atlas.ProbeID
}

// Detector is a way to find incidents.
type Detector struct {
	Name string
	Find func(r *Recording) []Found
}

// Detectors are ours and those that it is compared with.
func Detectors() []Detector {
	return []Detector{
		{Ours, FindOurs},
		{Counter5, counter{least: 5}.find},
		{Counter10, counter{least: 10, share: 0.2}.find},
		{Disco10, disco(10).find},
		{Disco7, disco(7).find},
	}
}

// The detectors' names.
const (
	Ours      = "this detector"
	Counter5  = "counter: 5 probes in 5 min"
	Counter10 = "counter: 10 probes and 20 % in 5 min"
	Disco10   = "Disco's method, level 10"
	Disco7    = "Disco's method, level 7"
)

// All has every detector look at recordings, and adds up what each did.
func All(recordings []*Recording) []Row {
	var rows []Row
	for _, detector := range Detectors() {
		row := Row{Detector: detector.Name}
		for _, r := range recordings {
			f := Judge(r, detector.Find(r))
			row.Figures.Add(&f)
		}
		rows = append(rows, row)
	}
	return rows
}

// FindOurs has the outage detector look for incidents, as a gateway does.
func FindOurs(r *Recording) (all []Found) {
	days := outage.DaysOf(outage.NewRegistry(r.Probes), outage.DayOf(r.From), outage.DayOf(r.Until))
	for _, event := range r.Events {
		days.Take(event)
	}
	for _, o := range days.Between(r.From, r.Until) {
		if o.State == outage.StateWithdrawn {
			continue
		}
		found := Found{Kind: o.Kind, Start: timeOf(o.Start), Noticed: timeOf(o.Noticed)}
		for _, lost := range o.Probes {
			found.Probes = append(found.Probes, lost.ID)
		}
		if o.Recovered50 != nil {
			found.Recovered50 = timeOf(*o.Recovered50)
		}
		all = append(all, found)
	}
	return all
}
