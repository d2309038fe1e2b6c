package resume

import (
	"encoding/json"
	"fmt"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// A client of Server-Sent Events resumes after the ID of the last event, on any gateway. The ID takes precedence over the parameter.
func TestServerSentEventsResume(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	here := connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(`{"msm":1001}`)}
	first, err := connection.OpenEvents(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(first.Close)
	cursors := []string{first.MustExpect(t, `["atlas_subscribed",{"msm":"1001"}`).Cursor()}
	cluster.MustPost(t, sample.NumberedRange(1001, 1, 10)...)
	for number := 1; number <= 5; number++ {
		cursors = append(cursors, first.MustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)).Cursor())
	}
	first.Close()
	for name, second := range map[string]connection.Options{
		"ID":                {Gateway: other.Public, Parameters: here.Parameters, LastEventID: cursors[5]},
		"ID, same gateway":  {Gateway: cluster.Public, Parameters: here.Parameters, LastEventID: cursors[5]},
		"parameter":         {Gateway: other.Public, Parameters: sample.JSON(map[string]any{"msm": 1001, "cursor": cursors[5]})},
		"ID over parameter": {Gateway: other.Public, Parameters: sample.JSON(map[string]any{"msm": 1001, "cursor": cursors[0]}), LastEventID: cursors[5]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := connection.OpenEvents(t.Context(), second)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.MustExpect(t, `["atlas_subscribed",{`)
			for number := 6; number <= 10; number++ {
				if msg := conn.MustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)); msg.Cursor() == "" {
					t.Errorf("%s has no ID", msg)
				}
			}
		})
	}
}

// eventSources are clients of Server-Sent Events that reconnect automatically. They send the last ID in the header, except event-source-polyfill, which sends it
// in the query.
var eventSources = []string{
	"event-source-polyfill", "eventsource-1", "eventsource-2", "eventsource-5", "launchdarkly-eventsource", "fetch-event-source",
}

// startEventSource starts a client from npm, or an EventSource of Chromium, and waits until it is connected.
func startEventSource(t *testing.T, name, url string) *realclient.Client {
	t.Helper()
	if name == "Chromium" {
		return realclient.StartBrowser(t, url)
	}
	c := realclient.StartProcess(t, "node", "../clients/eventsource/client.cjs", name, url)
	c.Expect(t, `["connect"]`)
	return c
}

// A client that was disconnected, even before its first result, reconnects automatically to another gateway, misses nothing and receives nothing twice.
func TestEventSourcesResumeAutomatically(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	for i, name := range append(eventSources, "Chromium") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkAutomaticResume(t, cluster, other, name, atlas.MeasurementID(1001+i))
		})
	}
}

func checkAutomaticResume(t *testing.T, cluster, other *testcluster.Cluster, name string, measurement atlas.MeasurementID) {
	t.Helper()
	proxy := netproxy.Start(t, cluster.Public)
	proxy.AllowUpgrades()
	source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=%d&_=1787541897", proxy.Address, measurement))
	subscribed := fmt.Sprintf(`["atlas_subscribed",{"msm":"%d"}]`, measurement)
	source.Expect(t, subscribed)
	number := 0
	expect := func(count int) {
		t.Helper()
		for range count {
			number++
			source.Expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, number))
		}
	}
	for _, before := range []int{0, 10, 10} { // results before it is disconnected
		if before > 0 {
			cluster.MustPost(t, sample.NumberedRange(measurement, number+1, number+before)...)
			expect(before)
		}
		proxy.Cut()
		proxy.ForwardTo(other.Public)
		if event, payload := source.Receive(t); event != "disconnect" {
			t.Fatalf("received %s %s", event, payload)
		}
		cluster.MustPost(t, sample.NumberedRange(measurement, number+1, number+10)...)
		proxy.Restore()
		source.Expect(t, `["connect"]`)
		source.Expect(t, subscribed)
		expect(10)
		proxy.ForwardTo(cluster.Public)
	}
	cluster.MustPost(t, sample.Numbered(measurement, number+1))
	expect(1)
}

// A client that reconnects automatically after the end of a replay receives that it has ended, and does not reconnect again.
func TestEventSourcesStopAfterReplay(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	results := sample.NumberedRange(1001, 1, 3)
	cluster.MustPost(t, results...)
	first, err := atlas.ParseResult(results[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Chromium", "event-source-polyfill", "eventsource-5"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=1001&startTime=%d&speed=max", other.Public, first.Time.Unix()))
			source.Expect(t, `["atlas_subscribed",{`)
			for number := 1; number <= 3; number++ {
				source.Expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number))
			}
			source.Expect(t, `["atlas_unsubscribed",{`)
			const connecting, closed = "0", "2"
			for _, want := range []string{connecting, closed} {
				if event, state := source.Receive(t); event != "disconnect" || string(state) != want {
					t.Fatalf("received %s %s, want a disconnect in state %s", event, state, want)
				}
			}
		})
	}
}
