package delivery_test

import (
	"errors"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

func TestOverflowAffectsOneClient(t *testing.T) {
	hub := sessiontest.NewHub()
	slow, quick := &sessiontest.RecordingClient{Limit: 3}, &sessiontest.RecordingClient{}
	sessiontest.MustSubscribe(t, hub.MustJoin(t, slow), `{"msm":1001}`)
	sessiontest.MustSubscribe(t, hub.MustJoin(t, quick), `{"msm":1001}`)
	hub.DeliverResults(sessiontest.Result(1001, 1), sessiontest.Result(1001, 2), sessiontest.Result(1001, 3), sessiontest.Result(1001, 4)) // of which the last two do not fit
	slow.ExpectOverflows(t, 1)
	quick.ExpectOverflows(t, 0)
	ofSlow, _ := slow.Messages()
	ofQuick, _ := quick.Messages()
	if len(ofSlow) != 3 || len(ofQuick) != 5 {
		t.Errorf("messages: %d and %d, want 3 and 5", len(ofSlow), len(ofQuick))
	}
	hub.ExpectOverflows(t, 1)
}

// After a message that did not fit none is sent, from any partition, even if the client has room meanwhile.
func TestNothingIsSentAfterAnOverflow(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{Limit: 2}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"probestatus"}`)
	hub.Results.Deliver(0, []atlas.Record{sessiontest.Result(1001, 7)})
	client.Take(t)
	hub.Results.Deliver(0, []atlas.Record{sessiontest.Result(1001, 8)})
	sessiontest.Deliver(hub.Statuses, sessiontest.Record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7}`))
	hub.Results.Flush(0)
	client.Expect(t)
	client.ExpectOverflows(t, 1)
	hub.ExpectOverflows(t, 1)
}

// An endpoint that gets ErrFull calls Overflow itself.
func TestOverflowIsCountedOnce(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{Limit: 1}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	if err := sessiontest.Subscribe(t, subscriber, `{"msm":1002}`); !errors.Is(err, sendqueue.ErrFull) {
		t.Fatalf("got %v, want ErrFull", err)
	}
	subscriber.Overflow()
	hub.DeliverResults(sessiontest.Result(1001, 7))
	subscriber.Overflow()
	client.ExpectOverflows(t, 1)
	hub.ExpectOverflows(t, 1)
	hub.ExpectFollowers(t, 1)
}
