package e2e

import (
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
)

// listOffsets is the key of the request by which a gateway finds out whether the log still has what comes next for a client (Kafka's protocol, ListOffsets).
const listOffsets = 2

// socket.io-client 4.8 whose recovery has to wait for Kafka upgrades meanwhile, as it would have done without, and is recovered when Kafka answers.
func TestRecoveringClientUpgradesWhileKafkaIsSilent(t *testing.T) {
	t.Parallel()
	kafka := startEmbedded(t, embedded.Config{})
	h := openHouse(t, kafka.Addrs())
	way := startTunnel(t, h.public)
	way.letUpgrade()
	there := *h
	there.public = way.address
	client := startNode(t, &there, "4.8", "polling", "websocket")
	r := &recovery{house: h, way: way, client: client, measurements: []atlas.MeasurementID{1001}, last: map[atlas.MeasurementID]int{}}
	if !client.upgraded { // it may have upgraded before it was connected
		r.hearUntil(t, "upgrade")
	}
	client.subscribeWith(t, `{"msm":1001,"cursor":""}`)
	h.mustPost(t, numbered(1001, 1))
	r.hearResults(t, 1)

	release := kafka.Hold(listOffsets)
	defer release()
	way.cut()
	r.hearUntil(t, "disconnect")
	h.mustPost(t, numbered(1001, 2))
	way.mend()
	r.hearUntil(t, "upgrade")
	release()
	for _, want := range []string{"connect", "recovered", "atlas_subscribed"} {
		r.hearUntil(t, want)
	}
	r.hearResults(t, 1)
}
