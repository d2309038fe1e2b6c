package examples

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/standalone/stack"
)

// Every example works by the command of its README, on a standalone with an archive and on further gateways that are restarted.
func TestExamples(t *testing.T) {
	t.Parallel()
	cluster, _ := testcluster.StartStandalone(t, stack.Config{})
	if err := collector.Import(t.Context(), collector.ImportConfig{
		Kafka: []string{cluster.Kafka}, Into: "march-2015", Files: []string{"../../../pkg/atlas/testdata/dns.jsonl.gz"}, Progress: io.Discard, Summary: io.Discard,
	}); err != nil {
		t.Fatal(err)
	}
	var atOnce errgroup.Group // they mostly wait
	for name, test := range map[string]func(*testing.T, *testcluster.Cluster){
		"alert of Node": alertOfNode, "alert of curl": alertOfCurl, "dashboard of a page": dashboardOfPage, "dashboard of Go": dashboardOfGo,
		"incident of Python": incidentOfPython, "refused": refusedExamples,
	} {
		atOnce.Go(func() error {
			t.Run(name, func(t *testing.T) { test(t, cluster) })
			return nil
		})
	}
	_ = atOnce.Wait() // the subtests have failed themselves
}

// wrongToken is not a token of any gateway.
const wrongToken = "4c0ffee4c0ffee4c0ffee"

// An example that is refused says why and ends. This also shows that it sends the token of its environment.
func refusedExamples(t *testing.T, cluster *testcluster.Cluster) {
	file := filepath.Join(t.TempDir(), "counts.json")
	for _, begin := range []string{"node examples/node/alert.js", "examples/curl/alert.sh", "go run ./examples/go", "python3 examples/python/incident.py"} {
		e := startExample(t, cluster, strings.Replace(exampleCommand(t, begin), "/tmp/counts.json", file, 1), "TOKEN="+wrongToken)
		e.awaitStderr(t, "[invalid_token] ")
		if err := e.end(); err == nil {
			t.Errorf("%s ended without an error", begin)
		}
	}
}

// The example reports the incident of March 2015 correctly, although it is disconnected in the middle.
func incidentOfPython(t *testing.T, cluster *testcluster.Cluster) {
	proxy := netproxy.Start(t, cluster.Public)
	proxy.AllowUpgrades()
	proxied := cluster.At(proxy.Address)
	e := startExample(t, proxied, exampleCommand(t, "python3 examples/python/incident.py"))
	moves, sums := movesOfTheIncident(t)
	for i, move := range moves {
		e.expect(t, move)
		if i == len(moves)/2 {
			proxy.Cut()
			proxy.Restore()
		}
	}
	for _, sum := range sums {
		e.expect(t, sum)
	}
	for _, line := range []string{moves[0], sums[0]} {
		if !strings.Contains(exampleREADME(t), "`"+line+"`") {
			t.Errorf("examples/README.md does not say that it prints %q", line)
		}
	}
	if err := e.end(); err != nil {
		t.Error(err)
	}
}

// movesOfTheIncident is what the example must print: the probes whose instance has changed, in the order of their results.
func movesOfTheIncident(t *testing.T) (moves []string, sums []string) {
	t.Helper()
	start, end := time.Date(2015, 3, 27, 0, 8, 0, 0, time.UTC), time.Date(2015, 3, 27, 0, 15, 0, 0, time.UTC)
	where, counts := map[int64]string{}, map[string]int{}
	for _, event := range sample.SortedEvents(t, "dns", 1768147) {
		_, name, _ := bytes.Cut(event.Value, []byte(`"RDATA":"`))
		now, probe := string(name[:bytes.IndexByte(name, '"')]), int64(event.Probe)
		was, known := where[probe]
		where[probe] = now
		if known && was != now && !event.Time.Before(start) && !event.Time.After(end) {
			moves = append(moves, fmt.Sprintf("%s probe %d went from %s to %s", event.Time.UTC().Format(time.TimeOnly), probe, was, now))
			counts[was+" to "+now]++
		}
	}
	for _, to := range []string{"LHR", "HKG", "AMS", "WAW"} { // most first
		sums = append(sums, fmt.Sprintf("%d from JNB to %s", counts["JNB to "+to], to))
	}
	return moves, sums
}
