package main

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
)

// Somebody watches which instances answer, is told what changed while nobody looked, and gives tokens.
func TestPagesShowInstances(t *testing.T) {
	h := openHouse(t, brokers["embedded"](t))
	h.mustPut(t, "/v1/measurements", []byte(`{"id":10309,"type":"dns","is_public":false}`)) // A-root
	results := resultsOf(t, 1768147)
	usePages(t, "instances", h, map[string]func(json.RawMessage) any{
		"deliver": func(json.RawMessage) any {
			h.mustPost(t, results...)
			return len(results)
		},
	})
}

// resultsOf a measurement that probes have delivered, in the order of their time.
func resultsOf(t *testing.T, measurement int) [][]byte {
	t.Helper()
	file, err := os.Open("../../pkg/atlas/testdata/dns.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(lines)
	if err != nil {
		t.Fatal(err)
	}
	type result struct {
		Measurement int   `json:"msm_id"`
		Timestamp   int64 `json:"timestamp"`
		line        []byte
	}
	var results []result
	for line := range strings.Lines(string(text)) {
		one := result{line: []byte(strings.TrimSpace(line))}
		if err := json.Unmarshal(one.line, &one); err != nil {
			t.Fatal(err)
		}
		if one.Measurement == measurement {
			results = append(results, one)
		}
	}
	slices.SortStableFunc(results, func(a, b result) int { return cmp.Compare(a.Timestamp, b.Timestamp) })
	found := make([][]byte, len(results))
	for i, one := range results {
		found[i] = one.line
	}
	return found
}
