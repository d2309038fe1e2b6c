package e2e

import (
	"strings"
	"testing"
)

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
