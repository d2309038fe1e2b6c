package main

import (
	"io"
	"testing"

	"atlasstream/services/collector"
)

// An incident that somebody has imported is replayed in the browser: from a link, with pauses and at other speeds, to its end.
func TestPagesReplayAnIncident(t *testing.T) {
	house, _ := startStandalone(t, settings{})
	if err := collector.Import(t.Context(), collector.ImportConfig{
		Kafka: []string{house.kafka}, Into: "march-2015", Files: []string{"../../pkg/atlas/testdata/dns.jsonl.gz"}, Progress: io.Discard, Summary: io.Discard,
	}); err != nil {
		t.Fatal(err)
	}
	usePages(t, "replay", house, nil)
}
