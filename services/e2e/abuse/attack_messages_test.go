package abuse

import (
	"strings"
	"testing"
)

// longMessage is a little less than the limit of a gateway for messages of clients, in bytes.
const longMessage = 99_000

// attacksByMessages are messages that cost the gateway more than their sender.
func attacksByMessages() []attack {
	const connections, acks, pings = 100, 100, 20_000
	const most = 2 * 1000 // messages of a connection: the burst, and what passes meanwhile on a busy machine
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
			name:    "long acknowledgements of nothing",
			launch:  func(t *testing.T, b *testbed) { sendRepeatedly(t, b, socketIOPath, acks, "437"+longList(`["x"`)) },
			budgets: []budget{{"bytes allocated", ofGateway, counted("go_memstats_alloc_bytes_total"), 2*spare + 4*acks*longMessage, launching}},
		},
		{
			name: "events for a namespace that the client is not in",
			launch: func(t *testing.T, b *testbed) {
				sendRepeatedly(t, b, socketIOPath, acks, "42/elsewhere,"+longList(`["x"`))
			},
			budgets: []budget{{"bytes allocated", ofGateway, counted("go_memstats_alloc_bytes_total"), 2*spare + 4*acks*longMessage, launching}},
		},
		{
			name: "more acknowledgements than a connection may send",
			launch: func(t *testing.T, b *testbed) {
				before := b.gateway.Sum(t, "atlas_gateway_refused_total", `limit="messages"`)
				sendRepeatedly(t, b, socketIOPath, most, `437["x"]`)
				if b.gateway.Sum(t, "atlas_gateway_refused_total", `limit="messages"`) == before {
					t.Errorf("%d acknowledgements were sent at once, and none was refused", most)
				}
			},
		},
		{
			name: "pings of Engine.IO 3",
			launch: func(t *testing.T, b *testbed) {
				if answered := sendRepeatedly(t, b, socketIO3Path, pings, "2").count("3"); answered > most {
					t.Errorf("%d of %d pings were answered, want at most %d", answered, pings, most)
				}
			},
		},
		{
			name: "pings of the WebSocket",
			launch: func(t *testing.T, b *testbed) {
				conn := b.attacker.mustConnect(t, webSocketPath)
				for range pings {
					conn.ping("again")
				}
				b.awaitRead(t, conn)
				if answered := conn.count("pong again"); answered > most {
					t.Errorf("%d of %d pings were answered, want at most %d", answered, pings, most)
				}
			},
		},
	}
}

// longList completes a JSON array with as many short elements as a message can have.
func longList(beginning string) string {
	return beginning + strings.Repeat(",1", (longMessage-len(beginning))/2) + "]"
}

// sendToEach sends a text over each of many Socket.IO connections, which stay open.
func sendToEach(t *testing.T, b *testbed, connections int, text string) {
	t.Helper()
	conns := make([]*attackConnection, connections)
	for n := range conns {
		conns[n] = b.attacker.mustConnect(t, socketIOPath)
		conns[n].send(text)
	}
	b.awaitRead(t, conns...)
}

// sendRepeatedly sends a text many times over one connection.
func sendRepeatedly(t *testing.T, b *testbed, path string, times int, text string) *attackConnection {
	t.Helper()
	conn := b.attacker.mustConnect(t, path)
	for range times {
		conn.send(text)
	}
	b.awaitRead(t, conn)
	return conn
}
