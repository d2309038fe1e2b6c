package matrix

import (
	"syscall"
	"testing"
	"time"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// A WebSocket that goes through one gateway to a session of another one ends at both ends within a second of when either end is closed or killed. Where a gateway
// drains, whichever of the two, the client is told first.
func TestTunnelEndsAtBothEnds(t *testing.T) {
	t.Parallel()
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	testcluster.Start(t, kafka)
	program := testcluster.BuildGateway(t)
	for _, test := range []struct {
		name string
		told bool
		end  func(t *testing.T, tunnel *tunnel)
	}{
		{"the client closes", false, func(_ *testing.T, tunnel *tunnel) { tunnel.client.Close() }},
		{"the gateway between is killed", false, func(t *testing.T, tunnel *tunnel) { tunnel.between.Kill(t) }},
		{"the gateway of the session is killed", false, func(t *testing.T, tunnel *tunnel) { tunnel.owner.Kill(t) }},
		{"the gateway between drains", true, func(t *testing.T, tunnel *tunnel) { drain(t, tunnel.between) }},
		{"the gateway of the session drains", true, func(t *testing.T, tunnel *tunnel) { drain(t, tunnel.owner) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tunnel := openTunnel(t, program, kafka)
			starved := await.WatchStarvation(t)
			test.end(t, tunnel)
			began := time.Now()
			if test.told {
				tunnel.client.MustExpect(t, `["atlas_error","[shutting_down] `)
				began = time.Now()
			}
			if message, err := tunnel.client.Receive(); err == nil {
				t.Errorf("received %s", message)
			}
			tunnel.awaitNothingLeft(t)
			if took, slow := time.Since(began), starved(); took > time.Second+10*slow { // each of several processes is kept from running as well
				t.Errorf("took %s, on a machine that kept the test from running for %s", took, slow)
			}
		})
	}
}

// drain begins a drain without waiting for it.
func drain(t *testing.T, gateway *testcluster.Process) {
	t.Helper()
	if err := gateway.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

// tunnel is a client whose session one gateway holds, and whose WebSocket goes through another one.
type tunnel struct {
	owner, between *testcluster.Process
	client         *connection.Connection
}

func openTunnel(t *testing.T, program testcluster.Program, kafka []string) *tunnel {
	t.Helper()
	peers := program.NewPeers(t, kafka, 2, "--drain", "30s")
	opened := &tunnel{owner: peers.Start(t), between: peers.Start(t)}
	opened.client = connection.MustSubscribe(t, connection.Upgrading, connection.Options{
		Gateway: opened.owner.Public, UpgradeAt: opened.between.Public, Parameters: []byte(`{"msm":1001}`),
	})
	if tunnels := opened.between.Metric(t, "atlas_gateway_tunnels"); tunnels != 1 {
		t.Fatalf("%v tunnels", tunnels)
	}
	return opened
}

// awaitNothingLeft waits until the gateways that are left have neither the session nor the tunnel.
func (u *tunnel) awaitNothingLeft(t *testing.T) {
	t.Helper()
	await.Condition(t, "neither the session nor the tunnel is left", func() bool {
		return isGone(u.owner, "atlas_gateway_clients") && isGone(u.between, "atlas_gateway_tunnels")
	})
}

// isGone reports whether a gateway has none of what a gauge counts, or has ended.
func isGone(gateway *testcluster.Process, gauge string) bool {
	count, err := testcluster.ReadMetric(gateway.Admins[0], gauge)
	return err != nil || count == 0
}
