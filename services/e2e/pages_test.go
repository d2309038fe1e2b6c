package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"atlasstream/services/collector"
	"atlasstream/services/gateway/web"
	"atlasstream/services/standalone/stack"
)

// usePages has a person's use of the pages acted out in Chromium: clients/browser/pages/SCENARIO.cjs. What that asks for is answered by helpers.
func usePages(t *testing.T, scenario string, h *house, helpers map[string]func(payload json.RawMessage) any) {
	t.Helper()
	browser := startProcess(t, "node", "clients/browser/pages.cjs", scenario, "http://"+h.public)
	for {
		event, payload := browser.next(t)
		switch event {
		case "passed":
			return
		case "working": // it has patience of its own
		case "failed":
			var why string
			_ = json.Unmarshal(payload, &why)
			t.Fatalf("%s: %s", scenario, why)
		default:
			help, found := helpers[event]
			if !found {
				t.Fatalf("%s asks for %s", scenario, event)
			}
			browser.emit(event, help(payload))
		}
	}
}

func TestPagesHaveAFrame(t *testing.T) {
	house, _ := startStandalone(t, stack.Config{})
	usePages(t, "frame", house, nil)
	response, err := http.Get("http://" + house.public + "/nope")
	if err != nil {
		t.Fatal(err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusNotFound {
		t.Errorf("a page that there is not: status %d", response.StatusCode)
	}
}

// A gateway that was built without Node shows the simulated network to a person in a browser all the same.
func TestPlainPage(t *testing.T) {
	house, _ := startStandalone(t, stack.Config{Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 100, Seed: 1}, Past: time.Minute})
	seen := openPage(t, "plain-page", withPlainPage(t, house)+"/")
	if len(seen.Errors) > 0 {
		t.Errorf("errors in the browser: %q", seen.Errors)
	}
	if !strings.HasPrefix(seen.State, "live: measurement 1001") || !strings.HasPrefix(seen.Afterwards, "live: measurement 10301") {
		t.Errorf("states: %q, then %q", seen.State, seen.Afterwards)
	}
	if !strings.Contains(seen.Refused, `msm: got "9007199254740993", want`) {
		t.Errorf("what was typed is refused with %q", seen.Refused)
	}
	for _, row := range seen.Rows {
		if len(row) != 5 || row[2] != "ping" || !strings.Contains(row[4], " ms") && !strings.Contains(row[4], "no answer") {
			t.Errorf("row: %q", row)
		}
	}
	for _, part := range []string{"/socket.io.js", "atlas_subscribe", `"msm":1001`} {
		if !strings.Contains(seen.Snippet, part) {
			t.Errorf("the snippet lacks %q: %s", part, seen.Snippet)
		}
	}
}

// withPlainPage is the address of the gateway as one without pages is: they are part of the tests' own build.
func withPlainPage(t *testing.T, h *house) string {
	t.Helper()
	gateway, err := url.Parse(fmt.Sprintf("http://%s", h.public))
	if err != nil {
		t.Fatal(err)
	}
	streams := httputil.NewSingleHostReverseProxy(gateway)
	mux := http.NewServeMux()
	mux.Handle("/", web.PlainPage())
	mux.Handle("/stream/", streams)
	mux.Handle("/socket.io.js", streams)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}
