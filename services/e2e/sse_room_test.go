package e2e

import (
	"encoding/json"
	"fmt"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway"
)

// A client that comes back when there is no room for it comes again, and misses nothing.
func TestEventSourcesComeAgainWhenThereIsRoom(t *testing.T) {
	t.Parallel()
	h, _ := openPair(t)
	for i, name := range []string{"Chromium", "event-source-polyfill", "eventsource-5"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			measurement := atlas.MeasurementID(1001 + i)
			small := openGateway(t, []string{h.kafka}, gateway.Config{AddressConnections: 1})
			way := startTunnel(t, h.public)
			way.letUpgrade()
			source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=%d", way.address, measurement))
			source.expect(t, `["atlas_subscribed",{`)
			h.mustPost(t, numbered(measurement, 1))
			source.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":1,`, measurement))
			guest := mustSubscribe(t, webSocket, arrival{gateway: small.public, parameters: json.RawMessage(`{"msm":5001}`)})
			way.cut()
			way.leadTo(small.public)
			h.mustPost(t, numbered(measurement, 2))
			way.mend()
			source.expect(t, `["connect"]`)
			source.expect(t, `["atlas_error","[too_many_connections] `)
			guest.close()
			for event := ""; event != "atlas_subscribed"; event, _ = source.next(t) {
				if event == "atlas_result" {
					t.Fatal("a result came before the confirmation")
				}
			}
			source.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":2,`, measurement))
		})
	}
}
