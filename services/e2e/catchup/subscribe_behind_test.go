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

// While a client is behind it subscribes and unsubscribes. What each subscription brings is what it would bring to a client that keeps up, and all of a
// partition comes in the order of the log.
func TestSubscriptionsComeAndGoBehind(t *testing.T) {
	t.Parallel()
	env := startEnvironment(t, testcluster.StartBroker(t, embedded.Config{}).Addrs())
	measurement := chaosMeasurements[0]
	neighbour := neighbourOf(measurement)
	c := &laggingClient{
		env: env, gateway: env.gateways[0], conn: connection.MustOpen(t, connection.WebSocket, connection.Options{Gateway: env.gateways[0].Public}),
		upToDate:     connection.MustSubscribe(t, connection.WebSocket, connection.Options{Gateway: env.gateways[0].Public, Parameters: fmt.Appendf(nil, `{"msm":%d,"prb":4}`, neighbour)}),
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

// laggingClient is a client that is, and what it hears.
type laggingClient struct {
	env          *environment
	gateway      *testcluster.Cluster
	conn         *connection.Connection
	upToDate     *connection.Connection // another client's, who gets next to nothing
	measurements []int                  // of one partition
	startOffsets map[string]int64       // the log's end when each subscription began, by its parameters
	received     []string
	ended        int // how many had been heard when the first subscription ended
}

func (c *laggingClient) awaitBehind(t *testing.T) {
	t.Helper()
	await.Condition(t, "the client is behind", func() bool { return c.gateway.Metric(t, "atlas_gateway_behind_clients") > 0 })
}

// awaitLiveFeed returns when the live feed has reached the log's end: a subscription begins where the feed is.
func (c *laggingClient) awaitLiveFeed(t *testing.T) {
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
	c.awaitLiveFeed(t)
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

// write writes so many long results of the first probe, and a few short ones of two others, of which one measures something else.
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

// receive keeps a result; another event it gives back.
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

// receiveUntil hears results until an event comes that is of a subscription.
func (c *laggingClient) receiveUntil(t *testing.T, event, parameters string) {
	t.Helper()
	msg := c.receive(t)
	for msg.Event == "atlas_result" {
		msg = c.receive(t)
	}
	if msg.Event != event || string(msg.Payload) != parameters {
		t.Fatalf("heard %.300s, want %s of %s", msg, event, parameters)
	}
}

// wanted are the results of the subscriptions that last, in the order of the log, and of the one that has ended.
func (c *laggingClient) wanted(model logModel) (lasting, ended []string) {
	for _, record := range model[eventlog.ResultsTopic] {
		begins, lasts := c.startOffsets[fmt.Sprintf(`{"msm":%d,"prb":%d}`, record.Measurement, record.Probe)]
		switch {
		case !lasts || record.Offset < begins:
		case record.Probe == 1:
			ended = append(ended, string(record.Value))
		default:
			lasting = append(lasting, string(record.Value))
		}
	}
	return lasting, ended
}

func (c *laggingClient) receiveRest(t *testing.T, model logModel) {
	t.Helper()
	lasting, _ := c.wanted(model)
	for last := lasting[len(lasting)-1]; len(c.received) == 0 || c.received[len(c.received)-1] != last; {
		if msg := c.receive(t); msg.Event != "atlas_result" {
			t.Fatalf("heard %s", msg)
		}
	}
}

func (c *laggingClient) check(t *testing.T, model logModel) {
	t.Helper()
	lasting, ended := c.wanted(model)
	var gotLasting, gotEnded []string
	place := map[string]int{}
	for i, record := range model[eventlog.ResultsTopic] {
		place[string(record.Value)] = i
	}
	for i, value := range c.received {
		if i > 0 && place[value] <= place[c.received[i-1]] {
			t.Fatalf("result %d comes behind what stands behind it in the log: %.100s, then %.100s", i, c.received[i-1], value)
		}
		switch of := model[eventlog.ResultsTopic][place[value]]; {
		case of.Probe != 1:
			gotLasting = append(gotLasting, value)
		case i >= c.ended:
			t.Fatalf("result %d is of a subscription that has ended: %.100s", i, value)
		default:
			gotEnded = append(gotEnded, value)
		}
	}
	if !slices.Equal(gotLasting, lasting) {
		t.Errorf("heard %d results of the subscriptions that last, want %d", len(gotLasting), len(lasting))
	}
	if len(gotEnded) > len(ended) || !slices.Equal(gotEnded, ended[:len(gotEnded)]) {
		t.Errorf("heard %d results of the subscription that has ended, which are not the first", len(gotEnded))
	}
	t.Logf("heard %d results, %d of a subscription that ended on the way", len(c.received), len(gotEnded))
}
