package simulator

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

// A probe's object says what the last of its connection events said.
func TestProbeObjectsAgreeWithTheEvents(t *testing.T) {
	n := newNetwork(t, Config{Seed: 3, Rate: 1})
	out, _ := n.incidentsOf(newDice(), 1790000000/3600)
	at := timeAt(out.from + time.Minute) // when some are cut off
	last := map[atlas.ProbeID]Event{}
	for event := range n.Events(at.Add(-6 * time.Hour)) {
		if event.Time.After(at) {
			break
		}
		if event.Stream == atlas.StreamProbeStatus {
			status, err := atlas.ParseProbeStatus(event.JSON)
			if err != nil {
				t.Fatal(err)
			}
			last[status.Probe] = event
		}
	}
	disconnected := 0
	for _, probe := range parsedProbes(t, n, at) {
		event, changed := last[probe.ID]
		want := "Connected"
		if changed && bytes.Contains(event.JSON, []byte(`"event":"disconnect"`)) {
			want = "Disconnected"
			disconnected++
		}
		if probe.StatusName != want || changed && probe.StatusSince.Unix() != event.Time.Unix() {
			t.Errorf("probe %d is %s since %s, but its last event is %s", probe.ID, probe.StatusName, probe.StatusSince, event.JSON)
		}
		if !probe.FirstConnected.Before(probe.StatusSince.Add(time.Second)) || *probe.TotalUptime < 0 || probe.Latitude == nil || len(probe.Tags) == 0 {
			t.Errorf("probe %d: %+v", probe.ID, probe)
		}
	}
	if len(last) < 10 || disconnected == 0 {
		t.Errorf("%d probes had events and %d are disconnected, too few to tell", len(last), disconnected)
	}
}

func parsedProbes(t *testing.T, n *Network, at time.Time) []atlas.Probe {
	t.Helper()
	objects, err := n.ProbeObjects(at)
	if err != nil {
		t.Fatal(err)
	}
	again, err := n.ProbeObjects(at)
	if err != nil || !slices.EqualFunc(objects, again, bytes.Equal) {
		t.Errorf("the same probes look different, %v", err)
	}
	probes := make([]atlas.Probe, len(objects))
	for i, object := range objects {
		if probes[i], err = atlas.ParseProbe(object); err != nil {
			t.Fatalf("%s: %v", object, err)
		}
	}
	return probes
}

func TestMeasurementObjectsAreThoseOfTheResults(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 50, Probes: 20})
	objects, err := n.MeasurementObjects()
	if err != nil {
		t.Fatal(err)
	}
	types := map[atlas.MeasurementID]string{}
	for _, object := range objects {
		measurement, err := atlas.ParseMeasurement(object)
		if err != nil {
			t.Fatalf("%s: %v", object, err)
		}
		if !measurement.Public || measurement.Stopped || measurement.Oneoff || measurement.Participants != 20 || measurement.Interval <= 0 || measurement.Start.IsZero() {
			t.Errorf("got %+v", measurement)
		}
		types[measurement.ID] = measurement.Type
	}
	seen := map[atlas.MeasurementID]bool{}
	for event := range n.Events(time.Unix(1790000000, 0)) {
		if event.Stream != atlas.StreamResult {
			continue
		}
		result, err := atlas.ParseResult(event.JSON)
		if err != nil || types[result.Measurement] != result.Type {
			t.Fatalf("%s: %v, but the registry has type %q", event.JSON, err, types[result.Measurement])
		}
		if seen[result.Measurement] = true; len(seen) == len(types) {
			break
		}
	}
}
