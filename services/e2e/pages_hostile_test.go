package e2e

import (
	"encoding/json"
	"testing"
)

// What probes deliver and what links say may be hostile, and may say the same twice: it stays text, and the pages stay whole.
func TestPagesShowHostileText(t *testing.T) {
	h := openHouse(t, brokers["embedded"](t))
	h.mustPut(t, "/v1/measurements", []byte(`{"id":10301,"type":"dns","target":"k.root-servers.net","af":4,"interval":240,"is_public":true,"status":{"id":2,"name":"Ongoing"}}`))
	usePages(t, "hostile", h, map[string]func(json.RawMessage) any{"post": h.posting(t)})
}

// posting lets a scenario post results.
func (h *house) posting(t *testing.T) func(json.RawMessage) any {
	return func(payload json.RawMessage) any {
		var results []json.RawMessage
		if err := json.Unmarshal(payload, &results); err != nil {
			t.Fatal(err)
		}
		for _, result := range results {
			h.mustPost(t, result)
		}
		return len(results)
	}
}
