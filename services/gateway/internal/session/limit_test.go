package session_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// A subscription ends right after its last record, even where more come at once; others of the client go on.
//
//notices:limit-one-more
func TestLimitEndsASubscription(t *testing.T) {
	hub, client := sessiontest.NewHub(), &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	defer subscriber.Leave()
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"limit":2}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":3}`)
	client.Take(t)
	hub.DeliverResults(sessiontest.Result(1001, 1), sessiontest.Result(1001, 2), sessiontest.Result(1001, 3), sessiontest.Result(1001, 4))
	ping := func(probe int) string {
		return fmt.Sprintf(`atlas_result {"msm_id":1001,"prb_id":%d,"type":"ping","timestamp":1}`, probe)
	}
	client.Expect(t, ping(1), ping(2), `atlas_unsubscribed {"msm":1001,"limit":2}`, ping(3))
	if sessiontest.Subscriptions(subscriber) != 1 {
		t.Errorf("%d subscriptions are left, want 1", sessiontest.Subscriptions(subscriber))
	}
	hub.ExpectFollowers(t, 1)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"limit":2}`) // once more
	hub.DeliverResults(sessiontest.Result(1001, 3), sessiontest.Result(1001, 5), sessiontest.Result(1001, 6))
	client.Expect(t, `atlas_subscribed {"msm":1001,"limit":2}`, ping(3), ping(5), `atlas_unsubscribed {"msm":1001,"limit":2}`)
}

func TestLimitCountsTheRecordsOfArrays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client := sessiontest.NewHub(), &sessiontest.RecordingClient{}
		subscriber := hub.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"buffering":true,"limit":3}`)
		hub.DeliverResults(sessiontest.NumberedResult(1), sessiontest.NumberedResult(2), sessiontest.NumberedResult(3), sessiontest.NumberedResult(4))
		client.Expect(t, `atlas_subscribed {"msm":1001,"buffering":true,"limit":3}`, `atlas_result [{"prb_id":1},{"prb_id":2},{"prb_id":3}]`,
			`atlas_unsubscribed {"msm":1001,"buffering":true,"limit":3}`)
	})
}

// The limit is as exact for a client that reads slowly, and for what comes out of the log.
func TestLimitOfAClientThatIsBehind(t *testing.T) {
	for name, held := range map[string]int{"tail": 1000, "log": 5} {
		for _, parameters := range []string{`{"msm":1,"limit":45}`, `{"msm":1,"limit":45,"sendBacklog":true}`} {
			t.Run(name+" "+parameters, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					hub := sessiontest.NewLogHub(t, held)
					defer hub.Close()
					hub.Log.Append(0, sessiontest.Records(1, 2, 1)...)
					sessiontest.MustSubscribe(t, hub.Session, parameters)
					synctest.Wait()
					hub.Log.Append(0, sessiontest.Records(30, 1, 1)...)
					hub.Log.Append(0, sessiontest.Records(30, 1, 1)...)
					hub.Receive()
					var want []string
					if len(hub.Received) > 0 && hub.Received[0] == `atlas_backlog_sent `+parameters {
						want = append(want, hub.Received[0])
					}
					for offset := 1; offset <= 45; offset++ {
						want = append(want, fmt.Sprintf(`atlas_result {"msm_id":1,"offset":%d}`, offset))
					}
					hub.Expect(t, append(want, `atlas_unsubscribed `+parameters)...)
					if sessiontest.Subscriptions(hub.Session) != 0 {
						t.Error("the subscription is still there")
					}
				})
			})
		}
	}
}

func TestLimitOfABacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := sessiontest.NewLogHub(t, 5)
		defer hub.Close()
		hub.Log.Append(0, sessiontest.Records(19, 1, 1)...)
		sessiontest.MustSubscribe(t, hub.Session, `{"msm":1,"limit":2,"sendBacklog":true}`)
		hub.Expect(t, `atlas_result {"msm_id":1,"offset":0}`, `atlas_result {"msm_id":1,"offset":1}`, `atlas_unsubscribed {"msm":1,"limit":2,"sendBacklog":true}`)
	})
}

func TestLimitEndsAReplay(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		client := &sessiontest.RecordingClient{}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"startTime":100,"limit":2}`)
		time.Sleep(time.Minute)
		client.Expect(t, `atlas_subscribed {"msm":1001,"startTime":100,"limit":2}`, `atlas_result {"n":0}`, `atlas_result {"n":1}`,
			`atlas_unsubscribed {"msm":1001,"startTime":100,"limit":2}`)
		h.Log.ExpectRunning(t, 0)
	})
}

func TestDurationEndsASubscription(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		client := &sessiontest.RecordingClient{}
		subscriber := h.MustJoin(t, client)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1002,"duration":1.5}`)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1002,"prb":8,"duration":1}`)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"startTime":100,"duration":2.5}`)
		client.Take(t)
		sessiontest.MustUnsubscribe(t, subscriber, `{"msm":1002,"prb":8,"duration":1}`)
		client.Expect(t, `atlas_unsubscribed {"msm":1002,"prb":8,"duration":1}`)
		time.Sleep(1499 * time.Millisecond)
		h.DeliverResults(sessiontest.Result(1002, 7))
		client.Expect(t, `atlas_result {"n":0}`, `atlas_result {"msm_id":1002,"prb_id":7,"type":"ping","timestamp":1}`)
		time.Sleep(time.Minute)
		h.DeliverResults(sessiontest.Result(1002, 7))
		client.Expect(t, `atlas_unsubscribed {"msm":1002,"duration":1.5}`, `atlas_result {"n":1}`, `atlas_unsubscribed {"msm":1001,"startTime":100,"duration":2.5}`)
		h.ExpectFollowers(t, 0)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"duration":1}`)
		subscriber.Leave() // before the time is over
		time.Sleep(time.Minute)
		client.Expect(t, `atlas_subscribed {"msm":1001,"duration":1}`)
	})
}

// Nothing is left of the timer of a measurement that has stopped already.
func TestDurationOfAStoppedMeasurement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client := sessiontest.NewHub(), &sessiontest.RecordingClient{}
		hub.Measurements.Put(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
		subscriber := hub.MustJoin(t, client)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"duration":1}`)
		client.Expect(t, `atlas_subscribed {"msm":1001,"duration":1}`, `atlas_unsubscribed {"msm":1001,"duration":1}`)
		subscriber.Leave()
	})
}

// A list of which a part has ended before keeps its duration.
func TestDurationOfAListWithAStoppedMeasurement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub, client := forGroups(), &sessiontest.RecordingClient{}
		subscriber := hub.MustJoin(t, client)
		defer subscriber.Leave()
		const both = `{"msm":[1001,1002],"duration":60}`
		sessiontest.MustSubscribe(t, subscriber, both)
		hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
		client.Expect(t, `atlas_subscribed `+both)
		time.Sleep(61 * time.Second)
		client.Expect(t, `atlas_unsubscribed `+both)
		hub.ExpectFollowers(t, 0)
	})
}
