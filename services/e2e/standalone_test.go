package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/collector"
	"atlasstream/services/standalone/stack"
)

// startStandalone runs the whole service as `make run` does, on free ports, and gives the function that stops it.
func startStandalone(t *testing.T, c stack.Config) (h *house, stop func()) {
	t.Helper()
	free := freeAddresses(t, 4)
	h = &house{public: free[0], ingest: free[1], kafka: free[2], admins: free[3:]}
	c.Listen, c.Admin, c.Ingest, c.GRPC, c.KafkaListen = h.public, h.admins[0], h.ingest, "127.0.0.1:0", h.kafka
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- stack.Run(ctx, c, zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("standalone: %v", err)
		}
	}
	t.Cleanup(stop)
	h.awaitReady(t)
	return h, stop
}

func freeAddresses(t *testing.T, count int) []string {
	t.Helper()
	addresses, err := kafkatest.FreeAddresses(count)
	if err != nil {
		t.Fatal(err)
	}
	return addresses
}

// The snippet that RIPE publishes, in a page of another origin, receives results.
func TestSnippetWorksInAPageOfAnotherOrigin(t *testing.T) {
	house, _ := startStandalone(t, stack.Config{Simulate: true, SimulatedNetwork: collector.SimulatedNetwork{Rate: 100, Seed: 1}, Past: time.Minute})
	snippet := fmt.Sprintf(`<!doctype html><link rel="icon" href="data:,"><script src="http://%[1]s/socket.io.js"></script>
<script>
  const socket = io("http://%[1]s", { path: "/stream/socket.io", transports: ["websocket"] });
  socket.on("connect", () => socket.emit("atlas_subscribe", { stream_type: "result", msm: 1001 }));
  socket.on("atlas_result", (result) => console.log(result));
</script>`, house.public)
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

// openPage drives Chromium; screenshots are kept in .cache at the root, to be looked at.
func openPage(t *testing.T, kind, url string) pageSeen {
	t.Helper()
	dir, err := filepath.Abs("../../.cache/screenshots")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "clients/browser/page.cjs", kind, url, filepath.Join(dir, kind+".png"))
	var complaints strings.Builder
	command.Stderr = &complaints
	output, err := command.Output()
	if err != nil {
		t.Fatalf("opening %s: %v: %s", url, err, complaints.String())
	}
	var seen pageSeen
	if err := json.Unmarshal(output, &seen); err != nil {
		t.Fatalf("%s: %v", output, err)
	}
	return seen
}

// With a data folder, what was acknowledged is there after a restart; without one, nothing is left.
func TestDataSurvivesARestart(t *testing.T) {
	for name, test := range map[string]struct {
		dir   string
		count int
	}{
		"on disk":   {t.TempDir(), 950},
		"in memory": {"", 0},
	} {
		t.Run(name, func(t *testing.T) {
			house, stop := startStandalone(t, stack.Config{Data: test.dir})
			rows := realRows(t, "ping")
			mustPostPersistently(t, house, rows)
			stop()
			restarted, _ := startStandalone(t, stack.Config{Data: test.dir})
			client := dialWebSocket(t, restarted)
			client.subscribe(t, 1001)
			mustPostPersistently(t, restarted, [][]byte{numbered(1001, 1)})
			client.expect(t, `["atlas_result",{"msm_id":1001,"prb_id":1`)
			if count := countRecords(t, restarted.kafka); count != test.count+1 {
				t.Errorf("the log has %d results, want %d", count, test.count+1)
			}
		})
	}
}

// mustPostPersistently posts to a collector that may not be ready yet.
func mustPostPersistently(t *testing.T, h *house, results [][]byte) {
	t.Helper()
	if err := postPersistently(h, results); err != nil {
		t.Fatal(err)
	}
}

// countRecords reads the whole topic of results.
func countRecords(t *testing.T, kafka string) (count int) {
	t.Helper()
	log, err := eventlog.Open(eventlog.Config{Brokers: []string{kafka}}, zap.NewNop(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for partition := range partitions {
		for _, err := range log.History().Range(context.Background(), eventlog.ResultsTopic, partition, 0, math.MaxInt64) {
			if err != nil {
				t.Fatal(err)
			}
			count++
		}
	}
	return count
}
