package faults

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// When the number of partitions is changed, live clients receive from which offset on, new clients are refused, and neither service is ready.
func TestPartitionsAreAddedWhileClientsAreLive(t *testing.T) {
	t.Parallel()
	kafka := testcluster.StartBroker(t, embedded.Config{})
	cluster := testcluster.Start(t, kafka.Addrs())
	wanted := connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(`{"msm":1001,"cursor":""}`)}
	var conns []*connection.Connection
	for _, transport := range connection.Transports {
		conns = append(conns, connection.MustSubscribe(t, transport, wanted))
	}
	cluster.MustPost(t, []byte(`{"msm_id":1001,"prb_id":1,"timestamp":1426633200,"type":"ping"}`))
	for _, conn := range conns {
		conn.MustExpect(t, `["atlas_result",`)
	}
	if err := kafka.AddPartitions(t.Context(), eventlog.ResultsTopic, 128); err != nil {
		t.Fatal(err)
	}
	for _, conn := range conns {
		words := connection.ErrorText(t, conn.MustExpect(t, `["atlas_error",`))
		if !strings.HasPrefix(words, "[gap] what came in since 2") || !strings.Contains(words, "of partition 4 on") || !strings.Contains(words, "128 partitions") {
			t.Errorf("received %q", words)
		}
	}
	await.Condition(t, "neither is ready", func() bool {
		return !testcluster.AnswersOK(cluster.Admins[0], "/readyz") && !testcluster.AnswersOK(cluster.Admins[1], "/readyz")
	})
	if status, words := connection.ExpectRefusal(t, connection.Transports[1], wanted); status != http.StatusServiceUnavailable || !strings.HasPrefix(words, "[unavailable] ") {
		t.Errorf("a new client received %d %q", status, words)
	}
	if status, answer, err := cluster.Post([]byte(`{"msm_id":1001,"prb_id":2,"timestamp":1426633200,"type":"ping"}`)); status != http.StatusServiceUnavailable || err != nil {
		t.Errorf("the collector answered %d %+v, %v", status, answer, err)
	}
}
