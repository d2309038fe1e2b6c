// Package score judges the outage detector, and others beside it, by what happens in a simulated network.
package score

import (
	"fmt"
	"slices"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/simulator"
)

// Recording is what a simulated network said in some days, and what was true.
type Recording struct {
	Name   string
	From   time.Time
	Until  time.Time
	Probes map[atlas.ProbeID]outage.ProbeInfo
	Events []outage.ConnectionEvent // from some days before on, which a detector may learn from
	Truth  []*Incident              // from an hour before on
}

// Incident is something that really happened.
type Incident struct {
	Kind        outage.Kind
	Start       time.Time
	Recovered50 time.Time // when half of its probes were connected again
	Probes      map[atlas.ProbeID]bool
}

const (
	learning  = 4 * 24 * time.Hour // before the days that are judged
	lookAhead = 24 * time.Hour     // after them, so that what ends later is seen to end
)

// firstDay is a Thursday, as 1970 began with: each week of the simulator has one platform trouble.
var firstDay = time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)

// Record simulates a network.
func Record(cfg simulator.Config, days int) (*Recording, error) {
	cfg.Rate = simulator.MinRate
	network, err := simulator.New(cfg)
	if err != nil {
		return nil, err
	}
	r := &Recording{
		Name: fmt.Sprintf("%s, %d probes, seed %d", cfg.Incidents, cfg.Probes, cfg.Seed),
		From: firstDay, Until: firstDay.AddDate(0, 0, days), Probes: map[atlas.ProbeID]outage.ProbeInfo{},
	}
	if err := r.register(network); err != nil {
		return nil, err
	}
	if err := r.listen(network); err != nil {
		return nil, err
	}
	r.tell(network)
	return r, nil
}

func (r *Recording) register(network *simulator.Network) error {
	objects, err := network.ProbeObjects(r.From.Add(-learning))
	if err != nil {
		return err
	}
	for _, object := range objects {
		p, err := atlas.ParseProbe(object)
		if err != nil {
			return err
		}
		r.Probes[p.ID] = outage.ProbeOf(&p)
	}
	return nil
}

func (r *Recording) listen(network *simulator.Network) error {
	for event := range network.Connections(r.From.Add(-learning)) {
		if event.Time.After(r.Until.Add(lookAhead)) {
			return nil
		}
		parsed, err := atlas.ParseProbeStatus(event.JSON)
		if err != nil {
			return err
		}
		read, err := outage.EventOf(&atlas.Record{Event: parsed, Position: atlas.Position{Offset: int64(len(r.Events))}})
		if err != nil {
			return err
		}
		r.Events = append(r.Events, read)
	}
	return nil
}

func (r *Recording) tell(network *simulator.Network) {
	changes := map[atlas.ProbeID][]outage.ConnectionEvent{}
	for _, event := range r.Events {
		changes[event.Probe] = append(changes[event.Probe], event)
	}
	for _, told := range network.Truth(r.From.Add(-time.Hour), r.Until) {
		if told.Kind == simulator.KindCatchment {
			continue
		}
		incident := &Incident{Kind: outage.Kind(told.Kind), Start: timeOf(told.Start), Probes: map[atlas.ProbeID]bool{}}
		var back []time.Time
		for _, id := range told.Probes {
			incident.Probes[id] = true
			back = append(back, backAfter(changes[id], incident.Start))
		}
		if len(back) > 0 {
			slices.SortFunc(back, time.Time.Compare)
			incident.Recovered50 = back[(len(back)-1)/2]
		}
		r.Truth = append(r.Truth, incident)
	}
}

// backAfter is when a probe was connected again that was disconnected at a time or after.
func backAfter(changes []outage.ConnectionEvent, at time.Time) time.Time {
	lost := false
	for _, change := range changes {
		if change.Time.Before(at.Truncate(time.Second)) {
			continue
		}
		if lost && change.Connected {
			return change.Time
		}
		lost = lost || !change.Connected
	}
	return never
}

// never is later than anything that is seen to.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

func timeOf(seconds float64) time.Time { return time.UnixMilli(int64(seconds * 1000)).UTC() }
