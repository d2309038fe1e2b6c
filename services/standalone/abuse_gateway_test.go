package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
)

// What a client's acceptedFields may amount to, and the length of a name that is nearly as long as a path may be.
const mostFields, longName = 1000, 80

// longMessage is a little shorter than the longest message of a client that a gateway takes, in bytes.
const longMessage = 99_000

// attacksByMessages are messages that cost more to take than to send.
func attacksByMessages() []attack {
	const connections, acks, pings = 100, 100, 20_000
	const most = 2 * 1000 // messages of a connection: the burst, and what a busy machine lets pass meanwhile
	return []attack{
		{
			name:    "unfinished binary events",
			launch:  func(t *testing.T, b *testbed) { sendToEach(t, b, connections, "451-"+longList(`["x"`)) },
			budgets: []budget{{"bytes kept", ofGateway, bytesKept, spare + connections*(32<<10), launching}},
		},
		{
			name:    "unfinished binary acknowledgements",
			launch:  func(t *testing.T, b *testbed) { sendToEach(t, b, connections, "461-7"+longList(`["x"`)) },
			budgets: []budget{{"bytes kept", ofGateway, bytesKept, spare + connections*(32<<10), launching}},
		},
		{
			name:    "long acknowledgements that nobody waits for",
			launch:  func(t *testing.T, b *testbed) { sendRepeatedly(t, b, socketIODoor, acks, "437"+longList(`["x"`)) },
			budgets: []budget{{"bytes allocated", ofGateway, counted("go_memstats_alloc_bytes_total"), 2*spare + 4*acks*longMessage, launching}},
		},
		{
			name: "events for a namespace that the client is not in",
			launch: func(t *testing.T, b *testbed) {
				sendRepeatedly(t, b, socketIODoor, acks, "42/elsewhere,"+longList(`["x"`))
			},
			budgets: []budget{{"bytes allocated", ofGateway, counted("go_memstats_alloc_bytes_total"), 2*spare + 4*acks*longMessage, launching}},
		},
		{
			name: "more acknowledgements than a connection may send",
			launch: func(t *testing.T, b *testbed) {
				before := b.gateway.total(t, "atlas_gateway_refused_total", `limit="messages"`)
				sendRepeatedly(t, b, socketIODoor, most, `437["x"]`)
				if b.gateway.total(t, "atlas_gateway_refused_total", `limit="messages"`) == before {
					t.Errorf("%d acknowledgements were sent at once, and none was refused", most)
				}
			},
		},
		{
			name: "pings of Engine.IO 3",
			launch: func(t *testing.T, b *testbed) {
				if answered := sendRepeatedly(t, b, socketIO3Door, pings, "2").count("3"); answered > most {
					t.Errorf("%d of %d pings were answered, want at most %d", answered, pings, most)
				}
			},
		},
		{
			name: "pings of the WebSocket",
			launch: func(t *testing.T, b *testbed) {
				i := b.attacker.mustEnter(t, plainDoor)
				for range pings {
					i.ping("again")
				}
				b.awaitRead(t, i)
				if answered := i.count("pong again"); answered > most {
					t.Errorf("%d of %d pings were answered, want at most %d", answered, pings, most)
				}
			},
		},
	}
}

// longList ends a JSON array with as many short elements as a message takes.
func longList(beginning string) string {
	return beginning + strings.Repeat(",1", (longMessage-len(beginning))/2) + "]"
}

// sendToEach sends a text over each of many connections of Socket.IO, which stay.
func sendToEach(t *testing.T, b *testbed, connections int, text string) {
	t.Helper()
	intruders := make([]*intruder, connections)
	for n := range intruders {
		intruders[n] = b.attacker.mustEnter(t, socketIODoor)
		intruders[n].send(text)
	}
	b.awaitRead(t, intruders...)
}

// sendRepeatedly sends a text many times over one connection.
func sendRepeatedly(t *testing.T, b *testbed, door string, times int, text string) *intruder {
	t.Helper()
	i := b.attacker.mustEnter(t, door)
	for range times {
		i.send(text)
	}
	b.awaitRead(t, i)
	return i
}

// attacksBySubscriptions are subscriptions that cost much to keep, or with each record. The budgets of processor time are several times what is allowed, as
// other work on the machine makes it dearer; make bench measures it.
func attacksBySubscriptions() []attack {
	const perRecord = 0.005 // seconds of CPU that one address may add to a record
	const perMessage = 0.0005
	const fieldSets, fieldClients, fieldListClients = 250, 8, 200
	const failingConditions, failingClients = 1000, 9
	const alternativeClients = 10
	const churned, churnClients = 200, 2
	return []attack{
		{
			name:   "subscriptions with different acceptedFields",
			result: longTraceroute,
			launch: func(t *testing.T, b *testbed) { subscribeEach(t, b, fieldClients, differentFields(fieldSets)) },
			budgets: []budget{
				{"seconds of CPU for the subscriptions", ofGateway, cpuSeconds, fieldClients * fieldSets * perMessage, launching},
				{"bytes kept", ofGateway, bytesKept, spare + fieldClients*(2<<20), launching},
				{"seconds of CPU for the records", ofGateway, cpuSeconds, served * perRecord, serving},
			},
		},
		{
			name:   "clients with different acceptedFields",
			result: longTraceroute,
			launch: func(t *testing.T, b *testbed) {
				for _, parameters := range manyFields(fieldListClients) {
					b.attacker.mustEnter(t, plainDoor).subscribe(parameters)
				}
			},
			budgets: []budget{{"seconds of CPU for the records", ofGateway, cpuSeconds, served * perRecord, serving}},
		},
		{
			name:   "conditions that fail",
			result: longTraceroute,
			launch: func(t *testing.T, b *testbed) { subscribeEach(t, b, failingClients, failing(failingConditions)) },
			budgets: []budget{
				{"seconds of CPU for the subscriptions", ofGateway, cpuSeconds, failingClients * failingConditions * perMessage, launching},
				{"seconds of CPU for the records", ofGateway, cpuSeconds, served * perRecord, serving},
			},
		},
		{
			name: "alternatives of equalsTo",
			launch: func(t *testing.T, b *testbed) {
				subscribeEach(t, b, alternativeClients, alternatives(60))
			},
			budgets: []budget{{"bytes kept", ofGateway, bytesKept, spare + alternativeClients*5*(256<<10), launching}},
		},
		{
			name:   "subscribing and unsubscribing",
			launch: func(t *testing.T, b *testbed) { churn(t, b, churnClients, fieldsForProbes(churned), churned/2) },
			budgets: []budget{
				{"seconds of CPU for the messages", ofGateway, cpuSeconds, 2 * churnClients * churned * perMessage, launching},
				{"bytes kept", ofGateway, bytesKept, spare + churnClients*(2<<20), launching},
			},
		},
	}
}

// subscribeEach has each of some clients subscribe to everything.
func subscribeEach(t *testing.T, b *testbed, clients int, subscriptions []string) {
	t.Helper()
	intruders := make([]*intruder, clients)
	for n := range intruders {
		intruders[n] = b.attacker.mustEnter(t, plainDoor)
		for _, parameters := range subscriptions {
			intruders[n].subscribe(parameters)
		}
	}
	b.awaitRead(t, intruders...)
	for n, i := range intruders {
		t.Logf("client %d: %d of %d subscriptions were taken", n, i.count(`["atlas_subscribed"`), len(subscriptions))
	}
}

// churn has each of some clients subscribe to everything, and then end the last subscription and make it again for so many times.
func churn(t *testing.T, b *testbed, clients int, subscriptions []string, times int) {
	t.Helper()
	intruders := make([]*intruder, clients)
	for n := range intruders {
		i := b.attacker.mustEnter(t, plainDoor)
		intruders[n] = i
		for _, parameters := range subscriptions {
			i.subscribe(parameters)
		}
		last := subscriptions[len(subscriptions)-1]
		for range times {
			i.send(`["atlas_unsubscribe",` + last + `]`)
			i.subscribe(last)
		}
	}
	b.awaitRead(t, intruders...)
}

// fieldsForProbes are subscriptions to many members of every probe's results, and to one more member of those of each of many probes.
func fieldsForProbes(probes int) (subscriptions []string) {
	const lists, names = 5, 100 // as many names as a subscription may have
	for list := range lists {
		fields := make([]string, names)
		for name := range fields {
			fields[name] = fmt.Sprintf("%d.%d.%s", list, name, strings.Repeat("x", longName))
		}
		subscriptions = append(subscriptions, string(mustJSON(map[string]any{"msm": abusedMeasurement, "acceptedFields": fields})))
	}
	for probe := range probes {
		subscriptions = append(subscriptions, fmt.Sprintf(`{"msm":%d,"prb":%d,"acceptedFields":["of%d"]}`, abusedMeasurement, probe+1, probe))
	}
	return subscriptions
}

// differentFields are subscriptions to the abused measurement that differ in the members they want. Which of them match is another question with each record.
func differentFields(count int) (subscriptions []string) {
	chance := rand.New(rand.NewPCG(1, 2))
	for n := range count {
		fields := []string{"number"}
		for name := range mostFields/count - 1 {
			fields = append(fields, fmt.Sprintf("%d.%d.%s", n, name, strings.Repeat("x", longName)))
		}
		some := make([]int, 0, 4*served)
		for number := range 4 * served {
			if chance.IntN(2) == 0 {
				some = append(some, number)
			}
		}
		subscriptions = append(subscriptions, string(mustJSON(map[string]any{
			"msm": abusedMeasurement, "acceptedFields": fields, "equalsTo": map[string]any{"number": some},
		})))
	}
	return subscriptions
}

// manyFields are subscriptions to the abused measurement that want some members that there are, and as many others as one may name.
func manyFields(count int) (subscriptions []string) {
	const others = 97
	for n := range count {
		fields := []string{"number", "result.hop", "result.result.rtt"}
		for name := range others {
			fields = append(fields, fmt.Sprintf("result.result.member%d.of%d", name, n))
		}
		subscriptions = append(subscriptions, string(mustJSON(map[string]any{"msm": abusedMeasurement, "acceptedFields": fields})))
	}
	return subscriptions
}

// failing are subscriptions whose one condition looks at all replies of a traceroute, in vain.
func failing(count int) (subscriptions []string) {
	for n := range count {
		subscriptions = append(subscriptions, fmt.Sprintf(`{"msm":%d,"greaterTo":{"result.result.rtt":%d}}`, abusedMeasurement, 1_000_000+n))
	}
	return subscriptions
}

// alternatives are subscriptions with a thousand short alternatives each.
func alternatives(count int) (subscriptions []string) {
	const each = 1000
	for n := range count {
		list := make([]string, each)
		for i := range list {
			list[i] = string([]byte{'a' + byte(i%26), 'a' + byte(i/26)})
		}
		subscriptions = append(subscriptions, string(mustJSON(map[string]any{
			"msm": abusedMeasurement, "equalsTo": map[string]string{fmt.Sprintf("member%d", n): strings.Join(list, " ")},
		})))
	}
	return subscriptions
}

// attacksByConnections are connections that are made to be held.
func attacksByConnections() []attack {
	const idle, mostIdle = 1500, 1000 // --address-connections
	const long, kept = 200, 16 << 10
	text := strings.Repeat("x", 14_000)
	header := http.Header{"X-Filler": {text}}
	longSession := func(door string) func(*testing.T, *testbed) {
		return func(t *testing.T, b *testbed) {
			for range long {
				if _, err := b.attacker.enter(t, door+"client="+text, header); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return []attack{
		{
			name:    "connections without a request",
			launch:  func(t *testing.T, b *testbed) { connectIdly(t, b, idle, "") },
			budgets: []budget{{"descriptors held", ofGateway, counted("process_open_fds"), mostIdle + 10, launching}},
		},
		{
			name:        "connections that are kept alive, and few descriptors",
			descriptors: 1024,
			launch:      func(t *testing.T, b *testbed) { connectIdly(t, b, idle, "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n") },
		},
		{
			name:      "connections from many networks of a site",
			arguments: []string{"--trusted-proxies", attackerAddress + "/32", "--address-connections", "20"},
			launch:    func(t *testing.T, b *testbed) { connectFromSite(t, b, 7, 20) },
			budgets:   []budget{{"clients", ofGateway, counted("atlas_gateway_clients"), 4 * 20, launching}},
		},
		{
			name:    "long requests for a WebSocket",
			launch:  longSession(plainDoor + "?"),
			budgets: []budget{{"bytes kept", ofGateway, bytesKept, spare/2 + long*kept, launching}},
		},
		{
			name:    "long requests for Socket.IO",
			launch:  longSession(socketIODoor + "&"),
			budgets: []budget{{"bytes kept", ofGateway, bytesKept, spare/2 + long*kept, launching}},
		},
	}
}

// connectIdly opens connections on which no more is said. Then the operator and a further client must still get in.
func connectIdly(t *testing.T, b *testbed, count int, request string) {
	t.Helper()
	for n := range count {
		conn, err := dialFrom(attackerAddress)(t.Context(), "tcp", b.gateway.public)
		if err != nil {
			t.Fatalf("connection %d: %v", n, err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, _ = conn.Write([]byte(request)) // it may have been refused
	}
	operator := &http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := operator.Get("http://" + b.gateway.admins[0] + "/readyz")
	if err != nil {
		t.Fatalf("the operator: %v", err)
	}
	if _ = response.Body.Close(); response.StatusCode != http.StatusOK {
		t.Errorf("the operator got %s", response.Status)
	}
	if err := b.honest.connect(t).subscribe(`{"msm":1}`); err != nil {
		t.Errorf("a further client: %v", err)
	}
}

// connectFromSite opens as many connections as an address may have, from each of some /64s of a /48, through a proxy.
func connectFromSite(t *testing.T, b *testbed, networks, each int) {
	t.Helper()
	for network := range networks {
		header := http.Header{"X-Forwarded-For": {fmt.Sprintf("2001:db8:1:%x::1", network)}}
		for range each {
			if _, err := b.attacker.enter(t, plainDoor, header); err != nil {
				t.Logf("network %d: %v", network, err)
				break
			}
		}
	}
}

// attacksByReading are subscriptions for which the log has to be read.
func attacksByReading() []attack {
	const backlog, clients = 1000, 150 // records of each partition
	const log, replays = 10_000, 50
	const mostRead = 100 * backlog // one after the other, the backlogs take clients * partitions * backlog
	read := counted("atlas_eventlog_records_read_total")
	return []attack{
		{
			name:    "backlogs",
			prepare: func(t *testing.T, b *testbed) { b.fillPartitions(t, backlog) },
			launch: func(t *testing.T, b *testbed) {
				b.askForBacklogs(t, clients)
				before := read(t, b.gateway)
				b.honest.hearBacklog(t, oneInEachPartition()[1], backlog)
				if meanwhile := read(t, b.gateway) - before; meanwhile > mostRead {
					t.Errorf("%.0f records were read until the honest client had its backlog, want at most %d", meanwhile, mostRead)
				}
			},
		},
		{
			name:      "replays at a high speed",
			arguments: []string{"--history", "open"},
			prepare:   func(t *testing.T, b *testbed) { b.fillPartitions(t, log) },
			launch:    func(t *testing.T, b *testbed) { askForReplays(t, b, replays) },
			budgets:   []budget{{"records read", ofGateway, read, 5 * log, launching}},
		},
	}
}

// fillPartitions posts that many results to each partition, of a minute ago, which the live feeds have passed then.
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
			b.honest.hearNumbers(t, b.honest.line, each)
		}
	}
}

// askForBacklogs has many clients ask for the backlogs of all partitions.
func (b *testbed) askForBacklogs(t *testing.T, clients int) {
	t.Helper()
	intruders := make([]*intruder, clients)
	for n := range intruders {
		intruders[n] = b.attacker.mustEnter(t, plainDoor)
	}
	for _, i := range intruders {
		for _, measurement := range oneInEachPartition() {
			i.subscribe(string(mustJSON(map[string]any{"msm": measurement, "sendBacklog": true})))
		}
	}
	b.awaitRead(t, intruders...)
}

// hearBacklog asks for the backlog of a measurement too, and receives it: numbered results.
func (c *honestClient) hearBacklog(t *testing.T, measurement atlas.MeasurementID, count int) {
	t.Helper()
	l := c.connect(t)
	if err := l.subscribe(fmt.Sprintf(`{"msm":%d,"sendBacklog":true}`, measurement)); err != nil {
		t.Fatalf("the honest client: %v", err)
	}
	c.hearNumbers(t, l, count)
	if _, err := l.expect(`["atlas_backlog_sent",`); err != nil {
		t.Errorf("the honest client: %v", err)
	}
}

// askForReplays asks for replays of what the partitions were filled with, no two from the same moment on.
func askForReplays(t *testing.T, b *testbed, count int) {
	t.Helper()
	i := b.attacker.mustEnter(t, plainDoor)
	for n := range count {
		start := float64(b.filled.Add(-10*time.Second).UnixMilli()+int64(n)) / 1000
		parameters := fmt.Sprintf(`{"msm":%d,"startTime":%.3f,"endTime":%d,"speed":1000000}`, abusedMeasurement, start, b.filled.Unix()+1)
		i.subscribe(parameters)
		i.send(`["atlas_unsubscribe",` + parameters + `]`)
	}
	b.awaitRead(t, i)
}
