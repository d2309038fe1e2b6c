package pages

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway/web"
	"atlasstream/services/standalone/stack"
)

// A gateway that was built without Node has a plain page, which shows the simulated network.
func TestPlainPage(t *testing.T) {
	cluster, _ := testcluster.StartStandalone(t, stack.Config{Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 100, Seed: 1}, Past: time.Minute})
	seen := openPage(t, "plain-page", withPlainPage(t, cluster)+"/")
	if len(seen.Errors) > 0 {
		t.Errorf("errors in the browser: %q", seen.Errors)
	}
	if !strings.HasPrefix(seen.State, "live: measurement 1001") || !strings.HasPrefix(seen.Afterwards, "live: measurement 10301") {
		t.Errorf("states: %q, then %q", seen.State, seen.Afterwards)
	}
	if !strings.Contains(seen.Refused, `msm: got "9007199254740993", want`) {
		t.Errorf("the input is refused with %q", seen.Refused)
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

// withPlainPage returns the address of the gateway as if it had been built without pages.
func withPlainPage(t *testing.T, cluster *testcluster.Cluster) string {
	t.Helper()
	gateway, err := url.Parse(fmt.Sprintf("http://%s", cluster.Public))
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

// The snippet that RIPE publishes receives results in a page of another origin.
func TestSnippetWorksInAPageOfAnotherOrigin(t *testing.T) {
	cluster, _ := testcluster.StartStandalone(t, stack.Config{Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 100, Seed: 1}, Past: time.Minute})
	snippet := fmt.Sprintf(`<!doctype html><link rel="icon" href="data:,"><script src="http://%[1]s/socket.io.js"></script>
<script>
  const socket = io("http://%[1]s", { path: "/stream/socket.io", transports: ["websocket"] });
  socket.on("connect", () => socket.emit("atlas_subscribe", { stream_type: "result", msm: 1001 }));
  socket.on("atlas_result", (result) => console.log(result));
</script>`, cluster.Public)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(snippet)) }))
	defer page.Close()
	seen := openPage(t, "console", page.URL)
	if len(seen.Errors) > 0 {
		t.Errorf("errors in the browser: %q", seen.Errors)
	}
	for _, line := range seen.Console {
		var result struct {
			Measurement int    `json:"msm_id"`
			Type        string `json:"type"`
		}
		if err := json.Unmarshal(line, &result); err != nil || result.Measurement != 1001 || result.Type != "ping" {
			t.Errorf("the console shows %s", line)
		}
	}
}

type pageSeen struct {
	State, Afterwards, Snippet string
	Refused                    string
	Rows                       [][]string
	Console                    []json.RawMessage
	Errors                     []string
}

// openPage opens a page in Chromium and returns what it shows. A screenshot is kept in .cache/screenshots.
func openPage(t *testing.T, kind, url string) pageSeen {
	t.Helper()
	dir, err := filepath.Abs("../../../.cache/screenshots")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*await.Patience)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "../clients/browser/page.cjs", kind, url, filepath.Join(dir, kind+".png"))
	var stderr strings.Builder
	command.Stderr = &stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("opening %s: %v: %s", url, err, stderr.String())
	}
	var seen pageSeen
	if err := json.Unmarshal(output, &seen); err != nil {
		t.Fatalf("%s: %v", output, err)
	}
	return seen
}
