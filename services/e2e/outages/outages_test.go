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

// outagesAnswer has the members of an answer of /api/outages that the test needs.
type outagesAnswer struct {
	Outages []struct {
		Kind, State string
		Units       []struct{ Kind, Name string }
		Probes      []struct{ ID atlas.ProbeID }
	}
}

// has reports whether there is an outage of a country with most of some probes.
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

// The gateway detects an incident of the simulated network and reports it to requests and to streams. It also reports connections and disconnects per minute.
func TestOutagesOfTheSimulatedNetwork(t *testing.T) {
	incident := largestRecentIncident(t)
	const ahead = 20 * time.Minute // in which the detector learns what is usual
	cluster, _ := testcluster.StartStandalone(t, stack.Config{Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 1, Seed: 1}, Past: ahead + time.Since(time.UnixMilli(int64(1000*incident.Start)))})
	var answer outagesAnswer
	await.Condition(t, "the incident is found", func() bool { return cluster.GetJSON(t, "/api/outages", &answer) && answer.has(incident.Probes) })
	if first := firstEvent(t, cluster, "/api/outages"); !first.has(incident.Probes) {
		t.Errorf("the stream begins with %+v", first)
	}
	var connections struct {
		World struct{ Connected, Disconnects []*int64 }
	}
	if !cluster.GetJSON(t, "/api/connections?step=60", &connections) {
		t.Fatal("there is no answer about connections")
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

// largestRecentIncident is the one with the most probes in the last hours. Every hour has one incident, of any size.
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
		t.Fatalf("the largest incident is %+v", largest)
	}
	return largest
}

// firstEvent returns the first event of a stream of outages.
func firstEvent(t *testing.T, cluster *testcluster.Cluster, path string) (answer outagesAnswer) {
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
			if err := json.Unmarshal([]byte(data), &answer); err != nil {
				t.Error(err)
			}
			return answer
		}
	}
	t.Fatalf("the stream ended: %v", lines.Err())
	return answer
}
