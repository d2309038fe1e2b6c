package examples

import (
	"testing"

	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// restartableGateway is a gateway that is stopped and started again. Clients find it at one address, that of a proxy, which nothing else can take meanwhile.
type restartableGateway struct {
	*testcluster.Cluster
	proxy *netproxy.Proxy
	stop  func()
}

func startRestartable(t *testing.T, cluster *testcluster.Cluster) *restartableGateway {
	t.Helper()
	proxy := netproxy.Start(t, "")
	proxy.AllowUpgrades()
	g := &restartableGateway{Cluster: cluster.At(proxy.Address), proxy: proxy}
	g.start(t, "")
	return g
}

// anotherKey seals cursors, so that the gateway takes none of those that were sealed before.
const anotherKey = "the key of another gateway, for a change"

// start starts the gateway with a key for cursors; with that of the log if it is empty.
func (g *restartableGateway) start(t *testing.T, cursorKey string) {
	t.Helper()
	started := testcluster.StartStoppable(t, gateway.Config{Kafka: []string{g.Kafka}, Listener: testcluster.Listen(t), CursorKey: cursorKey})
	g.proxy.ForwardTo(started.Address)
	g.stop = started.Stop
}
