package endpoint

import (
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
)

func TestEndedSubscriptionsDoNotCountForTheAddress(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 10, Subscriptions: 1, Messages: 100, ConnectionMessages: 20}})
	first, second := server.connect(t), server.connect(t)
	send(t, first, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, first, `["atlas_subscribed"`)
	send(t, second, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, second, `["atlas_error","[too_many_subscriptions]`)
	server.known.stop(publicMeasurement)
	server.hub.MeasurementChanged(atlas.Measurement{ID: publicMeasurement, Public: true, Stopped: true})
	expect(t, first, `["atlas_unsubscribed"`)
	send(t, second, `["atlas_subscribe",{"msm":1004}]`)
	expect(t, second, `["atlas_subscribed",{"msm":1004}]`)
}
