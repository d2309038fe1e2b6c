package outages

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/simulator"
	"atlasstream/services/standalone/stack"
)

// outagesAnswer is what is asked of /api/outages here.
type outagesAnswer struct {
	Outages []struct {
		Kind, State string
		Units       []struct{ Kind, Name string }
		Probes      []struct{ ID atlas.ProbeID }
	}
}

// has tells whether there is an outage of a country with most of some probes.
func (o *outagesAnswer) has(probes []atlas.ProbeID) bool {
	for _, one := range o.Outages {
		hit := 0
		for _, lost := range one.Probes {
			if slices.Contains(probes, lost.ID) {
				hit++
			}
		}
		if one.Kind == "outage" && 2*hit > len(probes) && 2*hit > len(one.Probes) && len(one.Units) > 0 {
			return true
		}
	}
	return false
}

// What goes wrong in the simulated network is found by the gateway, and told to who asks and to who follows; what happened by the minute is told as well.
func TestOutagesOfTheSimulatedNetwork(t *testing.T) {
	incident := largestRecentIncident(t)
	const ahead = 20 * time.Minute // for the detector to see what is usual
	cluster, _ := testcluster.StartStandalone(t, stack.Config{Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 1, Seed: 1}, Past: ahead + time.Since(time.UnixMilli(int64(1000*incident.Start)))})
	var told outagesAnswer
	await.Condition(t, "the incident is found", func() bool { return cluster.GetJSON(t, "/api/outages", &told) && told.has(incident.Probes) })
	if first := firstEvent(t, cluster, "/api/outages"); !first.has(incident.Probes) {
		t.Errorf("who follows is told %+v", first)
	}
	var connections struct {
		World struct{ Connected, Disconnects []*int64 }
	}
	if !cluster.GetJSON(t, "/api/connections?step=60", &connections) {
		t.Fatal("the connections are not known")
	}
	sum := int64(0)
	for _, count := range connections.World.Disconnects {
		if count != nil {
			sum += *count
		}
	}
	if last := connections.World.Connected[1439]; sum < int64(len(incident.Probes)) || last == nil || *last < 200 {
		t.Errorf("%d were disconnected, and %v are connected now", sum, last)
	}
}

// largestRecentIncident is what hit most probes of what has begun lately: each hour has an incident, of any size.
func largestRecentIncident(t *testing.T) (largest simulator.Truth) {
	t.Helper()
	network, err := simulator.New(simulator.Config{Seed: 1, Rate: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range network.Truth(time.Now().Add(-12*time.Hour), time.Now().Add(-5*time.Minute)) {
		if one.Kind == simulator.KindOutage && len(one.Probes) > len(largest.Probes) {
			largest = one
		}
	}
	if len(largest.Probes) < 5 {
		t.Fatalf("nothing has gone wrong but %+v", largest)
	}
	return largest
}

// firstEvent is the first one of who follows outages.
func firstEvent(t *testing.T, cluster *testcluster.Cluster, path string) (told outagesAnswer) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+cluster.Public+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			if err := json.Unmarshal([]byte(data), &told); err != nil {
				t.Error(err)
			}
			return told
		}
	}
	t.Fatalf("it ended: %v", lines.Err())
	return told
}
