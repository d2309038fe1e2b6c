package resume

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

// socket.io-client 4.8 that was disconnected under load reconnects automatically to another gateway, with all its subscriptions, and misses nothing, also after
// it has received an error.
func TestSocketIOClientRecovers(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			cluster, other := testcluster.StartPair(t)
			r := &recoveringClient{cluster: cluster, proxy: netproxy.Start(t, cluster.Public), measurements: []atlas.MeasurementID{1001, 5001}, last: map[atlas.MeasurementID]int{}}
			r.proxy.AllowUpgrades()
			proxied := cluster.At(r.proxy.Address)
			r.client = realclient.StartNode(t, proxied, "4.8", transport)
			for _, measurement := range r.measurements {
				r.client.SubscribeWith(t, fmt.Sprintf(`{"msm":%d,"cursor":""}`, measurement))
			}
			poster := workload.StartPoster(cluster, r.measurements)
			r.receiveResults(t, 100)
			r.causeError(t)
			r.disconnect(t, other, func() { poster.AwaitMore(t, 50) })
			r.receiveResults(t, 100)
			r.disconnect(t, cluster, func() { poster.AwaitMore(t, 50) })
			if err := poster.Stop(); err != nil {
				t.Fatal(err)
			}
			r.receiveAll(t, int(poster.Acknowledged.Load()))
			r.causeError(t) // the last event before it is disconnected
			r.disconnect(t, other, func() {})
			if err := poster.Post(); err != nil {
				t.Fatal(err)
			}
			r.receiveAll(t, int(poster.Acknowledged.Load()))
		})
	}
}

// recoveringClient is a client from npm. It checks that results arrive once and in order.
type recoveringClient struct {
	cluster      *testcluster.Cluster
	client       *realclient.Client
	proxy        *netproxy.Proxy
	measurements []atlas.MeasurementID
	last         map[atlas.MeasurementID]int
}

// receive returns the next event. A result must be the next one of its measurement.
func (r *recoveringClient) receive(t *testing.T) (event string, payload json.RawMessage) {
	t.Helper()
	event, payload = r.client.Receive(t)
	if event != "atlas_result" {
		return event, payload
	}
	result, err := atlas.ParseResult(payload)
	if err != nil {
		t.Fatal(err)
	}
	if r.last[result.Measurement]++; int(result.Probe) != r.last[result.Measurement] {
		t.Fatalf("measurement %d: received result %d, want %d", result.Measurement, result.Probe, r.last[result.Measurement])
	}
	return event, payload
}

func (r *recoveringClient) receiveResults(t *testing.T, count int) {
	t.Helper()
	for range count {
		if event, payload := r.receive(t); event != "atlas_result" {
			t.Fatalf("received %s %s", event, payload)
		}
	}
}

func (r *recoveringClient) receiveAll(t *testing.T, count int) {
	t.Helper()
	for r.last[r.measurements[0]] < count || r.last[r.measurements[1]] < count {
		r.receiveResults(t, 1)
	}
}

// receiveUntil receives results until another event.
func (r *recoveringClient) receiveUntil(t *testing.T, want string) json.RawMessage {
	t.Helper()
	for {
		switch event, payload := r.receive(t); event {
		case want:
			return payload
		case "atlas_result":
		default:
			t.Fatalf("received %s %s, want %s", event, payload, want)
		}
	}
}

// causeError subscribes with an invalid parameter and waits for the error.
func (r *recoveringClient) causeError(t *testing.T) {
	t.Helper()
	r.client.Emit("atlas_subscribe", json.RawMessage(`{"msm":"x"}`))
	r.receiveUntil(t, "atlas_error")
}

// disconnect disconnects the client, calls meanwhile, and waits until the client is recovered at another gateway.
func (r *recoveringClient) disconnect(t *testing.T, to *testcluster.Cluster, meanwhile func()) {
	t.Helper()
	r.proxy.Cut()
	r.proxy.ForwardTo(to.Public)
	r.receiveUntil(t, "disconnect")
	meanwhile()
	r.proxy.Restore()
	for _, want := range []string{"connect", "recovered"} {
		if event, payload := r.client.Receive(t); event != want {
			t.Fatalf("received %s %s, want %s", event, payload, want)
		}
	}
	for range r.measurements {
		r.receiveUntil(t, "atlas_subscribed")
	}
}

// A Socket.IO client that reconnects without an offset, or with one that no gateway has sent, is a new client.
func TestSocketIOClientsThatDoNotRecover(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	damaged := changeOneLetter(cursorsOf(t, cluster, cluster, `{"msm":1001,"cursor":""}`, sample.Numbered(1001, 1))[0])
	for _, transport := range connection.Transports {
		if !transport.SocketIO {
			continue
		}
		for name, options := range map[string]connection.Options{
			"a made-up offset": {PID: "1a2b3c", Offset: "x"},
			"no offset":        {PID: "1a2b3c"},
			"a damaged offset": {PID: "1a2b3c", Offset: damaged},
		} {
			options.Gateway = other.Public
			conn := connection.MustOpen(t, transport, options)
			if conn.PID == "" || conn.PID == options.PID {
				t.Errorf("%s, %s: reconnected with PID %s, got %q, want a new one", transport.Name, name, options.PID, conn.PID)
			}
			if err := conn.Subscribe(`{"msm":1001}`); err != nil {
				t.Errorf("%s, %s: %v", transport.Name, name, err)
			}
		}
	}
}

// Results that wait to be sent in an array are delivered after a recovery, even if a later result of the same partition or of another one was sent before.
func TestRecoveryDeliversBufferedResults(t *testing.T) {
	t.Parallel()
	for name, neighbour := range map[string]atlas.MeasurementID{"same partition": testcluster.OtherMeasurement(1001, true), "another partition": testcluster.OtherMeasurement(1001, false)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster, other := testcluster.StartPair(t)
			const rounds = 10 // as the other result may be sent before the array waits
			conn := connection.MustSubscribe(t, connection.SocketIO, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(`{"msm":1001,"cursor":"","buffering":true}`)})
			if err := conn.Subscribe(fmt.Sprintf(`{"msm":%d,"cursor":""}`, neighbour)); err != nil {
				t.Fatal(err)
			}
			for round := 1; round <= rounds; round++ {
				cluster.MustPost(t, sample.Numbered(1001, round), sample.Numbered(neighbour, round))
				conn = receiveAcrossReconnect(t, conn, []*testcluster.Cluster{cluster, other}[round%2], neighbour, round)
			}
		})
	}
}

// Subscriptions without a cursor are restored with those that have one, and receive new results.
func TestRecoveryRestoresSubscriptionsWithoutCursors(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	conn := connection.MustSubscribe(t, connection.SocketIO, connection.Options{Gateway: cluster.Public, Parameters: json.RawMessage(`{"msm":1001,"cursor":""}`)})
	if err := conn.Subscribe(`{"msm":5001}`); err != nil {
		t.Fatal(err)
	}
	cluster.MustPost(t, sample.Numbered(1001, 1))
	offset := conn.MustExpect(t, `["atlas_result",{"msm_id":1001,"prb_id":1,`).Cursor()
	conn.Close()
	cluster.MustPost(t, sample.Numbered(1001, 2), sample.Numbered(5001, 2))
	back := connection.MustOpen(t, connection.SocketIO, connection.Options{Gateway: other.Public, PID: conn.PID, Offset: offset})
	if back.PID != conn.PID {
		t.Errorf("reconnected with PID %s, got the new PID %s", conn.PID, back.PID)
	}
	expectInAnyOrder(t, back, `["atlas_subscribed",{"msm":1001,`, `["atlas_subscribed",{"msm":5001}`, `["atlas_result",{"msm_id":1001,"prb_id":2,`)
	cluster.MustPost(t, sample.Numbered(1001, 3), sample.Numbered(5001, 3))
	expectInAnyOrder(t, back, `["atlas_result",{"msm_id":1001,"prb_id":3,`, `["atlas_result",{"msm_id":5001,"prb_id":3,`)
}

// receiveAcrossReconnect receives two results. If the single one arrives first, it reconnects, so that the array must arrive after a recovery.
func receiveAcrossReconnect(t *testing.T, conn *connection.Connection, next *testcluster.Cluster, neighbour atlas.MeasurementID, number int) *connection.Connection {
	t.Helper()
	array, single := fmt.Sprintf(`["atlas_result",[{"msm_id":1001,"prb_id":%d,`, number), fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, neighbour, number)
	msg, err := conn.Receive()
	if err != nil {
		t.Fatal(err)
	}
	if msg.Payload[0] == '[' {
		conn.MustExpect(t, single)
		return conn
	}
	conn.Close()
	back := connection.MustOpen(t, connection.SocketIO, connection.Options{Gateway: next.Public, PID: conn.PID, Offset: msg.Cursor()})
	if back.PID != conn.PID {
		t.Fatalf("reconnected with PID %s, got the new PID %s", conn.PID, back.PID)
	}
	expectInAnyOrder(t, back, `["atlas_subscribed",{"msm":1001,`, fmt.Sprintf(`["atlas_subscribed",{"msm":%d,`, neighbour), array)
	return back
}

// expectInAnyOrder expects messages of several subscriptions, whose order is not defined.
func expectInAnyOrder(t *testing.T, conn *connection.Connection, wanted ...string) {
	t.Helper()
	for range wanted {
		msg, err := conn.Receive()
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(wanted, func(want string) bool { return msg.HasPrefix(want) })
		if at < 0 {
			t.Fatalf("received %.300s, want one of %s", msg, wanted)
		}
		wanted = slices.Delete(slices.Clone(wanted), at, at+1)
	}
}

// Cursors do not become longer when a client reconnects often.
func TestCursorsDoNotGrow(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	for i, transport := range []connection.Transport{connection.WebSocket, connection.SocketIO} {
		base := atlas.MeasurementID(1000 + 10*i) // of its own, as the other gateway's tail may still bring the results of the last transport
		measurements := []atlas.MeasurementID{base + 1, base + 2, base + 3}
		cursors := make([]string, len(measurements))
		first := 0
		for number := 1; number <= 8; number++ {
			conn := connection.MustOpen(t, transport, connection.Options{Gateway: []*testcluster.Cluster{cluster, other}[number%2].Public})
			for i, measurement := range measurements {
				if err := conn.Subscribe(string(sample.JSON(map[string]any{"msm": measurement, "cursor": cursors[i]}))); err != nil {
					t.Fatalf("%s, connection %d: %v", transport.Name, number, err)
				}
			}
			for i, measurement := range measurements {
				cluster.MustPost(t, fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":%q}`, measurement, number, time.Now().Unix(), transport.Name))
				cursors[i] = conn.MustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, number)).Cursor()
			}
			conn.Close()
			if number == 1 {
				first = len(cursors[0])
			}
			if len(cursors[0]) > 2*first {
				t.Errorf("%s: a cursor has %d bytes on connection %d, and %d on the first", transport.Name, len(cursors[0]), number, first)
				break
			}
		}
	}
}
