package replay_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

func TestSubscriptionToAReplayThatIsOver(t *testing.T) {
	var recipient delivery.Recipient
	shared := &delivery.Shared{}
	recipient.Init(&sessiontest.DiscardingClient{}, access.Rights{}, nil, shared)
	wanted := sessiontest.MustParse(t, sessiontest.ReplayParameters)
	settings := &replay.Settings{Shared: shared, Access: &access.Rules{}}
	over := replay.New(&recipient, wanted, settings, prometheus.NewCounter(prometheus.CounterOpts{}))
	over.Prepare(context.Background())
	over.CloseIfEmpty()
	if err := over.Begin(delivery.NewActive(&recipient, wanted, nil)); !errors.Is(err, replay.ErrOver) {
		t.Errorf("got %v, want ErrOver", err)
	}
}

func TestReplayDeliversItsRecordsAndEnds(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		client := &sessiontest.RecordingClient{}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"startTime":100,"speed":2,"prb":1,"enrichProbes":true}`)
		client.Expect(t, `atlas_subscribed {"msm":1001,"startTime":100,"speed":2,"prb":1,"enrichProbes":true}`)
		time.Sleep(1700 * time.Millisecond)
		client.Expect(t, `atlas_result {"n":0,"probe":"then"}`, `atlas_result {"n":2,"probe":"then"}`)
		h.DeliverResults(sessiontest.Result(1001, 1)) // which is live
		time.Sleep(time.Minute)
		client.Expect(t, `atlas_result {"n":4,"probe":"then"}`, `atlas_unsubscribed {"msm":1001,"startTime":100,"speed":2,"prb":1,"enrichProbes":true}`)
		if len(h.Log.Started()) != 1 || h.Log.Started()[0] != "results 1001 from 1" {
			t.Errorf("started %q", h.Log.Started())
		}
		if sessiontest.Subscriptions(subscriber) != 0 {
			t.Error("the subscription is still there")
		}
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`) // live, now that the replay is over
		h.DeliverResults(sessiontest.Result(1001, 3))
		client.Expect(t, `atlas_subscribed {"msm":1001}`, `atlas_result {"msm_id":1001,"prb_id":3,"type":"ping","timestamp":1}`)
	})
}

func TestReplayFinishedEvent(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		h.Log.Records = nil
		client := &sessiontest.RecordingClient{Encoder: sessiontest.ReplayEndEncoding{}}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, sessiontest.ReplayParameters)
		time.Sleep(time.Second)
		client.Expect(t, "atlas_subscribed "+sessiontest.ReplayParameters, "finished "+sessiontest.ReplayParameters, "atlas_unsubscribed "+sessiontest.ReplayParameters)
	})
}

func TestReplayFails(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		h.Log.Records, h.Log.Err = nil, protocol.Errorf("gap", "it is lost")
		client := &sessiontest.RecordingClient{Encoder: sessiontest.ReplayEndEncoding{}}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, sessiontest.ReplayParameters)
		time.Sleep(time.Second)
		client.Expect(t, "atlas_subscribed "+sessiontest.ReplayParameters, `atlas_error "[gap] it is lost"`, "atlas_unsubscribed "+sessiontest.ReplayParameters)
	})
}

func TestSubscriptionsShareAReplay(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		client := &sessiontest.RecordingClient{}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":1,"startTime":100}`)
		time.Sleep(1500 * time.Millisecond)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":2}`)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":3,"startTime":100,"speed":"1.0"}`)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":2,"startTime":100}`) // the same again
		time.Sleep(2 * time.Second)
		client.Expect(t, `atlas_subscribed {"msm":1001,"prb":1,"startTime":100}`, `atlas_result {"n":0}`, `atlas_subscribed {"msm":1001,"prb":2}`,
			`atlas_subscribed {"msm":1001,"prb":3,"startTime":100,"speed":"1.0"}`, `atlas_subscribed {"msm":1001,"prb":2,"startTime":100}`,
			`atlas_result {"n":1}`, `atlas_result {"n":2}`)
		if err := sessiontest.Unsubscribe(t, subscriber, `{"msm":1001,"prb":1,"startTime":101}`); !errors.Is(err, session.ErrNotSubscribed) {
			t.Errorf("with another start: got %v, want session.ErrNotSubscribed", err)
		}
		for _, parameters := range []string{`{"msm":1001,"prb":1}`, `{"msm":1001,"prb":3}`} {
			sessiontest.MustUnsubscribe(t, subscriber, parameters)
		}
		h.Log.ExpectRunning(t, 1)
		time.Sleep(time.Second)
		client.Expect(t, `atlas_unsubscribed {"msm":1001,"prb":1}`, `atlas_unsubscribed {"msm":1001,"prb":3}`, `atlas_result {"n":3}`)
		sessiontest.MustUnsubscribe(t, subscriber, `{"msm":1001,"prb":2,"startTime":100}`)
		h.Log.ExpectRunning(t, 0)
		client.Expect(t, `atlas_unsubscribed {"msm":1001,"prb":2,"startTime":100}`)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"startTime":101}`)
		client.Expect(t, `atlas_subscribed {"msm":1001,"startTime":101}`)
	})
}

func TestReplayBuffers(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		client := &sessiontest.RecordingClient{}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"startTime":100,"buffering":true}`)
		time.Sleep(1050 * time.Millisecond)
		client.Expect(t, `atlas_subscribed {"msm":1001,"startTime":100,"buffering":true}`)
		time.Sleep(3 * time.Second)
		client.Expect(t, `atlas_result [{"n":0}]`, `atlas_result [{"n":1}]`, `atlas_result [{"n":2}]`)
		time.Sleep(time.Minute)
		client.Expect(t, `atlas_result [{"n":3}]`, `atlas_result [{"n":4}]`, `atlas_unsubscribed {"msm":1001,"startTime":100,"buffering":true}`)
	})
}

func TestReplayWaitsForRoom(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		h.Log.Pairs = true
		client := sessiontest.NewBlockedClient(1)
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, sessiontest.ReplayParameters)
		time.Sleep(time.Hour)
		client.Expect(t, "atlas_subscribed "+sessiontest.ReplayParameters, `atlas_result {"n":0}`)
		client.Unblock()
		time.Sleep(1500 * time.Millisecond)
		client.Expect(t, `atlas_result {"n":1}`, `atlas_result {"n":2}`, `atlas_result {"n":3}`)
		time.Sleep(time.Minute)
		client.Take(t)
	})
}

func TestLeavingEndsReplays(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		stuck := sessiontest.NewBlockedClient(0)
		subscriber := h.MustJoin(t, stuck)
		sessiontest.MustSubscribe(t, subscriber, sessiontest.ReplayParameters)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1002,"startTime":100}`)
		time.Sleep(time.Minute)
		h.Log.ExpectRunning(t, 2)
		subscriber.Leave()
		if h.Log.Running() != 0 {
			t.Errorf("%d replays run, want none", h.Log.Running())
		}
	})
}

func TestMeasurementChangesDuringReplay(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		h.Measurements.Put(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
		everybody, insider := &sessiontest.RecordingClient{}, &sessiontest.RecordingClient{}
		for _, subscriber := range []*session.Session{h.MustJoin(t, everybody), h.MustJoinWith(t, insider, access.Rights{NonPublic: true})} {
			defer subscriber.Leave()
			sessiontest.MustSubscribe(t, subscriber, sessiontest.ReplayParameters)
		}
		time.Sleep(1500 * time.Millisecond)
		h.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true, Interval: 1})
		everybody.Expect(t, "atlas_subscribed "+sessiontest.ReplayParameters, `atlas_result {"n":0}`)
		h.ChangeMeasurement(atlas.Measurement{ID: 1001, Stopped: true})
		h.Log.ExpectRunning(t, 1)
		time.Sleep(time.Minute)
		everybody.Expect(t, `atlas_error "[unknown_measurement] msm: got 1001, want a measurement that this service knows"`, "atlas_unsubscribed "+sessiontest.ReplayParameters)
		if got := len(insider.Take(t)); got != 7 {
			t.Errorf("the client that may see it got %d messages, want 7", got)
		}
	})
}

func TestConnectionsAreReplayedInBothStreams(t *testing.T) {
	sessiontest.TestWithReplays(t, session.Replays{}, func(t *testing.T, h *sessiontest.ReplayHub) {
		h.Log.Records = []atlas.Record{sessiontest.Record(atlas.StreamProbeStatus, atlas.ConnectionMeasurement, 1, `{"n":0}`)}
		client := &sessiontest.RecordingClient{}
		subscriber := h.MustJoin(t, client)
		defer subscriber.Leave()
		sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"probestatus","startTime":100}`)
		sessiontest.MustSubscribe(t, subscriber, `{"msm":7000}`)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := client.Take(t); len(got) != 6 {
			t.Errorf("got %q, want both confirmations, both events and both ends", got)
		}
		if len(h.Log.Started()) != 1 || h.Log.Started()[0] != "probestatus 7000 from 1" {
			t.Errorf("started %q", h.Log.Started())
		}
	})
}
