package abuse

import (
	"fmt"
	"net"
	"os"
	"testing"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// A gateway with a limit of 1,024 descriptors is flooded with idle connections: the admin port answers, Kafka is reached, and clients at other addresses are
// served.
func TestAbuseByIdleConnectionsAndFewDescriptors(t *testing.T) {
	t.Parallel()
	const descriptors, forClients = 1024, 512
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	cluster := testcluster.Start(t, kafka)
	program := testcluster.BuildGateway(t)
	program.Descriptors = descriptors
	gateway := program.StartGateway(t, kafka)

	flood(t, gateway, "address", func(int) net.IP { return net.IPv4(127, 0, 0, 9) })
	if open := gateway.Metric(t, `atlas_service_connections{door="public"}`); open > forClients/8 {
		t.Errorf("one address has %v connections", open)
	}
	listener := realclient.DialWebSocket(t, gateway.Cluster)
	listener.Subscribe(t, 1001)
	cluster.MustPostUntilAccepted(t, [][]byte{sample.Numbered(1001, 1)})
	listener.Expect(t, `["atlas_result",{"msm_id":1001,"prb_id":1`)
	flood(t, gateway, "total", func(i int) net.IP { return net.IPv4(127, 0, 1, byte(i%100)) })
	if open := gateway.Metric(t, `atlas_service_connections{door="public"}`); open > forClients {
		t.Errorf("there are %v connections", open)
	}
}

// flood opens idle connections until a limit refuses hundreds, and checks what else the gateway can do meanwhile.
func flood(t *testing.T, gateway *testcluster.Process, limit string, from func(i int) net.IP) {
	t.Helper()
	const attempts, least = 1500, 500
	for i := range attempts {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: from(i)}, Timeout: await.Patience}
		conn, err := dialer.Dial("tcp", gateway.Public)
		if err != nil {
			continue // it was refused
		}
		t.Cleanup(func() { _ = conn.Close() })
	}
	await.Condition(t, "connections are refused", func() bool {
		refused, err := testcluster.ReadMetric(gateway.Admins[0], fmt.Sprintf("atlas_service_connections_refused_total{door=\"public\",limit=%q}", limit))
		return err == nil && refused >= least
	})
	if !gateway.AllAnswer("/healthz") || !gateway.AllAnswer("/readyz") {
		t.Error("the admin port does not report that the gateway is healthy")
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", gateway.Command.Process.Pid))
	if err != nil || len(open) > 1024-200 {
		t.Errorf("the gateway has %d descriptors open, %v", len(open), err)
	}
}
