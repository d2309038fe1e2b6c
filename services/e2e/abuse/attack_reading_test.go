package abuse

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/atlas"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/sample"
)

// recordsOfMessage is how many records cost as much as a message.
const recordsOfMessage = 500

// attacksByReading are subscriptions that make the gateway read the log.
func attacksByReading() []attack {
	const backlog, clients = 1000, 100 // records of each partition
	const log, replays = 10_000, 50
	const unread, readNothing, together = 4000, 60, 8 << 20 // records of 700 bytes; clients; bytes that may be queued for them
	const longResults = 100                                 // more than the live tail keeps in memory
	const mostRead = 100 * backlog                          // if each is read on its own, the backlogs take clients * partitions * backlog
	read := counted("atlas_eventlog_records_read_total")
	return []attack{
		{
			name:    "backlogs",
			prepare: func(t *testing.T, b *testbed) { b.fillPartitions(t, backlog) },
			launch: func(t *testing.T, b *testbed) {
				b.askForBacklogs(t, clients)
				before := read(t, b.gateway)
				b.honest.receiveBacklog(t, oneInEachPartition()[1], backlog)
				if meanwhile := read(t, b.gateway) - before; meanwhile > mostRead {
					t.Errorf("%.0f records were read until the honest client had its backlog, want at most %d", meanwhile, mostRead)
				}
			},
		},
		{
			name:    "backlogs that are ended at once",
			result:  longTraceroute,
			prepare: func(t *testing.T, b *testbed) { b.honest.exchange(t, longResults) },
			launch:  endBacklogsAtOnce,
		},
		{
			name:      "replays at a high speed",
			arguments: []string{"--history", "open"},
			prepare:   func(t *testing.T, b *testbed) { b.fillPartitions(t, log) },
			launch:    func(t *testing.T, b *testbed) { askForReplays(t, b, replays) },
			budgets:   []budget{{"records read", ofGateway, read, 5 * log, launching}},
		},
		{
			name:      "backlogs that clients do not read",
			arguments: []string{"--address-queue-bytes", fmt.Sprint(together)},
			prepare:   func(t *testing.T, b *testbed) { b.fillUnread(t, unread) },
			launch:    func(t *testing.T, b *testbed) { askForUnread(t, b, readNothing) },
			budgets: []budget{
				{"bytes that wait", ofGateway, counted("atlas_gateway_queued_bytes"), together + readNothing*(80<<10), launching},
				{"bytes kept", ofGateway, bytesKept, spare + 2*(together+readNothing*(80<<10)), launching},
			},
		},
	}
}

// fillPartitions posts results of a minute ago to each partition, and waits until the live tails have passed them.
func (b *testbed) fillPartitions(t *testing.T, each int) {
	t.Helper()
	b.filled = time.Now().Add(-time.Minute)
	for _, measurement := range oneInEachPartition() {
		var results [][]byte
		for number := range each {
			results = append(results, resultAt(b.filled, measurement, number+1))
		}
		if answer, err := b.honest.post(bytes.NewReader(bytes.Join(results, []byte("\n")))); err != nil || answer.Accepted != each {
			t.Fatalf("filling: %+v %v", answer, err)
		}
		if measurement == abusedMeasurement {
			b.honest.expectNumbers(t, b.honest.conn, each)
		}
	}
}

// askForBacklogs subscribes many clients to the backlogs of all partitions.
func (b *testbed) askForBacklogs(t *testing.T, clients int) {
	t.Helper()
	conns := make([]*attackConnection, clients)
	for n := range conns {
		conns[n] = b.attacker.mustConnect(t, webSocketPath)
	}
	for _, conn := range conns {
		for _, measurement := range oneInEachPartition() {
			conn.subscribe(string(sample.JSON(map[string]any{"msm": measurement, "sendBacklog": true})))
		}
	}
	b.awaitRead(t, conns...)
}

// endBacklogsAtOnce subscribes to a backlog of long results many times, and unsubscribes after the first of them. Each must be charged for what was read already,
// or the limit on messages of an address would allow thousands.
func endBacklogsAtOnce(t *testing.T, b *testbed) {
	const backlogs, least = 30, 33 + 8 // messages: the horizon of repeats, and 256 KiB each
	parameters := fmt.Sprintf(`{"msm":%d,"prb":1,"sendBacklog":true}`, abusedMeasurement)
	charged := counted("atlas_gateway_charged_records_total")
	before := charged(t, b.gateway)
	conn := b.attacker.mustConnect(t, webSocketPath)
	for n := range backlogs {
		conn.subscribe(parameters)
		await.Condition(t, "the backlog begins", func() bool { return conn.count(`["atlas_result"`) > n })
		conn.send(`["atlas_unsubscribe",` + parameters + `]`)
	}
	if got := (charged(t, b.gateway) - before) / recordsOfMessage / backlogs; got < least {
		t.Errorf("a backlog of long results cost %.3g messages though it was ended at once, want at least %d", got, least)
	}
}

// receiveBacklog subscribes the honest client to the backlog of a measurement and receives it.
func (c *honestClient) receiveBacklog(t *testing.T, measurement atlas.MeasurementID, count int) {
	t.Helper()
	conn := c.connect(t)
	if err := conn.Subscribe(fmt.Sprintf(`{"msm":%d,"sendBacklog":true}`, measurement)); err != nil {
		t.Fatalf("the honest client: %v", err)
	}
	c.expectNumbers(t, conn, count)
	if _, err := conn.Expect(`["atlas_backlog_sent",`); err != nil {
		t.Errorf("the honest client: %v", err)
	}
}

// askForReplays subscribes to replays of what the partitions were filled with, each from another time.
func askForReplays(t *testing.T, b *testbed, count int) {
	t.Helper()
	conn := b.attacker.mustConnect(t, webSocketPath)
	for n := range count {
		start := float64(b.filled.Add(-10*time.Second).UnixMilli()+int64(n)) / 1000
		parameters := fmt.Sprintf(`{"msm":%d,"startTime":%.3f,"endTime":%d,"speed":1000000}`, abusedMeasurement, start, b.filled.Unix()+1)
		conn.subscribe(parameters)
		conn.send(`["atlas_unsubscribe",` + parameters + `]`)
	}
	b.awaitRead(t, conn)
}

// unreadMeasurement is not one that the honest client subscribes to.
const unreadMeasurement = abusedMeasurement + 1

// fillUnread posts results that are long enough to fill queues.
func (b *testbed) fillUnread(t *testing.T, count int) {
	t.Helper()
	var results bytes.Buffer
	for number := range count {
		fmt.Fprintf(&results, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping","text":%q}`+"\n", unreadMeasurement, number+1, time.Now().Unix(),
			strings.Repeat("x", 600))
	}
	if answer, err := b.honest.post(&results); err != nil || answer.Accepted != count {
		t.Fatalf("filling: %+v %v", answer, err)
	}
}

// askForUnread subscribes many clients to a backlog, and reads nothing of it.
func askForUnread(t *testing.T, b *testbed, clients int) {
	t.Helper()
	for range clients {
		conn, err := webSocketFrom(t, attackerAddress, "ws://"+b.gateway.Public+webSocketPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if err := conn.NetConn().(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`["atlas_subscribe",{"msm":%d,"sendBacklog":true}]`, unreadMeasurement)
		if err := conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
}
