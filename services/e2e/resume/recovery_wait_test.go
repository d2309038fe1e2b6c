package resume

import (
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// listOffsets is the key of a request in Kafka's protocol. With it a gateway finds out whether the log still has the next record of a client.
const listOffsets = 2

// socket.io-client 4.8 whose recovery waits for Kafka upgrades meanwhile, and is recovered when Kafka answers.
func TestRecoveringClientUpgradesWhileKafkaIsSilent(t *testing.T) {
	t.Parallel()
	kafka := testcluster.StartBroker(t, embedded.Config{})
	cluster := testcluster.Start(t, kafka.Addrs())
	proxy := netproxy.Start(t, cluster.Public)
	proxy.AllowUpgrades()
	proxied := cluster.At(proxy.Address)
	client := realclient.StartNode(t, proxied, "4.8", "polling", "websocket")
	r := &recoveringClient{cluster: cluster, proxy: proxy, client: client, measurements: []atlas.MeasurementID{1001}, last: map[atlas.MeasurementID]int{}}
	if !client.Upgraded { // it may have upgraded before it was connected
		r.receiveUntil(t, "upgrade")
	}
	client.SubscribeWith(t, `{"msm":1001,"cursor":""}`)
	cluster.MustPost(t, sample.Numbered(1001, 1))
	r.receiveResults(t, 1)

	release := kafka.Hold(listOffsets)
	defer release()
	proxy.Cut()
	r.receiveUntil(t, "disconnect")
	cluster.MustPost(t, sample.Numbered(1001, 2))
	proxy.Restore()
	r.receiveUntil(t, "upgrade")
	release()
	for _, want := range []string{"connect", "recovered", "atlas_subscribed"} {
		r.receiveUntil(t, want)
	}
	r.receiveResults(t, 1)
}
