package pages

import (
	"cmp"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// A user watches which instances answer, sees what has changed in the background, and enters tokens.
func TestPagesShowInstances(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.Brokers["embedded"](t))
	cluster.MustPut(t, "/v1/measurements", []byte(`{"id":10309,"type":"dns","is_public":false}`)) // A-root
	results := resultsOf(t, 1768147)
	usePages(t, "instances", cluster, map[string]func(json.RawMessage) any{
		"deliver": func(json.RawMessage) any {
			cluster.MustPost(t, results...)
			return len(results)
		},
		"deliverBoth": func(json.RawMessage) any {
			cluster.MustPost(t,
				answerOfK(10301, 1, "ns1.nl-ams.k.ripe.net", 10), answerOfK(11301, 1, "ns1.nl-ams.k.ripe.net", 40),
				answerOfK(10301, 2, "ns1.nl-ams.k.ripe.net", 10), answerOfK(11301, 2, "ns1.gb-lon.k.ripe.net", 40),
				answerOfK(10301, 3, "ns1.gb-lon.k.ripe.net", 10), answerOfK(11301, 3, "ns2.gb-lon.k.ripe.net", 40),
			)
			return nil
		},
	})
}

// answerOfK is a result of a probe about an instance of K-root.
func answerOfK(measurement, probe int, instance string, milliseconds float64) []byte {
	return sample.JSON(map[string]any{
		"type": "dns", "msm_id": measurement, "prb_id": probe, "timestamp": time.Now().Unix(), "fw": 5080,
		"result": map[string]any{"rt": milliseconds, "answers": []any{map[string]any{"TYPE": "TXT", "NAME": "hostname.bind", "RDATA": []string{instance}}}},
	})
}

// resultsOf are the real results of a measurement, sorted by time.
func resultsOf(t *testing.T, measurement int) [][]byte {
	t.Helper()
	file, err := os.Open("../../../pkg/atlas/testdata/dns.jsonl.gz")
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
