package catchup

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// A client subscribes and unsubscribes while it is behind. Each subscription delivers the same as to a client that is not behind, and all results of a partition
// arrive in the order of the log.
func TestSubscribingWhileBehind(t *testing.T) {
	t.Parallel()
	env := startEnvironment(t, testcluster.StartBroker(t, embedded.Config{}).Addrs())
	measurement := chaosMeasurements[0]
	neighbour := neighbourOf(measurement)
	gateway := env.gateways[0]
	c := &laggingClient{
		env: env, gateway: gateway, conn: connection.MustOpen(t, connection.WebSocket, connection.Options{Gateway: gateway.Public}),
		upToDate: connection.MustSubscribe(t, connection.WebSocket, connection.Options{
			Gateway: gateway.Public, Parameters: fmt.Appendf(nil, `{"msm":%d,"prb":4}`, neighbour),
		}),
		measurements: []int{measurement, neighbour}, startOffsets: map[string]int64{},
	}
	first := fmt.Sprintf(`{"msm":%d,"prb":1}`, measurement)
	c.subscribe(t, first)
	c.write(t, 6000) // several times what waits in the queue and in the kernel
	for _, further := range []string{fmt.Sprintf(`{"msm":%d,"prb":2}`, measurement), fmt.Sprintf(`{"msm":%d,"prb":3}`, neighbour)} {
		c.awaitBehind(t)
		c.subscribe(t, further)
		c.write(t, 300)
	}
	c.awaitBehind(t)
	c.send(t, "atlas_unsubscribe", first)
	c.receiveUntil(t, "atlas_unsubscribed", first)
	c.ended = len(c.received)
	c.write(t, 50)
	model := readLog(t, env.kafka, eventlog.ResultsTopic)
	c.receiveRest(t, model)
	c.check(t, model)
}

// laggingClient is behind. It keeps what it receives.
type laggingClient struct {
	env          *environment
	gateway      *testcluster.Cluster
	conn         *connection.Connection
	upToDate     *connection.Connection // of another client, which receives little and is never behind
	measurements []int                  // of one partition
	startOffsets map[string]int64       // the end of the log when each subscription began, by its parameters
	received     []string
	ended        int // how many had been received when the first subscription ended
}

func (c *laggingClient) awaitBehind(t *testing.T) {
	t.Helper()
	await.Condition(t, "the client is behind", func() bool { return c.gateway.Metric(t, "atlas_gateway_behind_clients") > 0 })
}

// awaitLiveTail waits until the live tail is at the end of the log, as a subscription begins at the live tail.
func (c *laggingClient) awaitLiveTail(t *testing.T) {
	t.Helper()
	last := c.result(c.measurements[1], 4, 1)
	if err := c.env.write(t.Context(), eventlog.ResultsTopic, last); err != nil {
		t.Fatal(err)
	}
	c.upToDate.MustExpect(t, fmt.Sprintf(`["atlas_result",%s`, last))
}

// subscribe subscribes while nothing is written.
func (c *laggingClient) subscribe(t *testing.T, parameters string) {
	t.Helper()
	c.awaitLiveTail(t)
	c.startOffsets[parameters] = c.env.end(c.measurements[0])
	c.send(t, "atlas_subscribe", parameters)
	c.receiveUntil(t, "atlas_subscribed", parameters)
}

func (c *laggingClient) send(t *testing.T, event, parameters string) {
	t.Helper()
	if err := c.conn.Send(event, json.RawMessage(parameters)); err != nil {
		t.Fatal(err)
	}
}

// write writes long results of the first probe, and a few short ones of two others, one of them of the other measurement.
func (c *laggingClient) write(t *testing.T, count int) {
	t.Helper()
	for count > 0 {
		var values [][]byte
		for range min(count, 500) {
			count--
			values = append(values, c.result(c.measurements[0], 1, 4<<10))
			if count%5 == 0 {
				values = append(values, c.result(c.measurements[0], 2, 1), c.result(c.measurements[1], 3, 1))
			}
		}
		if err := c.env.write(t.Context(), eventlog.ResultsTopic, values...); err != nil {
			t.Fatal(err)
		}
	}
}

func (c *laggingClient) result(measurement, probe, size int) []byte {
	c.env.number++
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping","number":%d,"padding":"%0*d"}`,
		measurement, probe, time.Now().Unix(), c.env.number, size, 0)
}

// receive returns the next message, and keeps it if it is a result.
func (c *laggingClient) receive(t *testing.T) connection.Message {
	t.Helper()
	msg, err := c.conn.Receive()
	if err != nil {
		t.Fatalf("after %d results: %v", len(c.received), err)
	}
	if msg.Event == "atlas_result" {
		c.received = append(c.received, string(msg.Payload))
	}
	return msg
}

// receiveUntil receives results until an event of a subscription.
func (c *laggingClient) receiveUntil(t *testing.T, event, parameters string) {
	t.Helper()
	msg := c.receive(t)
	for msg.Event == "atlas_result" {
		msg = c.receive(t)
	}
	if msg.Event != event || string(msg.Payload) != parameters {
		t.Fatalf("received %.300s, want %s of %s", msg, event, parameters)
	}
}

// wanted are the results of the subscriptions that continue, in the order of the log, and those of the one that has ended.
func (c *laggingClient) wanted(model logModel) (continuing, ended []string) {
	for _, record := range model[eventlog.ResultsTopic] {
		begins, continues := c.startOffsets[fmt.Sprintf(`{"msm":%d,"prb":%d}`, record.Measurement, record.Probe)]
		switch {
		case !continues || record.Offset < begins:
		case record.Probe == 1:
			ended = append(ended, string(record.Value))
		default:
			continuing = append(continuing, string(record.Value))
		}
	}
	return continuing, ended
}

func (c *laggingClient) receiveRest(t *testing.T, model logModel) {
	t.Helper()
	continuing, _ := c.wanted(model)
	for last := continuing[len(continuing)-1]; len(c.received) == 0 || c.received[len(c.received)-1] != last; {
		if msg := c.receive(t); msg.Event != "atlas_result" {
			t.Fatalf("received %s", msg)
		}
	}
}

func (c *laggingClient) check(t *testing.T, model logModel) {
	t.Helper()
	continuing, ended := c.wanted(model)
	var gotContinuing, gotEnded []string
	position := map[string]int{}
	for i, record := range model[eventlog.ResultsTopic] {
		position[string(record.Value)] = i
	}
	for i, value := range c.received {
		if i > 0 && position[value] <= position[c.received[i-1]] {
			t.Fatalf("result %d is out of order: %.100s, then %.100s", i, c.received[i-1], value)
		}
		switch of := model[eventlog.ResultsTopic][position[value]]; {
		case of.Probe != 1:
			gotContinuing = append(gotContinuing, value)
		case i >= c.ended:
			t.Fatalf("result %d is of a subscription that has ended: %.100s", i, value)
		default:
			gotEnded = append(gotEnded, value)
		}
	}
	if !slices.Equal(gotContinuing, continuing) {
		t.Errorf("received %d results of the subscriptions that continue, want %d", len(gotContinuing), len(continuing))
	}
	if len(gotEnded) > len(ended) || !slices.Equal(gotEnded, ended[:len(gotEnded)]) {
		t.Errorf("received %d results of the subscription that has ended, which are not the first", len(gotEnded))
	}
	t.Logf("received %d results, %d of a subscription that ended meanwhile", len(c.received), len(gotEnded))
}
