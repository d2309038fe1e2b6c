package session_test

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"atlasstream/services/gateway/internal/session/sessiontest"
)

func TestDrainSendsBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client, subscriber := sessiontest.NewBufferingHub(t)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata","buffering":true}`)
		client.Take(t)
		hub.DeliverResults(sessiontest.NumberedResult(1), sessiontest.NumberedResult(2))
		client.Expect(t)
		hub.Drain()
		client.Expect(t, `atlas_result [{"prb_id":1},{"prb_id":2}]`)
		hub.DeliverResults(sessiontest.NumberedResult(3), sessiontest.NumberedResult(4))
		client.Expect(t, `atlas_result [{"prb_id":3}]`, `atlas_result [{"prb_id":4}]`)
		sessiontest.Deliver(hub.Metadata, sessiontest.MeasurementObject(1001, true))
		client.Expect(t, `atlas_metadata [{"id":1001,"type":"ping","is_public":true}]`)
	})
}

func TestDrainOverflows(t *testing.T) {
	hub, client, subscriber := sessiontest.NewBufferingHub(t)
	defer subscriber.Leave()
	client.Limit = 1
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1002}`)
	hub.DeliverResults(sessiontest.NumberedResult(1))
	hub.Drain()
	client.ExpectOverflows(t, 1)
}

// Records that are delivered while the hub drains are sent.
func TestDrainWhileRecordsAreDelivered(t *testing.T) {
	hub, client, subscriber := sessiontest.NewBufferingHub(t)
	defer subscriber.Leave()
	var delivering sync.WaitGroup
	delivering.Go(func() {
		for number := range 500 {
			hub.DeliverResults(sessiontest.NumberedResult(number))
		}
	})
	hub.Drain()
	delivering.Wait()
	messages, written := client.Messages()
	if sent := strings.Count(strings.Join(messages, ""), `"prb_id":`); sent != 500 || written != len(messages) {
		t.Errorf("%d records are sent, and %d of %d messages are written", sent, written, len(messages))
	}
}
