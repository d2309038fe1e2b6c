package pages

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/standalone/stack"
)

// An imported incident is replayed in the browser: from a link, with pauses and at other speeds, to its end.
func TestPagesReplayAnIncident(t *testing.T) {
	cluster, _ := testcluster.StartStandalone(t, stack.Config{})
	if err := collector.Import(t.Context(), collector.ImportConfig{
		Kafka: []string{cluster.Kafka}, Into: "march-2015", Files: []string{"../../../pkg/atlas/testdata/dns.jsonl.gz"}, Progress: io.Discard, Summary: io.Discard,
	}); err != nil {
		t.Fatal(err)
	}
	usePages(t, "replay", cluster, nil)
}

// A user follows a link to an outage: the page knows from the log of the day before which probes were connected.
func TestPagesReplayAnOutage(t *testing.T) {
	cluster, _ := testcluster.StartStandalone(t, stack.Config{})
	lost := time.Now().UTC().Truncate(time.Second).Add(-3 * time.Minute)
	cluster.MustPut(t, "/v1/probes", registeredProbes(lost.Add(-time.Hour)))
	cluster.MustPostConnectionsAt(t, lost.Add(-time.Minute), germanNetwork, "connect", 14, 15, 16, 17, 18, 19, 20)
	cluster.MustPostConnectionsAt(t, lost.Add(-time.Minute), ugandanNetwork, "connect", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
	cluster.MustPostConnectionsAt(t, lost, ugandanNetwork, "disconnect", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	cluster.MustPostConnectionsAt(t, lost.Add(time.Minute), ugandanNetwork, "connect", 1, 2, 3, 4)
	usePages(t, "replay-probes", cluster, map[string]func(json.RawMessage) any{
		"when": func(json.RawMessage) any { return lost.Unix() },
	})
}
