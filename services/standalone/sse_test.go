package main

import (
	"encoding/json"
	"fmt"
	"testing"
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
	if confirmed := first.mustExpect(t, `["atlas_subscribed",{"msm":"1001"}`); confirmed.cursor() != "" {
		t.Errorf("the confirmation has the ID %s", confirmed.cursor())
	}
	h.mustPost(t, severalNumbered(1001, 1, 10)...)
	var cursors []string
	for number := 1; number <= 5; number++ {
		cursors = append(cursors, first.mustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number)).cursor())
	}
	first.close()
	for name, there := range map[string]arrival{
		"ID":                {gateway: other.public, parameters: here.parameters, last: cursors[4]},
		"ID, same gateway":  {gateway: h.public, parameters: here.parameters, last: cursors[4]},
		"parameter":         {gateway: other.public, parameters: mustJSON(map[string]any{"msm": 1001, "cursor": cursors[4]})},
		"ID over parameter": {gateway: other.public, parameters: mustJSON(map[string]any{"msm": 1001, "cursor": cursors[1]}), last: cursors[4]},
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

// An EventSource of Chromium that was cut off comes back by itself and misses nothing.
func TestEventSourceGoesOnByItself(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	way := startTunnel(t, h.public)
	way.letUpgrade()
	browser := startBrowser(t, "http://"+way.address+"/stream/?msm=1001")
	browser.expect(t, `["atlas_subscribed",{"msm":"1001"}]`)
	number := 0
	for range 2 {
		expect := func(count int) {
			for range count {
				number++
				browser.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number))
			}
		}
		h.mustPost(t, severalNumbered(1001, number+1, number+10)...)
		expect(10)
		way.cut()
		way.leadTo(other.public)
		if event, payload := browser.hear(t); event != "disconnect" {
			t.Fatalf("heard %s %s", event, payload)
		}
		h.mustPost(t, severalNumbered(1001, number+1, number+10)...)
		way.mend()
		browser.expect(t, `["connect"]`)
		browser.expect(t, `["atlas_subscribed",`)
		expect(10)
		way.leadTo(h.public)
	}
	h.mustPost(t, numbered(1001, number+1))
	browser.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":1001,"prb_id":%d,`, number+1))
}
