package e2e

import (
	"fmt"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/gateway"
)

// away is a way on which a client comes back to a gateway that does not take its cursor.
type away struct {
	first atlas.MeasurementID // of those of its clients
	to    gateway.Config
	gone  string // what becomes of the cursor
	stays bool   // the client's next cursor is good there
}

var ways = map[string]away{
	"too old":     {1001, gateway.Config{BehindTime: time.Second, Backlog: time.Second}, "[cursor_gone] cursor: was given out ", false},
	"another key": {2001, gateway.Config{CursorKey: "the key of another gateway, for a change"}, "[cursor_gone] cursor: the cursor was sealed with another key", true},
}

// A client that comes back by itself, when its place is gone, is told so and goes on with what comes from then on: it would stay away if it were refused.
func TestEventSourcesComeBackToWhatIsGone(t *testing.T) {
	t.Parallel()
	h, _ := openPair(t)
	for why, away := range ways {
		to := openGateway(t, []string{h.kafka}, away.to)
		for i, name := range append(eventSources, "Chromium") {
			t.Run(why+", "+name, func(t *testing.T) {
				t.Parallel()
				comeBackToWhatIsGone(t, h, to, away, name, away.first+atlas.MeasurementID(i))
			})
		}
	}
}

func comeBackToWhatIsGone(t *testing.T, h, to *house, away away, name string, measurement atlas.MeasurementID) {
	t.Helper()
	way := startTunnel(t, h.public)
	way.letUpgrade()
	source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=%d", way.address, measurement))
	subscribed := fmt.Sprintf(`["atlas_subscribed",{"msm":"%d"}]`, measurement)
	source.expect(t, subscribed)
	number := 0
	post := func() {
		t.Helper()
		number++
		h.mustPost(t, numbered(measurement, number))
	}
	expectNext := func() {
		t.Helper()
		post()
		source.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, number))
	}
	expectNext()
	cursor := lastCursor(t, h, measurement, expectNext)
	way.cut()
	way.leadTo(to.public)
	post()
	awaitGone(t, to, measurement, cursor)
	way.mend()
	source.expect(t, `["connect"]`)
	source.expect(t, subscribed)
	source.expect(t, `["atlas_error","`+away.gone)
	expectNext()
	way.cut()
	if !away.stays {
		way.leadTo(h.public)
	}
	post()
	way.mend()
	source.expect(t, `["connect"]`)
	source.expect(t, subscribed)
	source.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, number))
}

// lastCursor is that of the result that is posted.
func lastCursor(t *testing.T, h *house, measurement atlas.MeasurementID, post func()) string {
	t.Helper()
	l := mustSubscribe(t, webSocket, arrival{gateway: h.public, parameters: mustJSON(map[string]any{"msm": measurement, "cursor": ""})})
	defer l.close()
	post()
	return l.mustExpect(t, `["atlas_result",`).cursor()
}

// awaitGone waits until a gateway refuses a cursor.
func awaitGone(t *testing.T, to *house, measurement atlas.MeasurementID, cursor string) {
	t.Helper()
	eventually(t, "the cursor is gone", func() bool {
		l, err := openEvents(t.Context(), arrival{gateway: to.public, parameters: mustJSON(map[string]any{"msm": measurement, "cursor": cursor})})
		if err == nil {
			l.close()
		}
		return err != nil
	})
}

// A replay whose cursor is gone ends: begun anew, all would come twice. Its client is told why, and stays away.
func TestEventSourcesComeBackToAReplayThatIsGone(t *testing.T) {
	t.Parallel()
	h, past := openPair(t)
	other := openGateway(t, []string{h.kafka}, gateway.Config{History: gateway.HistoryOpen, CursorKey: "the key of another gateway, for a change"})
	begin := time.Now().Add(-time.Hour).Unix() // so that the replay waits an hour for the second result
	h.mustPost(t, fmt.Appendf(nil, `{"msm_id":1001,"prb_id":1,"timestamp":%d,"type":"ping"}`, begin), numbered(1001, 2))
	for _, name := range []string{"Chromium", "event-source-polyfill"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way := startTunnel(t, past.public)
			way.letUpgrade()
			source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=1001&startTime=%d", way.address, begin))
			source.expect(t, `["atlas_subscribed",{`)
			source.expect(t, `["atlas_result",{"msm_id":1001,"prb_id":1,`)
			way.cut()
			way.leadTo(other.public)
			way.mend()
			for _, want := range []string{`["connect"]`, `["atlas_subscribed",{`, `["atlas_error","[cursor_gone] `, `["atlas_unsubscribed",{`} {
				source.expect(t, want)
			}
			const connecting, closed = "0", "2"
			for _, want := range []string{connecting, closed} {
				if event, state := source.hear(t); event != "disconnect" || string(state) != want {
					t.Fatalf("heard %s %s, want a disconnect in state %s", event, state, want)
				}
			}
		})
	}
}

// socket.io-client 4.8 that comes back with one place that is gone, and one that is not, has both subscriptions; with none that is good it subscribes anew.
func TestSocketIOClientComesBackToWhatIsGone(t *testing.T) {
	t.Parallel()
	h, other := openPair(t)
	anotherKey := openGateway(t, []string{h.kafka}, gateway.Config{CursorKey: "the key of another gateway, for a change"})
	beside := measurementBeside(1001, false)
	way := startTunnel(t, h.public)
	way.letUpgrade()
	there := *h
	there.public = way.address
	c := startNode(t, &there, "4.8", "websocket")
	for _, measurement := range []atlas.MeasurementID{1001, beside} {
		c.subscribeWith(t, fmt.Sprintf(`{"msm":%d,"cursor":""}`, measurement))
		h.mustPost(t, numbered(measurement, 1))
		c.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":1,`, measurement))
	}
	way.cut()
	way.leadTo(other.public)
	h.mustPost(t, severalNumbered(1001, 2, 3)...)
	kafkatest.NewPlain(t, []string{h.kafka}).DeleteBefore(t, eventlog.ResultsTopic, eventlog.PartitionOf(1001, partitions), 2)
	way.mend()
	for _, want := range []string{`["connect"]`, `["recovered"]`, `["atlas_subscribed",{"msm":1001,`, `["atlas_error","[cursor_gone] cursor: goes on at offset 1 `} {
		c.expect(t, want)
	}
	c.expect(t, fmt.Sprintf(`["atlas_subscribed",{"msm":%d,`, beside))
	for _, measurement := range []atlas.MeasurementID{1001, beside} {
		h.mustPost(t, numbered(measurement, 4))
		c.expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":4,`, measurement))
	}
	way.cut()
	way.leadTo(anotherKey.public)
	way.mend()
	c.expect(t, `["connect"]`)
	c.subscribeWith(t, `{"msm":1001,"cursor":""}`) // it is not recovered, and says so
	h.mustPost(t, numbered(1001, 5))
	c.expect(t, `["atlas_result",{"msm_id":1001,"prb_id":5,`)
}
