package collector

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	ingestv1 "atlasstream/proto/ingest/v1"
)

// A late result is accepted, reported in the answer, and counted by protocol; so is a repeat.
func TestLateResultsAreCounted(t *testing.T) {
	b := broker(t, "")
	r := run(t, Config{Kafka: b.Addrs(), TopicSettings: TopicSettings{Partitions: 1}, HistoryLateness: 2 * time.Hour})
	r.awaitReady(t)
	var body strings.Builder
	for probe, age := range []time.Duration{0, 119 * time.Minute, 121 * time.Minute, 48 * time.Hour} {
		fmt.Fprintf(&body, "{\"msm_id\":1001,\"prb_id\":%d,\"timestamp\":%d,\"type\":\"ping\"}\n", probe+1, time.Now().Add(-age).Unix())
	}
	if status, got, err := r.post("/v1/results", body.String()); err != nil || status != http.StatusOK || got.Accepted != 4 || got.Late != 2 || got.Repeated != 0 {
		t.Fatalf("got %d, %+v, %v", status, got, err)
	}
	status, got, err := r.post("/v1/results", body.String())
	if err != nil || status != http.StatusOK || got.Accepted != 4 || got.Late != 2 || got.Repeated != 4 || !strings.Contains(got.Hint, "collector import --into") {
		t.Errorf("again: got %d, %+v, %v", status, got, err)
	}
	outcome := r.publish(t, []byte(strings.SplitAfter(body.String(), "\n")[3]))
	if outcome.GetLate() != 1 || outcome.GetRepeated() != 1 || outcome.GetHint() != got.Hint {
		t.Errorf("over gRPC: got %v", outcome)
	}
	metrics := r.metrics(t)
	for _, want := range []string{
		`atlas_collector_late_results_total{source="http",topic="atlas.results"} 4`,
		`atlas_collector_repeated_results_total{source="http",topic="atlas.results"} 4`,
		`atlas_collector_late_results_total{source="http",topic="atlas.probestatus"} 0`,
		`atlas_collector_late_results_total{source="grpc",topic="atlas.results"} 1`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics do not have %s", want)
		}
	}
}

func (r *running) publish(t *testing.T, results ...[]byte) *ingestv1.Outcome {
	t.Helper()
	connection, err := grpc.NewClient(r.grpc, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	response, err := ingestv1.NewIngestServiceClient(connection).PublishResults(t.Context(), &ingestv1.PublishResultsRequest{Results: results})
	if err := errors.Join(err, connection.Close()); err != nil {
		t.Fatal(err)
	}
	return response.GetOutcome()
}
