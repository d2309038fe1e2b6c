package session

import (
	"errors"
	"fmt"
	"testing"

	"atlasstream/services/gateway/internal/delivery"

	"atlasstream/pkg/atlas"
)

func object(measurement atlas.MeasurementID, public bool) atlas.Record {
	return record(atlas.StreamMetadata, measurement, 0, fmt.Sprintf(`{"id":%d,"type":"ping","is_public":%t}`, measurement, public))
}

func TestStoppedMeasurementEndsItsSubscriptions(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":"1001" }`)
	subscribe(t, subscriber, `{"stream_type":"metadata","msm":1001}`)
	subscribe(t, subscriber, `{"msm":1002}`)
	box.take(t)
	house.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	box.expect(t, `atlas_unsubscribed {"msm":"1001" }`)
	house.expectFollowers(t, 1)
	house.deliver(result(1001, 7), result(1002, 7))
	box.expect(t, `atlas_result {"msm_id":1002,"prb_id":7,"type":"ping","timestamp":1}`)
	if err := unsubscribe(t, subscriber, `{"msm":1001}`); !errors.Is(err, ErrNotSubscribed) {
		t.Errorf("got %v, want ErrNotSubscribed", err)
	}
	house.change(atlas.Measurement{ID: 1001, Public: true})
	subscribe(t, subscriber, `{"msm":1001}`)
	house.deliver(result(1001, 7))
	box.expect(t, `atlas_subscribed {"msm":1001}`, `atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
}

func TestEverySubscriptionToAStoppedMeasurementEnds(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001,"prb":1}`)
	subscribe(t, subscriber, `{"msm":1001,"acceptedFields":["prb_id"]}`)
	box.take(t)
	house.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	box.expect(t, `atlas_unsubscribed {"msm":1001,"prb":1}`, `atlas_unsubscribed {"msm":1001,"acceptedFields":["prb_id"]}`)
	house.expectFollowers(t, 0)
	if house.results.partition(0).Targets() != 0 {
		t.Error("the partition still has its member")
	}
}

func TestSubscribingToAStoppedMeasurementEndsAtOnce(t *testing.T) {
	house := newHouse()
	house.catalogue.put(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	box.expect(t, `atlas_subscribed {"msm":1001}`, `atlas_unsubscribed {"msm":1001}`)
	house.expectFollowers(t, 0)
	subscribe(t, subscriber, `{"stream_type":"metadata","msm":1001}`)
	deliver(house.metadata, object(1001, true))
	box.expect(t, `atlas_subscribed {"stream_type":"metadata","msm":1001}`, `atlas_metadata {"id":1001,"type":"ping","is_public":true}`)
}

func TestMeasurementThatTurnsPrivate(t *testing.T) {
	house := newHouse()
	house.catalogue.put(atlas.Measurement{ID: 1001, Public: true})
	everybody, insider := &inbox{}, &inbox{}
	outside := house.join(t, everybody)
	inside := house.joinWith(t, insider, delivery.Rights{NonPublic: true})
	for _, subscriber := range []*Session{outside, inside} {
		subscribe(t, subscriber, `{"msm":1001}`)
		subscribe(t, subscriber, `{"stream_type":"metadata","msm":1001}`)
		subscribe(t, subscriber, `{"stream_type":"metadata"}`)
	}
	everybody.take(t)
	insider.take(t)
	house.change(atlas.Measurement{ID: 1001})
	deliver(house.metadata, object(1001, false), object(1002, true))
	house.deliver(result(1001, 7))

	words := `atlas_error "[unknown_measurement] msm: got 1001, want a measurement that this service knows"`
	got := everybody.take(t)
	ends := map[string]bool{`atlas_unsubscribed {"msm":1001}`: true, `atlas_unsubscribed {"stream_type":"metadata","msm":1001}`: true}
	if len(got) != 5 || got[0] != words || got[2] != words || !ends[got[1]] || !ends[got[3]] || got[1] == got[3] ||
		got[4] != `atlas_metadata {"id":1002,"type":"ping","is_public":true}` {
		t.Errorf("everybody got %q", got)
	}
	insider.expect(t, `atlas_metadata {"id":1001,"type":"ping","is_public":false}`, `atlas_metadata {"id":1002,"type":"ping","is_public":true}`,
		`atlas_result {"msm_id":1001,"prb_id":7,"type":"ping","timestamp":1}`)
	expectRefusal(t, try(t, outside, `{"msm":1001}`), "[unknown_measurement] msm: got 1001, ")
	everybody.expect(t)
	house.expectFollowers(t, 1)
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
			house := newHouseWith(Settings{RefuseUnknown: test.refuse})
			house.catalogue.put(atlas.Measurement{ID: 6})
			house.catalogue.put(atlas.Measurement{ID: 7, Public: true})
			house.catalogue.put(atlas.Measurement{ID: 8, Stopped: true})
			box := &inbox{}
			err := try(t, house.joinWith(t, box, delivery.Rights{NonPublic: test.insider}), test.parameters)
			if test.want != "" {
				expectRefusal(t, err, test.want)
				box.expect(t)
				house.expectFollowers(t, 0)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			box.expect(t, "atlas_subscribed "+test.parameters)
		})
	}
}

// RIPE's measurement of connections never stops, whatever is said of it.
func TestConnectionsNeverStop(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscribe(t, house.join(t, box), `{"msm":7000}`)
	box.take(t)
	house.change(atlas.Measurement{ID: 7000, Stopped: true})
	deliver(house.statuses, record(atlas.StreamProbeStatus, 7000, 7, `{"prb_id":7}`))
	box.expect(t, `atlas_result {"prb_id":7}`)
}

// A measurement that was unknown when it was subscribed to may turn out not to be for everybody.
func TestMeasurementAppearsPrivate(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscribe(t, house.join(t, box), `{"msm":1001}`)
	box.take(t)
	house.change(atlas.Measurement{ID: 1001})
	house.deliver(result(1001, 7))
	box.expect(t, `atlas_error "[unknown_measurement] msm: got 1001, want a measurement that this service knows"`, `atlas_unsubscribed {"msm":1001}`)
}

// The change may come when the client is subscribed, while the feed is still busy with that.
func TestMeasurementStopsWhileItIsSubscribedTo(t *testing.T) {
	house := newHouse()
	house.feed.attached = func() { house.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true}) }
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	box.expect(t, `atlas_subscribed {"msm":1001}`, `atlas_unsubscribed {"msm":1001}`)
	house.expectFollowers(t, 0)
	subscriber.Leave()
	house.expectFollowers(t, 0)
}

// The change may come just before the client asks for a subscription again, or for its end.
func TestSubscriptionEndsOnce(t *testing.T) {
	house := newHouse()
	box := &inbox{}
	subscriber := house.join(t, box)
	subscribe(t, subscriber, `{"msm":1001}`)
	ended := subscriber.set.find(parse(t, `{"msm":1001}`).Key())
	house.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	box.take(t)
	if stays, err := ended.Source.Confirm(ended, ended.Parameters); stays || err != nil {
		t.Errorf("an ended subscription is confirmed: %t, %v", stays, err)
	}
	if err := subscriber.end(ended, func() error { return ended.SendEnded(nil) }); !errors.Is(err, ErrNotSubscribed) {
		t.Errorf("got %v, want ErrNotSubscribed", err)
	}
	subscriber.Client.Flush()
	box.expect(t)
	house.expectFollowers(t, 0)
}

func TestClientWithoutRoomForTheEndOfASubscription(t *testing.T) {
	house := newHouse()
	box := &inbox{limit: 1}
	subscribe(t, house.join(t, box), `{"msm":1001}`)
	house.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
	box.expectOverflows(t, 1)
	house.expectOverflows(t, 1)
}

func TestMetadata(t *testing.T) {
	house := newHouse()
	every, one, both := &inbox{}, &inbox{}, &inbox{}
	subscribe(t, house.join(t, every), `{"stream_type":"metadata"}`)
	subscribe(t, house.join(t, one), `{"stream_type":"metadata","msm":1001}`)
	subscriber := house.join(t, both)
	subscribe(t, subscriber, `{"stream_type":"metadata"}`)
	subscribe(t, subscriber, `{"stream_type":"metadata","msm":1001}`)
	for _, box := range []*inbox{every, one, both} {
		box.take(t)
	}
	first, second := object(1001, true), object(1002, true)
	deliver(house.metadata, first, second)
	every.expect(t, "atlas_metadata "+string(first.Value), "atlas_metadata "+string(second.Value))
	one.expect(t, "atlas_metadata "+string(first.Value))
	both.expect(t, "atlas_metadata "+string(first.Value), "atlas_metadata "+string(second.Value))
	if err := unsubscribe(t, subscriber, `{"stream_type":"metadata"}`); err != nil {
		t.Fatal(err)
	}
	both.take(t)
	deliver(house.metadata, first, second)
	both.expect(t, "atlas_metadata "+string(first.Value))
}

// An object that cannot be read is for those only who may see everything.
func TestUnreadableObjectIsNotPublic(t *testing.T) {
	house := newHouse()
	everybody, insider := &inbox{}, &inbox{}
	subscribe(t, house.join(t, everybody), `{"stream_type":"metadata"}`)
	subscribe(t, house.joinWith(t, insider, delivery.Rights{NonPublic: true}), `{"stream_type":"metadata"}`)
	everybody.take(t)
	insider.take(t)
	deliver(house.metadata, record(atlas.StreamMetadata, 1001, 0, `{"id":"all"}`))
	everybody.expect(t)
	insider.expect(t, `atlas_metadata {"id":"all"}`)
}
