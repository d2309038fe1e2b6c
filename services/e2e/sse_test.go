package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"atlasstream/pkg/atlas"
)

// A client of Server-Sent Events goes on behind the ID that it names, on any gateway; the ID is worth more than the parameter.
func TestServerSentEventsGoOn(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	here := arrival{gateway: h.public, parameters: json.RawMessage(`{"msm":1001}`)}
	first, err := openEvents(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(first.close)
	cursors := []string{first.mustExpect(t, `["atlas_subscribed",{"msm":"1001"}`).cursor()}
	h.mustPost(t, severalNumbered(1001, 1, 10)...)
	for number := 1; number <= 5; number++ {
		cursors = append(cursors, first.mustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)).cursor())
	}
	first.close()
	for name, there := range map[string]arrival{
		"ID":                {gateway: other.public, parameters: here.parameters, last: cursors[5]},
		"ID, same gateway":  {gateway: h.public, parameters: here.parameters, last: cursors[5]},
		"parameter":         {gateway: other.public, parameters: mustJSON(map[string]any{"msm": 1001, "cursor": cursors[5]})},
		"ID over parameter": {gateway: other.public, parameters: mustJSON(map[string]any{"msm": 1001, "cursor": cursors[0]}), last: cursors[5]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := openEvents(t.Context(), there)
			if err != nil {
				t.Fatal(err)
			}
			defer l.close()
			l.mustExpect(t, `["atlas_subscribed",{`)
			for number := 6; number <= 10; number++ {
				if heard := l.mustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)); heard.cursor() == "" {
					t.Errorf("%s has no ID", heard)
				}
			}
		})
	}
}

// eventSources are the clients of Server-Sent Events that come back by themselves. They hand the place back in the header, but for event-source-polyfill,
// which has it in the query.
var eventSources = []string{
	"event-source-polyfill", "eventsource-1", "eventsource-2", "eventsource-5", "launchdarkly-eventsource", "fetch-event-source",
}

// startEventSource starts a client from npm, or an EventSource of Chromium, and waits until it is connected.
func startEventSource(t *testing.T, name, url string) *client {
	t.Helper()
	if name == "Chromium" {
		return startBrowser(t, url)
	}
	c := startProcess(t, "node", "clients/eventsource/client.cjs", name, url)
	c.expect(t, `["connect"]`)
	return c
}

// A client that was cut off, be it before its first result, comes back by itself, to another gateway, and misses nothing and gets nothing twice.
func TestEventSourcesGoOnByThemselves(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	for i, name := range append(eventSources, "Chromium") {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			goOnByItself(t, h, other, name, atlas.MeasurementID(1001+i))
		})
	}
}

func goOnByItself(t *testing.T, h, other *house, name string, measurement atlas.MeasurementID) {
	t.Helper()
	way := startTunnel(t, h.public)
	way.letUpgrade()
	source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=%d&_=1787541897", way.address, measurement))
	subscribed := fmt.Sprintf(`["atlas_subscribed",{"msm":"%d"}]`, measurement)
	source.expect(t, subscribed)
	number := 0
	expect := func(count int) {
		t.Helper()
		for range count {
			number++
			source.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, number))
		}
	}
	for _, before := range []int{0, 10, 10} { // results, until it is cut off
		if before > 0 {
			h.mustPost(t, severalNumbered(measurement, number+1, number+before)...)
			expect(before)
		}
		way.cut()
		way.leadTo(other.public)
		if event, payload := source.hear(t); event != "disconnect" {
			t.Fatalf("heard %s %s", event, payload)
		}
		h.mustPost(t, severalNumbered(measurement, number+1, number+10)...)
		way.mend()
		source.expect(t, `["connect"]`)
		source.expect(t, subscribed)
		expect(10)
		way.leadTo(h.public)
	}
	h.mustPost(t, numbered(measurement, number+1))
	expect(1)
}

// A replay that is at its end is over for a client that comes back by itself as well: it is told so, and stays away.
func TestEventSourcesStayAwayBehindTheEnd(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	results := severalNumbered(1001, 1, 3)
	h.mustPost(t, results...)
	first, err := atlas.ParseResult(results[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Chromium", "event-source-polyfill", "eventsource-5"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=1001&startTime=%d&speed=max", other.public, first.Time.Unix()))
			source.expect(t, `["atlas_subscribed",{`)
			for number := 1; number <= 3; number++ {
				source.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number))
			}
			source.expect(t, `["atlas_unsubscribed",{`)
			const connecting, closed = "0", "2"
			for _, want := range []string{connecting, closed} {
				if event, state := source.hear(t); event != "disconnect" || string(state) != want {
					t.Fatalf("heard %s %s, want a disconnect in state %s", event, state, want)
				}
			}
		})
	}
}
