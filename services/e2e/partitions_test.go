package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
)

// Where the number of partitions is changed, whoever is live is told from where on that counts, nobody comes in any more, and neither service is ready.
func TestPartitionsAreAddedWhileClientsAreLive(t *testing.T) {
	t.Parallel()
	kafka := startEmbedded(t, embedded.Config{})
	h := openHouse(t, kafka.Addrs())
	wanted := arrival{gateway: h.public, parameters: json.RawMessage(`{"msm":1001,"cursor":""}`)}
	var lines []*line
	for _, entrance := range entrances {
		lines = append(lines, mustSubscribe(t, entrance, wanted))
	}
	h.mustPost(t, []byte(`{"msm_id":1001,"prb_id":1,"timestamp":1426633200,"type":"ping"}`))
	for _, line := range lines {
		line.mustExpect(t, `["atlas_result",`)
	}
	if err := kafka.AddPartitions(t.Context(), eventlog.ResultsTopic, 128); err != nil {
		t.Fatal(err)
	}
	for _, line := range lines {
		words := errorWords(t, line.mustExpect(t, `["atlas_error",`))
		if !strings.HasPrefix(words, "[gap] what came in since 2") || !strings.Contains(words, "of partition 4 on") || !strings.Contains(words, "128 partitions") {
			t.Errorf("heard %q", words)
		}
	}
	eventually(t, "neither is ready", func() bool { return !answersOK(h.admins[0], "/readyz") && !answersOK(h.admins[1], "/readyz") })
	if status, words := refused(t, entrances[1], wanted); status != http.StatusServiceUnavailable || !strings.HasPrefix(words, "[unavailable] nothing of this can be") {
		t.Errorf("a newcomer heard %d %q", status, words)
	}
	if status, answer, err := h.post([]byte(`{"msm_id":1001,"prb_id":2,"timestamp":1426633200,"type":"ping"}`)); status != http.StatusServiceUnavailable || err != nil {
		t.Errorf("the collector answered %d %+v, %v", status, answer, err)
	}
}
