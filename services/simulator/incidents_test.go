package simulator

import (
	"encoding/json"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

// settled is more than it takes until the last probe of a region has followed an incident.
const settled = maxRecoveryLag + time.Second

func TestIncidentsBeginAndEndWithinTheirHour(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 50})
	d, regions := newDice(), map[string]bool{}
	for hour := int64(490_000); hour < 491_000; hour++ {
		begin, end := time.Duration(hour)*time.Hour, time.Duration(hour+1)*time.Hour
		outage, shift := n.incidentsOf(d, hour)
		if outage.from < begin || outage.until <= outage.from || outage.until+maxRecoveryLag > end {
			t.Fatalf("hour %d: outage from %s to %s", hour, timeAt(outage.from), timeAt(outage.until))
		}
		if shift.from < begin || shift.until <= shift.from || shift.until > end {
			t.Fatalf("hour %d: shift from %s to %s", hour, timeAt(shift.from), timeAt(shift.until))
		}
		regions[outage.unit] = true
	}
	if len(regions) != len(n.regions) {
		t.Errorf("%d of %d regions had an outage in 1,000 hours", len(regions), len(n.regions))
	}
}

func TestOutageCutsARegionOffAndEnds(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 20})
	out, _ := n.incidentsOf(newDice(), int64(sinceEpoch(start)/time.Hour))
	answered := func(from, until time.Duration, inRegion bool) (share float64) {
		of, with := 0, 0
		for _, r := range resultsDuring(t, n, timeAt(from), until-from, "ping", "dns") {
			if out.hits(r.probe) != inRegion {
				continue
			}
			of++
			if r.Type == "ping" && r.Received > 0 || r.Type == "dns" && r.Result != nil {
				with++
			}
		}
		if of == 0 {
			t.Fatalf("no results from %s to %s", timeAt(from), timeAt(until))
		}
		return float64(with) / float64(of)
	}
	if share := answered(out.from-2*time.Minute, out.from, true); share < 0.95 {
		t.Errorf("before the outage of %s %.3f of its results have answers", out.unit, share)
	}
	if share := answered(out.from+maxLossLag, out.until, true); share != 0 {
		t.Errorf("in the outage of %s %.3f of its results have answers", out.unit, share)
	}
	if share := answered(out.from+maxLossLag, out.until, false); share < 0.99 {
		t.Errorf("in the outage of %s %.3f of the other regions' results have answers", out.unit, share)
	}
	if share := answered(out.until+settled, out.until+settled+2*time.Minute, true); share < 0.95 {
		t.Errorf("after the outage of %s %.3f of its results have answers", out.unit, share)
	}
}

func TestShiftLeadsARegionToAnotherInstanceAndBack(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 25})
	moved := n.shiftOf(newDice(), int64(sinceEpoch(start)/time.Hour))
	measurement := n.servers[moved.server].measurement
	where := citiesOfInstances(n)
	seen := map[bool]int{}
	for _, r := range resultsDuring(t, n, timeAt(moved.from-5*time.Minute), moved.until-moved.from+10*time.Minute, "dns") {
		identity, rt := "", 0.0
		if r.Measurement == measurement && r.probe.city.region == moved.region {
			identity, rt = r.identity(t)
		}
		if identity == "" {
			continue
		}
		at := sinceEpoch(r.at)
		shifted := at >= moved.from && at < moved.until
		want := r.probe.routes[moved.server].usual
		if shifted {
			want = r.probe.routes[moved.server].fallback
		}
		if identity != want.instance.identity || rt < roundTripFloor(kmTo(r.probe, where[identity])) {
			t.Errorf("probe %d at %s: %s answers after %v ms, want %s", r.Probe, r.at, identity, rt, want.instance.identity)
		}
		seen[shifted]++
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("%d results in the shift, %d around it", seen[true], seen[false])
	}
}

func TestFallbackIsInAnotherRegion(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: 50})
	for i := range n.probes {
		for s, routes := range n.probes[i].routes {
			if routes.usual.site.city.region == routes.fallback.site.city.region {
				t.Fatalf("probe %d has both of its routes to %s-root in %s", n.probes[i].id, n.servers[s].letter, routes.usual.site.city.region)
			}
		}
	}
}

func TestConnectionEventsAlternate(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: MinRate})
	last, count := map[atlas.ProbeID]string{}, 0
	for event := range during(n, start, 48*time.Hour) {
		if event.Stream != atlas.StreamProbeStatus {
			continue
		}
		var status struct {
			Probe      atlas.ProbeID `json:"prb_id"`
			Event      string
			Controller string
			ASN        int
			Prefix     string
			MsmID      atlas.MeasurementID `json:"msm_id"`
		}
		if err := json.Unmarshal(event.JSON, &status); err != nil {
			t.Fatal(err)
		}
		if last[status.Probe] == status.Event {
			t.Errorf("probe %d: %s twice, the second time at %s", status.Probe, status.Event, event.Time)
		}
		if status.Controller == "" || status.ASN == 0 || status.Prefix == "" || status.MsmID != atlas.ConnectionMeasurement {
			t.Fatalf("%s", event.JSON)
		}
		last[status.Probe] = status.Event
		count++
	}
	if perHour := count / 48; perHour < 20 || perHour > 150 {
		t.Errorf("%d connection events an hour", perHour)
	}
}

// Every probe of a region that is cut off disconnects, and connects again.
func TestOutageShowsInConnections(t *testing.T) {
	n := newNetwork(t, Config{Seed: 1, Rate: MinRate})
	out, _ := n.incidentsOf(newDice(), int64(sinceEpoch(start)/time.Hour))
	affected := map[atlas.ProbeID][]string{}
	for i := range n.probes {
		if out.hits(&n.probes[i]) {
			affected[n.probes[i].id] = nil
		}
	}
	for event := range during(n, timeAt(out.from), out.until+settled-out.from) {
		if event.Stream != atlas.StreamProbeStatus {
			continue
		}
		var status struct {
			Probe atlas.ProbeID `json:"prb_id"`
			Event string
		}
		if err := json.Unmarshal(event.JSON, &status); err != nil {
			t.Fatal(err)
		}
		if _, is := affected[status.Probe]; is {
			affected[status.Probe] = append(affected[status.Probe], status.Event)
		}
	}
	for id, events := range affected {
		if len(events) != 2 || events[0] != "disconnect" || events[1] != "connect" {
			t.Errorf("probe %d in %s: %v", id, out.unit, events)
		}
	}
}
