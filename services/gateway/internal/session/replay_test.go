package session

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"atlasstream/services/gateway/internal/delivery"
	"atlasstream/services/gateway/internal/protocol"

	"atlasstream/pkg/atlas"
)

const replayed = `{"msm":1001,"startTime":100,"speed":1}`

func TestReplayBringsItsRecordsAndEnds(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		client := &inbox{}
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		subscribe(t, subscriber, `{"msm":1001,"startTime":100,"speed":2,"prb":1,"enrichProbes":true}`)
		client.expect(t, `atlas_subscribed {"msm":1001,"startTime":100,"speed":2,"prb":1,"enrichProbes":true}`)
		time.Sleep(3500 * time.Millisecond)
		client.expect(t, `atlas_result {"n":0,"probe":"then"}`, `atlas_result {"n":2,"probe":"then"}`)
		h.deliver(result(1001, 1)) // which is live
		time.Sleep(time.Minute)
		client.expect(t, `atlas_result {"n":4,"probe":"then"}`, `atlas_unsubscribed {"msm":1001,"startTime":100,"speed":2,"prb":1,"enrichProbes":true}`)
		if len(h.tape.started) != 1 || h.tape.started[0] != "result 1001 from 100 at 2" {
			t.Errorf("started %q", h.tape.started)
		}
		if subscriber.Subscriptions() != 0 {
			t.Error("the subscription is still there")
		}
		subscribe(t, subscriber, `{"msm":1001}`) // live, now that the replay is over
		h.deliver(result(1001, 3))
		client.expect(t, `atlas_subscribed {"msm":1001}`, `atlas_result {"msm_id":1001,"prb_id":3,"type":"ping","timestamp":1}`)
	})
}

// finishing is the encoding of a door whose clients know when a replay is finished.
type finishing struct{ plain }

func (finishing) ReplayFinished() string { return "finished" }

type finishingInbox struct{ inbox }

func (*finishingInbox) Encoding() delivery.Encoding { return finishing{} }

func TestReplayIsFinishedWhereClientsKnowThat(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		h.tape.records = nil
		client := &finishingInbox{}
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		subscribe(t, subscriber, replayed)
		time.Sleep(time.Second)
		client.expect(t, "atlas_subscribed "+replayed, "finished "+replayed, "atlas_unsubscribed "+replayed)
	})
}

func TestReplayThatFailsSaysWhy(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		h.tape.records, h.tape.err = nil, protocol.Refuse("gap", "it is lost")
		client := &finishingInbox{}
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		subscribe(t, subscriber, replayed)
		time.Sleep(time.Second)
		client.expect(t, "atlas_subscribed "+replayed, `atlas_error "[gap] it is lost"`, "atlas_unsubscribed "+replayed)
	})
}

func TestSubscriptionsJoinAReplayAndTheLastEndsIt(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		client := &inbox{}
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		subscribe(t, subscriber, `{"msm":1001,"prb":1,"startTime":100}`)
		time.Sleep(1500 * time.Millisecond)
		subscribe(t, subscriber, `{"msm":1001,"prb":2}`)
		subscribe(t, subscriber, `{"msm":1001,"prb":3,"startTime":100,"speed":"1.0"}`)
		subscribe(t, subscriber, `{"msm":1001,"prb":2,"startTime":100}`) // the same again
		time.Sleep(2 * time.Second)
		client.expect(t, `atlas_subscribed {"msm":1001,"prb":1,"startTime":100}`, `atlas_result {"n":0}`, `atlas_subscribed {"msm":1001,"prb":2}`,
			`atlas_subscribed {"msm":1001,"prb":3,"startTime":100,"speed":"1.0"}`, `atlas_subscribed {"msm":1001,"prb":2,"startTime":100}`,
			`atlas_result {"n":1}`, `atlas_result {"n":2}`)
		if err := unsubscribe(t, subscriber, `{"msm":1001,"prb":1,"startTime":101}`); !errors.Is(err, ErrNotSubscribed) {
			t.Errorf("with another start: got %v, want ErrNotSubscribed", err)
		}
		for _, parameters := range []string{`{"msm":1001,"prb":1}`, `{"msm":1001,"prb":3}`} {
			if err := unsubscribe(t, subscriber, parameters); err != nil {
				t.Error(err)
			}
		}
		h.tape.expectRunning(t, 1)
		time.Sleep(time.Second)
		client.expect(t, `atlas_unsubscribed {"msm":1001,"prb":1}`, `atlas_unsubscribed {"msm":1001,"prb":3}`, `atlas_result {"n":3}`)
		if err := unsubscribe(t, subscriber, `{"msm":1001,"prb":2,"startTime":100}`); err != nil {
			t.Error(err)
		}
		h.tape.expectRunning(t, 0)
		client.expect(t, `atlas_unsubscribed {"msm":1001,"prb":2,"startTime":100}`)
		subscribe(t, subscriber, `{"msm":1001,"startTime":101}`)
		client.expect(t, `atlas_subscribed {"msm":1001,"startTime":101}`)
	})
}

func TestReplayBuffers(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		client := &inbox{}
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		subscribe(t, subscriber, `{"msm":1001,"startTime":100,"buffering":true}`)
		time.Sleep(1050 * time.Millisecond)
		client.expect(t, `atlas_subscribed {"msm":1001,"startTime":100,"buffering":true}`)
		time.Sleep(3 * time.Second)
		client.expect(t, `atlas_result [{"n":0}]`, `atlas_result [{"n":1}]`, `atlas_result [{"n":2}]`)
		time.Sleep(time.Minute)
		client.expect(t, `atlas_result [{"n":3}]`, `atlas_result [{"n":4}]`, `atlas_unsubscribed {"msm":1001,"startTime":100,"buffering":true}`)
	})
}

func TestReplayWaitsForRoom(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		h.tape.pairs = true
		client := &narrow{room: make(chan struct{})}
		client.some.Store(1)
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		subscribe(t, subscriber, replayed)
		time.Sleep(time.Hour)
		client.expect(t, "atlas_subscribed "+replayed, `atlas_result {"n":0}`)
		close(client.room)
		time.Sleep(1500 * time.Millisecond)
		client.expect(t, `atlas_result {"n":1}`, `atlas_result {"n":2}`, `atlas_result {"n":3}`)
		time.Sleep(time.Minute)
		client.take(t)
		if h.tape.waits != 1 {
			t.Errorf("the playback learned %d times that it had to wait, want once", h.tape.waits)
		}
	})
}

func TestLeavingEndsReplays(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		stuck := &narrow{room: make(chan struct{})}
		subscriber := h.join(t, stuck)
		subscribe(t, subscriber, replayed)
		subscribe(t, subscriber, `{"msm":1002,"startTime":100}`)
		time.Sleep(time.Minute)
		h.tape.expectRunning(t, 2)
		subscriber.Leave()
		if h.tape.running != 0 {
			t.Errorf("%d playbacks run, want none", h.tape.running)
		}
	})
}

//notices:replays-of-client,right-to-history
func TestReplaysAreRefused(t *testing.T) {
	inTheatre(t, Replays{NeedRight: true, OfClient: 2, OfAddress: 3, OfHub: 3}, func(t *testing.T, h *theatre) {
		h.tape.closing = time.Second // the places of those that have been ended are free only then
		h.catalogue.put(atlas.Measurement{ID: 1003})
		stranger, bearer, other := h.join(t, &inbox{}), h.joinWith(t, &inbox{}, delivery.Rights{History: true}), h.joinWith(t, &inbox{}, delivery.Rights{History: true})
		defer stranger.Leave()
		defer bearer.Leave()
		defer other.Leave()
		expectRefusal(t, try(t, stranger, replayed), "[not_allowed] startTime: only clients with a token of the role history may replay the past here, unless its operator sets --history open")
		subscribe(t, stranger, `{"msm":1001}`)
		subscribe(t, bearer, `{"msm":1009}`)
		expectRefusal(t, try(t, bearer, `{"msm":1009,"prb":1,"startTime":100}`), "[already_live] startTime: ")
		expectRefusal(t, try(t, bearer, `{"msm":1009,"startTime":100}`), "[already_live] startTime: ")
		expectRefusal(t, try(t, bearer, `{"msm":1003,"startTime":100}`), "[unknown_measurement] msm: ")
		if len(h.tape.started) != 0 {
			t.Errorf("the log was asked for %q", h.tape.started)
		}
		subscribe(t, bearer, `{"stream_type":"metadata","msm":1001}`) // which is not live
		subscribe(t, bearer, replayed)
		for _, parameters := range []string{`"startTime":101`, `"startTime":100,"speed":2`, `"startTime":100,"endTime":200`} {
			expectRefusal(t, try(t, bearer, `{"msm":1001,`+parameters+`}`), "[already_playing] startTime: ")
		}
		subscribe(t, bearer, `{"msm":1002,"startTime":100}`)
		expectRefusal(t, try(t, bearer, `{"msm":1004,"startTime":100}`), "[too_many_replays] startTime: this client has 2")
		subscribe(t, other, replayed)
		expectRefusal(t, try(t, other, `{"msm":1004,"startTime":100}`), "[too_many_replays] startTime: this gateway has 3")
		if err := unsubscribe(t, bearer, `{"msm":1002}`); err != nil {
			t.Error(err)
		}
		subscribe(t, bearer, `{"msm":1004,"startTime":100}`)
		h.tape.refusal = protocol.Refuse("before_log", "it is too early")
		if err := unsubscribe(t, bearer, `{"msm":1004}`); err != nil {
			t.Error(err)
		}
		for range 3 { // what was refused does not count
			expectRefusal(t, try(t, bearer, `{"msm":1002,"startTime":100}`), "[before_log] it is too early")
		}
	})
	nothing := newHouse()
	subscriber := nothing.join(t, &inbox{})
	defer subscriber.Leave()
	expectRefusal(t, try(t, subscriber, replayed), "[unserved_parameter] startTime: this gateway does not replay the past; its operator can have it do so with --history")
}

func TestMeasurementsThatAreReplayedMayChange(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		h.catalogue.put(atlas.Measurement{ID: 1001, Public: true, Stopped: true})
		everybody, insider := &inbox{}, &inbox{}
		for _, subscriber := range []*Session{h.join(t, everybody), h.joinWith(t, insider, delivery.Rights{NonPublic: true})} {
			defer subscriber.Leave()
			subscribe(t, subscriber, replayed)
		}
		time.Sleep(1500 * time.Millisecond)
		h.change(atlas.Measurement{ID: 1001, Public: true, Stopped: true, Interval: 1})
		everybody.expect(t, "atlas_subscribed "+replayed, `atlas_result {"n":0}`)
		h.change(atlas.Measurement{ID: 1001, Stopped: true})
		h.tape.expectRunning(t, 1)
		time.Sleep(time.Minute)
		everybody.expect(t, `atlas_error "[unknown_measurement] msm: got 1001, want a measurement that this service knows"`, "atlas_unsubscribed "+replayed)
		if got := len(insider.take(t)); got != 7 {
			t.Errorf("who may see it got %d messages, want 7", got)
		}
	})
}

func TestConnectionsAreReplayedInBothStreams(t *testing.T) {
	inTheatre(t, Replays{}, func(t *testing.T, h *theatre) {
		h.tape.records = []atlas.Record{record(atlas.StreamProbeStatus, atlas.ConnectionMeasurement, 1, `{"n":0}`)}
		client := &inbox{}
		subscriber := h.join(t, client)
		defer subscriber.Leave()
		subscribe(t, subscriber, `{"stream_type":"probestatus","startTime":100}`)
		subscribe(t, subscriber, `{"msm":7000}`)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := client.take(t); len(got) != 6 {
			t.Errorf("got %q, want both confirmations, both events and both ends", got)
		}
		if len(h.tape.started) != 1 || h.tape.started[0] != "probestatus 7000 from 100 at 1" {
			t.Errorf("started %q", h.tape.started)
		}
	})
}
