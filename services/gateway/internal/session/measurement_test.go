package session_test

import (
	"errors"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/access"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

func TestStoppedMeasurementEndsItsSubscriptions(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":"1001" }`)
	sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata","msm":1001}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1002}`)
	client.Take(t)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	client.Expect(t, `atlas_unsubscribed {"msm":"1001" }`)
	hub.ExpectFollowers(t, 1)
	hub.DeliverResults(sessiontest.Result(1001, 7), sessiontest.Result(1002, 7))
	client.Expect(t, `atlas_result {"msm_id":1002,"prb_id":7,"type":"ping","timestamp":1}`)
	if err := sessiontest.Unsubscribe(t, subscriber, `{"msm":1001}`); !errors.Is(err, session.ErrNotSubscribed) {
		t.Errorf("got %v, want session.ErrNotSubscribed", err)
	}
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true})
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	hub.DeliverResults(sessiontest.Result(1001, 7))
	client.Expect(t, `atlas_subscribed {"msm":1001}`, `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
}

func TestEverySubscriptionToAStoppedMeasurementEnds(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"prb":1}`)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001,"acceptedFields":["prb_id"]}`)
	client.Take(t)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	client.Expect(t, `atlas_unsubscribed {"msm":1001,"prb":1}`, `atlas_unsubscribed {"msm":1001,"acceptedFields":["prb_id"]}`)
	hub.ExpectFollowers(t, 0)
	if left, _ := sessiontest.Targets(hub.Results.Partition(0)); left != 0 {
		t.Error("the partition still has its target")
	}
}

func TestSubscribingToAStoppedMeasurementEndsAtOnce(t *testing.T) {
	hub := sessiontest.NewHub()
	hub.Measurements.Put(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	client.Expect(t, `atlas_subscribed {"msm":1001}`, `atlas_unsubscribed {"msm":1001}`)
	hub.ExpectFollowers(t, 0)
	sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata","msm":1001}`)
	sessiontest.Deliver(hub.Metadata, sessiontest.MeasurementObject(1001, true))
	client.Expect(t, `atlas_subscribed {"stream_type":"metadata","msm":1001}`, `atlas_metadata {"id":1001,"type":"ping","is_public":true}`)
}

func TestMeasurementBecomesPrivate(t *testing.T) {
	hub := sessiontest.NewHub()
	hub.Measurements.Put(atlas.Measurement{ID: 1001, Public: true})
	everybody, insider := &sessiontest.RecordingClient{}, &sessiontest.RecordingClient{}
	outside := hub.MustJoin(t, everybody)
	inside := hub.MustJoinWith(t, insider, access.Rights{NonPublic: true})
	for _, subscriber := range []*session.Session{outside, inside} {
		sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
		sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata","msm":1001}`)
		sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata"}`)
	}
	everybody.Take(t)
	insider.Take(t)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001})
	sessiontest.Deliver(hub.Metadata, sessiontest.MeasurementObject(1001, false), sessiontest.MeasurementObject(1002, true))
	hub.DeliverResults(sessiontest.Result(1001, 7))

	words := `atlas_error "[unknown_measurement] msm: got 1001, want a measurement that this service knows"`
	got := everybody.Take(t)
	ends := map[string]bool{`atlas_unsubscribed {"msm":1001}`: true, `atlas_unsubscribed {"stream_type":"metadata","msm":1001}`: true}
	if len(got) != 5 || got[0] != words || got[2] != words || !ends[got[1]] || !ends[got[3]] || got[1] == got[3] ||
		got[4] != `atlas_metadata {"id":1002,"type":"ping","is_public":true}` {
		t.Errorf("everybody got %q", got)
	}
	insider.Expect(t, `atlas_metadata {"id":1001,"type":"ping","is_public":false}`, `atlas_metadata {"id":1002,"type":"ping","is_public":true}`,
		`atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
	sessiontest.ExpectRefusal(t, sessiontest.Subscribe(t, outside, `{"msm":1001}`), "[unknown_measurement] msm: got 1001, ")
	everybody.Expect(t)
	hub.ExpectFollowers(t, 1)
}

func TestUnknownMeasurements(t *testing.T) {
	for _, test := range []struct {
		name, parameters string
		refuse, insider  bool
		want             string // of the refusal; none if it is empty
	}{
		{"unknown, allowed", `{"msm":5}`, false, false, ""},
		{"unknown, refused", `{"msm":5}`, true, false, "[unknown_measurement] msm: got 5, want a measurement that this service knows"},
		{"unknown, refused to insiders", `{"msm":5}`, true, true, "[unknown_measurement] msm: got 5, want"},
		{"unknown metadata, refused", `{"stream_type":"metadata","msm":5}`, true, false, "[unknown_measurement] msm: got 5, want"},
		{"private", `{"msm":6}`, false, false, "[unknown_measurement] msm: got 6, want a measurement that this service knows"},
		{"private and stopped", `{"msm":8}`, false, false, "[unknown_measurement] msm: got 8, want"},
		{"private metadata", `{"stream_type":"metadata","msm":6}`, false, false, "[unknown_measurement] msm: got 6, want"},
		{"private, for an insider", `{"msm":6}`, true, true, ""},
		{"public", `{"msm":7}`, true, false, ""},
		{"connections", `{"msm":7000}`, true, false, ""},
		{"probestatus", `{"stream_type":"probestatus"}`, true, false, ""},
		{"all metadata", `{"stream_type":"metadata"}`, true, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			hub := sessiontest.NewHubWith(session.Settings{RefuseUnknown: test.refuse})
			hub.Measurements.Put(atlas.Measurement{ID: 6})
			hub.Measurements.Put(atlas.Measurement{ID: 7, Public: true})
			hub.Measurements.Put(atlas.Measurement{ID: 8, Stopped: true})
			client := &sessiontest.RecordingClient{}
			err := sessiontest.Subscribe(t, hub.MustJoinWith(t, client, access.Rights{NonPublic: test.insider}), test.parameters)
			if test.want != "" {
				sessiontest.ExpectRefusal(t, err, test.want)
				client.Expect(t)
				hub.ExpectFollowers(t, 0)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			client.Expect(t, "atlas_subscribed "+test.parameters)
		})
	}
}

// RIPE's measurement of connections never stops, whatever the catalog says.
func TestConnectionsNeverStop(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	sessiontest.MustSubscribe(t, hub.MustJoin(t, client), `{"msm":7000}`)
	client.Take(t)
	hub.ChangeMeasurement(atlas.Measurement{ID: 7000, Stopped: true})
	sessiontest.Deliver(hub.Statuses, sessiontest.Record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7}`))
	client.Expect(t, `atlas_result {"prb_id":7}`)
}

// A measurement that was unknown when a client subscribed may turn out to be private.
func TestUnknownMeasurementBecomesPrivate(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	sessiontest.MustSubscribe(t, hub.MustJoin(t, client), `{"msm":1001}`)
	client.Take(t)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001})
	hub.DeliverResults(sessiontest.Result(1001, 7))
	client.Expect(t, `atlas_error "[unknown_measurement] msm: got 1001, want a measurement that this service knows"`, `atlas_unsubscribed {"msm":1001}`)
}

// The change may come when the client is subscribed, before Follow returns.
func TestMeasurementStopsWhileItIsSubscribedTo(t *testing.T) {
	hub := sessiontest.NewHub()
	hub.Tail.Attached = func() { hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true}) }
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	client.Expect(t, `atlas_subscribed {"msm":1001}`, `atlas_unsubscribed {"msm":1001}`)
	hub.ExpectFollowers(t, 0)
	subscriber.Leave()
	hub.ExpectFollowers(t, 0)
}

// The change may come just before the client confirms a subscription again, or ends it.
func TestSubscriptionEndsOnce(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{}
	subscriber := hub.MustJoin(t, client)
	sessiontest.MustSubscribe(t, subscriber, `{"msm":1001}`)
	ended := subscriber.Active(sessiontest.MustParse(t, `{"msm":1001}`).Key())
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	client.Take(t)
	if stays, err := ended.Source.Confirm(ended, ended.Parameters); stays || err != nil {
		t.Errorf("an ended subscription is confirmed: %t, %v", stays, err)
	}
	if err := subscriber.End(ended, func() error { return ended.SendEnded(nil) }); !errors.Is(err, session.ErrNotSubscribed) {
		t.Errorf("got %v, want session.ErrNotSubscribed", err)
	}
	subscriber.Client.Flush()
	client.Expect(t)
	hub.ExpectFollowers(t, 0)
}

func TestEndOfASubscriptionOverflows(t *testing.T) {
	hub := sessiontest.NewHub()
	client := &sessiontest.RecordingClient{Limit: 1}
	sessiontest.MustSubscribe(t, hub.MustJoin(t, client), `{"msm":1001}`)
	hub.ChangeMeasurement(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	client.ExpectOverflows(t, 1)
	hub.ExpectOverflows(t, 1)
}

func TestMetadata(t *testing.T) {
	hub := sessiontest.NewHub()
	every, one, both := &sessiontest.RecordingClient{}, &sessiontest.RecordingClient{}, &sessiontest.RecordingClient{}
	sessiontest.MustSubscribe(t, hub.MustJoin(t, every), `{"stream_type":"metadata"}`)
	sessiontest.MustSubscribe(t, hub.MustJoin(t, one), `{"stream_type":"metadata","msm":1001}`)
	subscriber := hub.MustJoin(t, both)
	sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata"}`)
	sessiontest.MustSubscribe(t, subscriber, `{"stream_type":"metadata","msm":1001}`)
	for _, client := range []*sessiontest.RecordingClient{every, one, both} {
		client.Take(t)
	}
	first, second := sessiontest.MeasurementObject(1001, true), sessiontest.MeasurementObject(1002, true)
	sessiontest.Deliver(hub.Metadata, first, second)
	every.Expect(t, "atlas_metadata "+string(first.Value), "atlas_metadata "+string(second.Value))
	one.Expect(t, "atlas_metadata "+string(first.Value))
	both.Expect(t, "atlas_metadata "+string(first.Value), "atlas_metadata "+string(second.Value))
	sessiontest.MustUnsubscribe(t, subscriber, `{"stream_type":"metadata"}`)
	both.Take(t)
	sessiontest.Deliver(hub.Metadata, first, second)
	both.Expect(t, "atlas_metadata "+string(first.Value))
}

// An object that cannot be parsed is only for clients that may see everything.
func TestUnreadableObjectIsNotPublic(t *testing.T) {
	hub := sessiontest.NewHub()
	everybody, insider := &sessiontest.RecordingClient{}, &sessiontest.RecordingClient{}
	sessiontest.MustSubscribe(t, hub.MustJoin(t, everybody), `{"stream_type":"metadata"}`)
	sessiontest.MustSubscribe(t, hub.MustJoinWith(t, insider, access.Rights{NonPublic: true}), `{"stream_type":"metadata"}`)
	everybody.Take(t)
	insider.Take(t)
	sessiontest.Deliver(hub.Metadata, sessiontest.Record(atlas.StreamMetadata, 1001, 0, `{"id":"all"}`))
	everybody.Expect(t)
	insider.Expect(t, `atlas_metadata {"id":"all"}`)
}
