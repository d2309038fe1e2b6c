package pages

import (
	"encoding/json"
	"testing"

	"atlasstream/services/e2e/internal/testcluster"
)

// Results of probes and links may be hostile, and may repeat members: they are shown as text, and do not break the pages.
func TestPagesShowHostileText(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.Brokers["embedded"](t))
	cluster.MustPut(t, "/v1/measurements", []byte(`{"id":10301,"type":"dns","target":"k.root-servers.net","af":4,"interval":240,"is_public":true,"status":{"id":2,"name":"Ongoing"}}`))
	usePages(t, "hostile", cluster, map[string]func(json.RawMessage) any{"post": posting(t, cluster)})
}

// posting lets a scenario post results.
func posting(t *testing.T, cluster *testcluster.Cluster) func(json.RawMessage) any {
	return func(payload json.RawMessage) any {
		var results []json.RawMessage
		if err := json.Unmarshal(payload, &results); err != nil {
			t.Fatal(err)
		}
		for _, result := range results {
			cluster.MustPost(t, result)
		}
		return len(results)
	}
}
