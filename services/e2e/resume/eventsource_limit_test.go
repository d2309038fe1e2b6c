package resume

import (
	"encoding/json"
	"fmt"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// A client that exceeds a limit when it reconnects tries again until it succeeds, and misses nothing.
func TestEventSourcesRetryUntilBelowLimit(t *testing.T) {
	t.Parallel()
	cluster, _ := testcluster.StartPair(t)
	for i, name := range []string{"Chromium", "event-source-polyfill", "eventsource-5"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			measurement := atlas.MeasurementID(1001 + i)
			small := testcluster.StartGateway(t, []string{cluster.Kafka}, gateway.Config{AddressConnections: 1})
			proxy := netproxy.Start(t, cluster.Public)
			proxy.AllowUpgrades()
			source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=%d", proxy.Address, measurement))
			source.Expect(t, `["atlas_subscribed",{`)
			cluster.MustPost(t, sample.Numbered(measurement, 1))
			source.Expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":1,`, measurement))
			other := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: small.Public, Parameters: json.RawMessage(`{"msm":5001}`)})
			proxy.Cut()
			proxy.ForwardTo(small.Public)
			cluster.MustPost(t, sample.Numbered(measurement, 2))
			proxy.Restore()
			source.Expect(t, `["connect"]`)
			source.Expect(t, `["atlas_error","[too_many_connections] `)
			other.Close()
			for event := ""; event != "atlas_subscribed"; event, _ = source.Next(t) {
				if event == "atlas_result" {
					t.Fatal("a result arrived before the confirmation")
				}
			}
			source.Expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":2,`, measurement))
		})
	}
}
