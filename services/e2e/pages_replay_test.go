package e2e

import (
	"encoding/json"
	"io"
	"testing"
	"time"

	"atlasstream/services/collector"
	"atlasstream/services/standalone/stack"
)

// An incident that somebody has imported is replayed in the browser: from a link, with pauses and at other speeds, to its end.
func TestPagesReplayAnIncident(t *testing.T) {
	house, _ := startStandalone(t, stack.Config{})
	if err := collector.Import(t.Context(), collector.ImportConfig{
		Kafka: []string{house.kafka}, Into: "march-2015", Files: []string{"../../pkg/atlas/testdata/dns.jsonl.gz"}, Progress: io.Discard, Summary: io.Discard,
	}); err != nil {
		t.Fatal(err)
	}
	usePages(t, "replay", house, nil)
}

// Somebody follows a link to an outage: who was connected then is known from what the log says of the day before.
func TestPagesReplayAnOutage(t *testing.T) {
	house, _ := startStandalone(t, stack.Config{})
	lost := time.Now().UTC().Truncate(time.Second).Add(-3 * time.Minute)
	house.mustRegister(t, registeredProbes(lost.Add(-time.Hour)))
	house.mustPostConnectionsOf(t, lost.Add(-time.Minute), germanNetwork, "connect", 14, 15, 16, 17, 18, 19, 20)
	house.mustPostConnectionsOf(t, lost.Add(-time.Minute), ugandanNetwork, "connect", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13)
	house.mustPostConnectionsOf(t, lost, ugandanNetwork, "disconnect", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	house.mustPostConnectionsOf(t, lost.Add(time.Minute), ugandanNetwork, "connect", 1, 2, 3, 4)
	usePages(t, "replay-probes", house, map[string]func(json.RawMessage) any{
		"when": func(json.RawMessage) any { return lost.Unix() },
	})
}
