package pages

import (
	"encoding/json"
	"net"
	"testing"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// A user searches in Explore: from the form to a filter and a link.
func TestPagesExploreResults(t *testing.T) {
	cluster := testcluster.Start(t, testcluster.Brokers["embedded"](t))
	usePages(t, "explore", cluster, map[string]func(json.RawMessage) any{"post": posting(t, cluster)})
}

// A page reports what it has missed while its gateway was down: nothing, or from when to when.
func TestPagesReconnect(t *testing.T) {
	kafka := testcluster.Brokers["embedded"](t)
	cluster := testcluster.Start(t, kafka)
	g := testcluster.StartStoppable(t, gateway.Config{Kafka: kafka, Listener: testcluster.Listen(t), History: gateway.HistoryOpen})
	cluster.Public = g.Address
	again := func(key string) func(json.RawMessage) any {
		return func(json.RawMessage) any {
			listener, err := net.Listen("tcp", g.Address)
			if err != nil {
				t.Fatal(err)
			}
			g = testcluster.StartStoppable(t, gateway.Config{Kafka: kafka, Listener: listener, CursorKey: key, History: gateway.HistoryOpen})
			return nil
		}
	}
	usePages(t, "reconnect", cluster, map[string]func(json.RawMessage) any{
		"post":  posting(t, cluster),
		"stop":  func(json.RawMessage) any { g.Stop(); return nil },
		"start": again(""),
		"cut": func(before json.RawMessage) any {
			var offset int64
			if err := json.Unmarshal(before, &offset); err != nil {
				t.Fatal(err)
			}
			kafkatest.NewPlain(t, kafka).DeleteBefore(t, eventlog.ResultsTopic, eventlog.PartitionOf(9001, testcluster.Partitions), offset)
			return nil
		},
		"start with another key": again("another secret that seals cursors"),
	})
}
