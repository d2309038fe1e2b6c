package collector

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What comes in later than the lateness is taken like any other, and counted for its door.
func TestLateResultsAreCounted(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), Partitions: 1, HistoryLateness: 2 * time.Hour})
	r.awaitReady(t)
	var body strings.Builder
	for probe, age := range []time.Duration{0, 119 * time.Minute, 121 * time.Minute, 48 * time.Hour} {
		fmt.Fprintf(&body, "{\"msm_id\":1001,\"prb_id\":%d,\"timestamp\":%d,\"type\":\"ping\"}\n", probe+1, time.Now().Add(-age).Unix())
	}
	if status, got, err := r.post("/v1/results", body.String()); err != nil || status != http.StatusOK || got.Accepted != 4 {
		t.Fatalf("got %d, %+v, %v", status, got, err)
	}
	metrics := r.metrics(t)
	for _, want := range []string{
		`atlas_collector_late_results_total{source="http",topic="atlas.results"} 2`,
		`atlas_collector_late_results_total{source="http",topic="atlas.probestatus"} 0`,
		`atlas_collector_late_results_total{source="grpc",topic="atlas.results"} 0`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
