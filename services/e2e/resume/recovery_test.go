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

// socket.io-client 4.8 that was cut off under load comes back to another gateway by itself, with all its subscriptions, and misses nothing. That it was told
// of an error makes no difference.
func TestSocketIOClientRecovers(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			cluster, other := testcluster.StartPair(t)
			r := &recoveringClient{cluster: cluster, proxy: netproxy.Start(t, cluster.Public), measurements: []atlas.MeasurementID{1001, 5001}, last: map[atlas.MeasurementID]int{}}
			r.proxy.AllowUpgrades()
			there := cluster.At(r.proxy.Address)
			r.client = realclient.StartNode(t, there, "4.8", transport)
			for _, measurement := range r.measurements {
				r.client.SubscribeWith(t, fmt.Sprintf(`{"msm":%d,"cursor":""}`, measurement))
			}
			poster := workload.StartPoster(cluster, r.measurements)
			r.receiveResults(t, 100)
			r.causeError(t)
			r.cutOff(t, other, func() { poster.AwaitMore(t, 50) })
			r.receiveResults(t, 100)
			r.cutOff(t, cluster, func() { poster.AwaitMore(t, 50) })
			if err := poster.Stop(); err != nil {
				t.Fatal(err)
			}
			r.receiveAll(t, int(poster.Acknowledged.Load()))
			r.causeError(t) // the last that it hears
			r.cutOff(t, other, func() {})
			if err := poster.Post(); err != nil {
				t.Fatal(err)
			}
			r.receiveAll(t, int(poster.Acknowledged.Load()))
		})
	}
}

// recoveringClient is a client from npm, and what it has heard.
type recoveringClient struct {
	cluster      *testcluster.Cluster
	client       *realclient.Client
	proxy        *netproxy.Proxy
	measurements []atlas.MeasurementID
	last         map[atlas.MeasurementID]int
}

// receive checks that a result is the next one of its measurement. Other events are given back.
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
		t.Fatalf("measurement %d: heard result %d, want %d", result.Measurement, result.Probe, r.last[result.Measurement])
	}
	return event, payload
}

func (r *recoveringClient) receiveResults(t *testing.T, count int) {
	t.Helper()
	for range count {
		if event, payload := r.receive(t); event != "atlas_result" {
			t.Fatalf("heard %s %s", event, payload)
		}
	}
}

func (r *recoveringClient) receiveAll(t *testing.T, count int) {
	t.Helper()
	for r.last[r.measurements[0]] < count || r.last[r.measurements[1]] < count {
		r.receiveResults(t, 1)
	}
}

// receiveUntil hears results until another event comes.
func (r *recoveringClient) receiveUntil(t *testing.T, want string) json.RawMessage {
	t.Helper()
	for {
		switch event, payload := r.receive(t); event {
		case want:
			return payload
		case "atlas_result":
		default:
			t.Fatalf("heard %s %s, want %s", event, payload, want)
		}
	}
}

// causeError subscribes wrongly.
func (r *recoveringClient) causeError(t *testing.T) {
	t.Helper()
	r.client.Emit("atlas_subscribe", json.RawMessage(`{"msm":"x"}`))
	r.receiveUntil(t, "atlas_error")
}

// cutOff cuts the client off, lets something happen, and waits until the client is back at another gateway, with what it had.
func (r *recoveringClient) cutOff(t *testing.T, to *testcluster.Cluster, meanwhile func()) {
	t.Helper()
	r.proxy.Cut()
	r.proxy.ForwardTo(to.Public)
	r.receiveUntil(t, "disconnect")
	meanwhile()
	r.proxy.Restore()
	for _, want := range []string{"connect", "recovered"} {
		if event, payload := r.client.Receive(t); event != want {
			t.Fatalf("heard %s %s, want %s", event, payload, want)
		}
	}
	for range r.measurements {
		r.receiveUntil(t, "atlas_subscribed")
	}
}

// A client of Socket.IO without cursors is a new one when it comes back, and one whose offset no gateway has given out is so too.
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
				t.Errorf("%s, %s: came back with pid %s, got %q, want a new one", transport.Name, name, options.PID, conn.PID)
			}
			if err := conn.Subscribe(`{"msm":1001}`); err != nil {
				t.Errorf("%s, %s: %v", transport.Name, name, err)
			}
		}
	}
}

// What waits to be sent in an array has not been delivered, whatever the cursor of a later result stands for, be that of the same partition or of another.
func TestRecoveryBringsWhatWaitedInABuffer(t *testing.T) {
	t.Parallel()
	for name, neighbour := range map[string]atlas.MeasurementID{"same partition": testcluster.OtherMeasurement(1001, true), "another partition": testcluster.OtherMeasurement(1001, false)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster, other := testcluster.StartPair(t)
			const rounds = 10 // as it is not certain that the one is waiting already when the other comes
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

// What has no cursor comes from then on, with what has one.
func TestRecoveryMakesSubscriptionsWithoutCursorsAnew(t *testing.T) {
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
		t.Errorf("came back as %s, got the new pid %s", conn.PID, back.PID)
	}
	expectInAnyOrder(t, back, `["atlas_subscribed",{"msm":1001,`, `["atlas_subscribed",{"msm":5001}`, `["atlas_result",{"msm_id":1001,"prb_id":2,`)
	cluster.MustPost(t, sample.Numbered(1001, 3), sample.Numbered(5001, 3))
	expectInAnyOrder(t, back, `["atlas_result",{"msm_id":1001,"prb_id":3,`, `["atlas_result",{"msm_id":5001,"prb_id":3,`)
}

// receiveAcrossReconnect hears the first of two results on one line, and the other one on another if that is the one which is sent in an array.
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
		t.Fatalf("came back as %s, got the new pid %s", conn.PID, back.PID)
	}
	expectInAnyOrder(t, back, `["atlas_subscribed",{"msm":1001,`, fmt.Sprintf(`["atlas_subscribed",{"msm":%d,`, neighbour), array)
	return back
}

// expectInAnyOrder is for what several subscriptions are told, each of which comes up at a time of its own.
func expectInAnyOrder(t *testing.T, conn *connection.Connection, wanted ...string) {
	t.Helper()
	for range wanted {
		msg, err := conn.Receive()
		if err != nil {
			t.Fatal(err)
		}
		at := slices.IndexFunc(wanted, func(want string) bool { return msg.HasPrefix(want) })
		if at < 0 {
			t.Fatalf("heard %.300s, want one of %s", msg, wanted)
		}
		wanted = slices.Delete(slices.Clone(wanted), at, at+1)
	}
}

// However often a client comes back with its cursors, they become no longer.
func TestCursorsDoNotGrow(t *testing.T) {
	t.Parallel()
	cluster, other := testcluster.StartPair(t)
	measurements := []atlas.MeasurementID{1001, 1002, 1003}
	for _, transport := range []connection.Transport{connection.WebSocket, connection.SocketIO} {
		cursors := make([]string, len(measurements))
		first := 0
		for visit := 1; visit <= 8; visit++ {
			conn := connection.MustOpen(t, transport, connection.Options{Gateway: []*testcluster.Cluster{cluster, other}[visit%2].Public})
			for i, measurement := range measurements {
				if err := conn.Subscribe(string(sample.JSON(map[string]any{"msm": measurement, "cursor": cursors[i]}))); err != nil {
					t.Fatalf("%s, visit %d: %v", transport.Name, visit, err)
				}
			}
			for i, measurement := range measurements {
				cluster.MustPost(t, fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":%q}`, measurement, visit, time.Now().Unix(), transport.Name))
				cursors[i] = conn.MustExpect(t, fmt.Sprintf(`["atlas_result",{"msm_id":%d,"prb_id":%d,`, measurement, visit)).Cursor()
			}
			conn.Close()
			if visit == 1 {
				first = len(cursors[0])
			}
			if len(cursors[0]) > 2*first {
				t.Errorf("%s: a cursor has %d bytes on visit %d, and %d on the first", transport.Name, len(cursors[0]), visit, first)
				break
			}
		}
	}
}
