package subscription

import (
	"testing"

	"atlasstream/pkg/atlas"
)

func TestIndexFindsWhatItHolds(t *testing.T) {
	var index Index[string]
	parse := func(parameters string) *Subscription {
		parsed, err := Parse([]byte(parameters))
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	one, two, status := parse(`{"msm":1}`), parse(`{"msm":1,"prb":2}`), parse(`{"stream_type":"probestatus"}`)
	index.Add("a", one)
	index.Add("a", two)
	index.Add("b", two)
	index.Add("b", status)
	if found := index.Candidates(1); len(found) != 2 || len(found[0].subscriptions) != 2 {
		t.Fatalf("measurement 1: got %d entries", len(found))
	}
	record := &atlas.Record{Event: atlas.Event{Measurement: 1, Probe: 3}}
	if _, matches := index.Candidates(1)[0].Match(record); !matches {
		t.Error("a subscription to all probes does not match")
	}
	if _, matches := index.Candidates(1)[1].Match(record); matches {
		t.Error("a subscription to probe 2 matches probe 3")
	}
	index.Remove("a", one)
	index.Remove("a", one) // once is enough
	index.Remove("a", two)
	index.Remove("b", two)
	if found := index.Candidates(1); len(found) != 0 {
		t.Errorf("measurement 1: %d entries are left", len(found))
	}
	if found := index.Candidates(atlas.ConnectionMeasurement); len(found) != 1 {
		t.Errorf("connections: got %d entries, want 1", len(found))
	}
}
