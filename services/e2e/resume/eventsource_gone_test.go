package resume

import (
	"fmt"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// rejection is a reason for which a gateway does not take the cursor of a client that reconnects.
type rejection struct {
	measurement atlas.MeasurementID // of the first client
	to          gateway.Config
	error       string // the beginning of its text
	keepsCursor bool   // the gateway takes its own cursors
}

var rejections = map[string]rejection{
	"too old":     {1001, gateway.Config{BehindTime: time.Second, Backlog: time.Second}, "[cursor_gone] cursor: was given out ", false},
	"another key": {2001, gateway.Config{CursorKey: "the key of another gateway, for a change"}, "[cursor_gone] cursor: the cursor was sealed with another key", true},
}

// A client that reconnects automatically receives an error if its cursor is gone, and then new results. If it were refused, it would not try again.
func TestEventSourcesReconnectWithRejectedCursor(t *testing.T) {
	t.Parallel()
	cluster, _ := testcluster.StartPair(t)
	for why, rejection := range rejections {
		to := testcluster.StartGateway(t, []string{cluster.Kafka}, rejection.to)
		for i, name := range append(eventSources, "Chromium") {
			t.Run(why+", "+name, func(t *testing.T) {
				t.Parallel()
				checkReconnectToRejection(t, cluster, to, rejection, name, rejection.measurement+atlas.MeasurementID(i))
			})
		}
	}
}

func checkReconnectToRejection(t *testing.T, cluster, to *testcluster.Cluster, rejection rejection, name string, measurement atlas.MeasurementID) {
	t.Helper()
	proxy := netproxy.Start(t, cluster.Public)
	proxy.AllowUpgrades()
	source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=%d", proxy.Address, measurement))
	subscribed := fmt.Sprintf(`["atlas_subscribed",{"msm":"%d"}]`, measurement)
	source.Expect(t, subscribed)
	number := 0
	post := func() {
		t.Helper()
		number++
		cluster.MustPost(t, sample.Numbered(measurement, number))
	}
	expectNext := func() {
		t.Helper()
		post()
		source.Expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, number))
	}
	expectNext()
	cursor := lastCursor(t, cluster, measurement, expectNext)
	proxy.Cut()
	proxy.ForwardTo(to.Public)
	post()
	awaitGone(t, to, measurement, cursor)
	proxy.Restore()
	source.Expect(t, `["connect"]`)
	source.Expect(t, subscribed)
	source.Expect(t, `["atlas_error","`+rejection.error)
	expectNext()
	proxy.Cut()
	if !rejection.keepsCursor {
		proxy.ForwardTo(cluster.Public)
	}
	post()
	proxy.Restore()
	source.Expect(t, `["connect"]`)
	source.Expect(t, subscribed)
	source.Expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, number))
}

// lastCursor returns the cursor of the result that post posts.
func lastCursor(t *testing.T, cluster *testcluster.Cluster, measurement atlas.MeasurementID, post func()) string {
	t.Helper()
	conn := connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: cluster.Public, Parameters: sample.JSON(map[string]any{"msm": measurement, "cursor": ""})})
	defer conn.Close()
	post()
	return conn.MustExpect(t, `["atlas_result",`).Cursor()
}

// awaitGone waits until a gateway refuses a cursor.
func awaitGone(t *testing.T, to *testcluster.Cluster, measurement atlas.MeasurementID, cursor string) {
	t.Helper()
	await.Condition(t, "the cursor is gone", func() bool {
		conn, err := connection.OpenEvents(t.Context(), connection.Options{Gateway: to.Public, Parameters: sample.JSON(map[string]any{"msm": measurement, "cursor": cursor})})
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
}

// A replay whose cursor is gone ends with an error, and the client does not reconnect again. If it began again, all would arrive twice.
func TestEventSourcesReconnectToReplayWithRejectedCursor(t *testing.T) {
	t.Parallel()
	cluster, past := testcluster.StartPair(t)
	other := testcluster.StartGateway(t, []string{cluster.Kafka}, gateway.Config{History: gateway.HistoryOpen, CursorKey: "the key of another gateway, for a change"})
	begin := time.Now().Add(-time.Hour).Unix() // so that the replay waits an hour for the second result
	cluster.MustPost(t, fmt.Appendf(nil, `{"msm_id":1001,"prb_id":1,"timestamp":%d,"type":"ping"}`, begin), sample.Numbered(1001, 2))
	for _, name := range []string{"Chromium", "event-source-polyfill"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := netproxy.Start(t, past.Public)
			proxy.AllowUpgrades()
			source := startEventSource(t, name, fmt.Sprintf("http://%s/stream/?msm=1001&startTime=%d", proxy.Address, begin))
			source.Expect(t, `["atlas_subscribed",{`)
			source.Expect(t, `["atlas_result",{"msm_id":1001,"prb_id":1,`)
			proxy.Cut()
			proxy.ForwardTo(other.Public)
			proxy.Restore()
			for _, want := range []string{`["connect"]`, `["atlas_subscribed",{`, `["atlas_error","[cursor_gone] `, `["atlas_unsubscribed",{`} {
				source.Expect(t, want)
			}
			const connecting, closed = "0", "2"
			for _, want := range []string{connecting, closed} {
				if event, state := source.Receive(t); event != "disconnect" || string(state) != want {
					t.Fatalf("received %s %s, want a disconnect in state %s", event, state, want)
				}
			}
		})
	}
}

// socket.io-client 4.8 recovers both subscriptions if the position of one of them is gone. If no cursor is good, it is not recovered and subscribes again.
func TestSocketIOClientReconnectsWithRejectedCursor(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	anotherKey := testcluster.StartGateway(t, []string{cluster.Kafka}, gateway.Config{CursorKey: "the key of another gateway, for a change"})
	unaffected := testcluster.OtherMeasurement(1001, false)
	proxy := netproxy.Start(t, cluster.Public)
	proxy.AllowUpgrades()
	proxied := cluster.At(proxy.Address)
	c := realclient.StartNode(t, proxied, "4.8", "websocket")
	for _, measurement := range []atlas.MeasurementID{1001, unaffected} {
		c.SubscribeWith(t, fmt.Sprintf(`{"msm":%d,"cursor":""}`, measurement))
		cluster.MustPost(t, sample.Numbered(measurement, 1))
		c.Expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":1,`, measurement))
	}
	proxy.Cut()
	proxy.ForwardTo(other.Public)
	cluster.MustPost(t, sample.NumberedRange(1001, 2, 3)...)
	kafkatest.NewPlain(t, []string{cluster.Kafka}).DeleteBefore(t, eventlog.ResultsTopic, eventlog.PartitionOf(1001, testcluster.Partitions), 2)
	proxy.Restore()
	for _, want := range []string{`["connect"]`, `["recovered"]`, `["atlas_subscribed",{"msm":1001,`, `["atlas_error","[cursor_gone] cursor: goes on at offset 1 `} {
		c.Expect(t, want)
	}
	c.Expect(t, fmt.Sprintf(`["atlas_subscribed",{"msm":%d,`, unaffected))
	for _, measurement := range []atlas.MeasurementID{1001, unaffected} {
		cluster.MustPost(t, sample.Numbered(measurement, 4))
		c.Expect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":4,`, measurement))
	}
	proxy.Cut()
	proxy.ForwardTo(anotherKey.Public)
	proxy.Restore()
	c.Expect(t, `["connect"]`)
	c.SubscribeWith(t, `{"msm":1001,"cursor":""}`) // as it is not recovered
	cluster.MustPost(t, sample.Numbered(1001, 5))
	c.Expect(t, `["atlas_result",{"msm_id":1001,"prb_id":5,`)
}
