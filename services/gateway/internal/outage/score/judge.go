package score

import (
	"time"

	"atlasstream/services/gateway/internal/outage"
)

// The sizes of outages, in probes that were hit, by which recall is told.
const (
	large = 20
	small = 5
)

// matching is how far apart an incident that was found and a true one may begin.
const matching = 15 * time.Minute

// Figures are how well a detector did. Those of several recordings add up.
type Figures struct {
	Days float64

	Large, LargeFound int // outages that hit 20 probes or more
	Small, SmallFound int // those that hit 5 to 19
	Found, Right      int // incidents that were told, and those that are true
	Pieces            int // of them, those that are of large outages

	Platform, PlatformLabelled       int
	Controllers, ControllersLabelled int
	Miscalled                        int // trouble of the platform or of a controller that was called an outage

	Delays      []float64 // seconds, of large outages
	StartErrors []float64
	EndErrors   []float64
	Extents     []float64 // share of the probes that were named
}

// Judge compares what was found with what is true. An incident is right if half of its probes belong to a true one of its kind that began at about the time.
func Judge(r *Recording, all []Found) (f Figures) {
	f.Days = r.Until.Sub(r.From).Hours() / 24
	right := map[*Incident][]Found{}
	for _, found := range all {
		if found.Start.Before(r.From) || !found.Start.Before(r.Until) {
			continue
		}
		f.Found++
		truth := r.match(found)
		switch {
		case truth == nil:
		case truth.Kind == found.Kind:
			f.Right++
			right[truth] = append(right[truth], found)
		case found.Kind == outage.KindOutage:
			f.Miscalled++
		}
	}
	for _, truth := range r.Truth {
		if !truth.Start.Before(r.From) {
			f.count(truth, right[truth])
		}
	}
	return f
}

// match gives the true incident that most of the probes belong to; nil if less than half of them do.
func (r *Recording) match(found Found) (best *Incident) {
	most := (len(found.Probes) + 1) / 2
	for _, truth := range r.Truth {
		if apart := found.Start.Sub(truth.Start); apart > matching || apart < -matching {
			continue
		}
		shared := 0
		for _, id := range found.Probes {
			if truth.Probes[id] {
				shared++
			}
		}
		if shared >= most {
			best, most = truth, shared+1
		}
	}
	return best
}

// count adds up what was found of a true incident.
func (f *Figures) count(truth *Incident, found []Found) {
	is := 0
	if len(found) > 0 {
		is = 1
	}
	switch hit := len(truth.Probes); {
	case truth.Kind == outage.KindPlatform:
		f.Platform++
		f.PlatformLabelled += is
	case truth.Kind == outage.KindController:
		f.Controllers++
		f.ControllersLabelled += is
	case hit >= large:
		f.Large++
		f.LargeFound += is
		f.Pieces += len(found)
		f.measure(truth, found)
	case hit >= small:
		f.Small++
		f.SmallFound += is
	}
}

// measure adds how well a large outage was told.
func (f *Figures) measure(truth *Incident, found []Found) {
	if len(found) == 0 {
		return
	}
	named, first := 0, found[0]
	for _, piece := range found {
		for _, id := range piece.Probes {
			if truth.Probes[id] {
				named++
			}
		}
	}
	f.Extents = append(f.Extents, min(1, float64(named)/float64(len(truth.Probes))))
	f.StartErrors = append(f.StartErrors, first.Start.Sub(truth.Start).Abs().Seconds())
	if !first.Noticed.IsZero() {
		f.Delays = append(f.Delays, first.Noticed.Sub(truth.Start).Seconds())
	}
	if !first.Recovered50.IsZero() && truth.Recovered50 != never {
		f.EndErrors = append(f.EndErrors, first.Recovered50.Sub(truth.Recovered50).Abs().Seconds())
	}
}

// Add adds up.
func (f *Figures) Add(other *Figures) {
	f.Days += other.Days
	f.Large, f.LargeFound = f.Large+other.Large, f.LargeFound+other.LargeFound
	f.Small, f.SmallFound = f.Small+other.Small, f.SmallFound+other.SmallFound
	f.Found, f.Right, f.Pieces = f.Found+other.Found, f.Right+other.Right, f.Pieces+other.Pieces
	f.Platform, f.PlatformLabelled = f.Platform+other.Platform, f.PlatformLabelled+other.PlatformLabelled
	f.Controllers, f.ControllersLabelled = f.Controllers+other.Controllers, f.ControllersLabelled+other.ControllersLabelled
	f.Miscalled += other.Miscalled
	f.Delays = append(f.Delays, other.Delays...)
	f.StartErrors = append(f.StartErrors, other.StartErrors...)
	f.EndErrors = append(f.EndErrors, other.EndErrors...)
	f.Extents = append(f.Extents, other.Extents...)
}
