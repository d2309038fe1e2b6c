package catchup

import (
	"testing"
	"time"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
	"atlasstream/services/gateway"
)

// Heartbeats become due while the queues of clients are full of results. No client loses its connection: heartbeats and results arrive once there is room.
func TestHeartbeatsOfClientsThatAreBehind(t *testing.T) {
	t.Parallel()
	const interval = 5 * time.Second // enough for the queues to be full when the first is due
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	testcluster.Start(t, kafka)
	slow := testcluster.StartGateway(t, kafka, gateway.Config{QueueBytes: 1 << 20, QueueMessages: 40, PingInterval: interval})
	writer := workload.NewWriter(t, kafka, 1001)
	readers := workload.StartBehind(t, slow, writer)
	await.Duration(t.Context(), interval+time.Second)
	if connected := slow.Metric(t, "atlas_gateway_clients"); int(connected) != len(readers) {
		t.Errorf("%v clients are left of %d", connected, len(readers))
	}
	if err := writer.Write(t.Context(), 1, true); err != nil {
		t.Fatal(err)
	}
	workload.StartReading(t, readers)()
}
