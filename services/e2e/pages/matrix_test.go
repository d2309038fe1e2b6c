//go:build pages

package pages

import (
	"encoding/json"
	"testing"
	"time"

	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
	"atlasstream/services/standalone/stack"
)

// make pages runs these tests, make test does not: they take minutes.

// troubledNetwork starts a simulated network with a day of history, in which regions, providers and controllers have failed.
func troubledNetwork(t *testing.T) *testcluster.Cluster {
	t.Helper()
	cluster, _ := testcluster.StartStandalone(t, stack.Config{Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 5, Seed: 1, Probes: 1200, Incidents: "hard"}, Past: 26 * time.Hour})
	await.Condition(t, "outages are known", func() bool {
		var answer struct{ Outages []struct{} }
		return cluster.GetJSON(t, "/api/outages", &answer) && len(answer.Outages) > 0
	})
	return cluster
}

// checking logs what a scenario has checked.
func checking(t *testing.T) map[string]func(json.RawMessage) any {
	t.Helper()
	return map[string]func(json.RawMessage) any{
		"checked": func(what json.RawMessage) any {
			t.Logf("checked %s", what)
			return nil
		},
	}
}

// Pictures of every page in both themes, on a phone, a screen and a wide one, are kept in .cache/screenshots for a person to look at.
func TestMatrixOfLooks(t *testing.T) {
	usePages(t, "looks", troubledNetwork(t), checking(t))
}

// Axe finds nothing in any state of a page.
func TestMatrixOfStates(t *testing.T) {
	cluster := troubledNetwork(t)
	for _, title := range []string{"Explore", "Replay", "Instances", "Probes"} {
		t.Run(title, func(t *testing.T) {
			asked := checking(t)
			asked["page"] = func(json.RawMessage) any { return title }
			usePages(t, "states", cluster, asked)
		})
	}
}

// Everything can be done with the keyboard.
func TestMatrixOfKeys(t *testing.T) {
	usePages(t, "keyboard", troubledNetwork(t), checking(t))
}

// Times are correct in every time zone, also around changes of the clock.
func TestMatrixOfZones(t *testing.T) {
	cluster, _ := testcluster.StartStandalone(t, stack.Config{})
	usePages(t, "zones", cluster, map[string]func(json.RawMessage) any{"post": posting(t, cluster)})
}

// If a gateway lacks something or refuses it, the pages say so in their own words, and what to do about it.
func TestMatrixOfRemedies(t *testing.T) {
	kafka := testcluster.Brokers["embedded"](t)
	cluster := testcluster.Start(t, kafka)
	cluster.MustPut(t, "/v1/measurements", []byte(`{"id":9001,"type":"ping","is_public":true,"status":{"id":2,"name":"Ongoing"}}
{"id":9002,"type":"ping","is_public":false,"status":{"id":2,"name":"Ongoing"}}
{"id":9003,"type":"ping","is_public":true,"status":{"id":4,"name":"Stopped"},"stop_time":1427500800}`))
	cluster.MustPost(t, []byte(`{"type":"ping","msm_id":9003,"prb_id":1,"timestamp":1427500000,"fw":5080,"result":[{"rtt":5.5}]}`))
	tokens := testcluster.WriteTokens(t, `[{"name":"reader","token":"of-a-reader-of-the-past","roles":["history","non-public"]}]`)
	for history, cfg := range map[string]gateway.Config{
		gateway.HistoryOff:   {},
		gateway.HistoryToken: {History: gateway.HistoryToken, Tokens: tokens},
	} {
		t.Run(history, func(t *testing.T) {
			usePages(t, "remedies", testcluster.StartGateway(t, kafka, cfg), map[string]func(json.RawMessage) any{
				"history": func(json.RawMessage) any { return history },
			})
		})
	}
}
