package endpoint

import (
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
)

func TestSubscriptionsThatEndByThemselvesAreTakenOffTheAddress(t *testing.T) {
	house := open(t, plan{admission: ratelimit.Limits{Connections: 10, Subscriptions: 1, Messages: 100, ConnectionMessages: 20}})
	first, second := house.connect(t), house.connect(t)
	say(t, first, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, first, `["atlas_subscribed"`)
	say(t, second, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, second, `["atlas_error","[too_many_subscriptions]`)
	house.known.stop(publicMeasurement)
	house.hub.MeasurementChanged(atlas.Measurement{ID: publicMeasurement, Public: true, Stopped: true})
	expect(t, first, `["atlas_unsubscribed"`)
	say(t, second, `["atlas_subscribe",{"msm":1004}]`)
	expect(t, second, `["atlas_subscribed",{"msm":1004}]`)
}
