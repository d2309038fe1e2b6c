package endpoint

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/footprint"
	"atlasstream/services/gateway/internal/ratelimit"
)

// A message of the plain WebSocket takes memory in proportion to its bytes, however many arguments it has.
func TestAbuseManyArguments(t *testing.T) {
	const most = 4
	message := []byte(`["atlas_subscribe"` + strings.Repeat(",0", 49_990) + "]")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, _, err := parseEvent(false, message); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; got > uint64(most*len(message)) {
		t.Errorf("%d bytes are allocated for a message of %d", got, len(message))
	}
}

// No event has binary parts, so a client that sends some receives an error.
func TestBinaryPartsAreRefused(t *testing.T) {
	server := openTestServer(t, testSettings{})
	client, _ := server.dial(t, "/stream/socket.io/?EIO=4&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	send(t, client, "40")
	expect(t, client, `40{"sid":`)
	send(t, client, `451-["atlas_subscribe",{"msm":{"_placeholder":true,"num":0}}]`)
	expect(t, client, `42["atlas_error","[malformed] binary parts: got 1, want none, as parameters are JSON"]`)
	send(t, client, `42["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `42["atlas_subscribed",{"msm":1001}]`)
}

// Pings count as messages, at every endpoint, as does everything else that a client sends: beyond the limit nothing is answered.
func TestAbusePings(t *testing.T) {
	const sent, burst = 100, 10
	for name, path := range map[string]string{
		"WebSocket": "/stream/", "Engine.IO 3": "/stream/socket.io/?EIO=3&transport=websocket", "Engine.IO 4": "/stream/socket.io/?EIO=4&transport=websocket",
	} {
		t.Run(name, func(t *testing.T) {
			server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 10, Subscriptions: 10, Messages: 1000, ConnectionMessages: 1}})
			client, _ := server.dial(t, path, nil)
			began, answers := time.Now(), 0
			client.SetPongHandler(func(string) error { answers++; return nil })
			for range sent {
				_ = client.WriteControl(websocket.PingMessage, nil, time.Now().Add(10*time.Second)) // the server may have closed the connection
			}
			_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
			for {
				_, message, err := client.ReadMessage()
				if err != nil || strings.Contains(string(message), "too_many_messages") {
					break
				}
			}
			if most := burst + int(time.Since(began)/time.Second); answers == 0 || answers > most {
				t.Errorf("%d of %d pings were answered, want at most %d", answers, sent, most)
			}
		})
	}
}

// A client that sends too much before it is connected is disconnected, as it cannot receive an error yet.
func TestAbuseBeforeConnecting(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 10, Subscriptions: 10, Messages: 1000, ConnectionMessages: 1}})
	client, _ := server.dial(t, "/stream/socket.io/?EIO=4&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	for range 100 {
		send(t, client, "6")
	}
	expectClose(t, client, websocket.ClosePolicyViolation)
}

// A recovery counts as a message for each subscription: beyond the limit the connection is closed, as after any temporary error, so that the client
// reconnects.
func TestAbuseRecoveries(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 10, Subscriptions: 1000, Messages: 1000, ConnectionMessages: 1}})
	client, _ := server.dial(t, "/stream/socket.io/?EIO=4&transport=websocket", nil)
	expect(t, client, `0{"sid":`)
	const burst = 10
	for range burst / 2 {
		send(t, client, "6")
	}
	send(t, client, `40{"pid":"mine","offset":"a hundred"}`)
	expectClose(t, client, websocket.CloseNormalClosure)
	if _, privateID := connectRecovering(t, server, `{"pid":"mine","offset":"known"}`); privateID != "mine" {
		t.Errorf("got the private ID %q for a recovery of two subscriptions", privateID)
	}
}

// A session keeps the name and the digest of the token of a client's request, however long the request was.
func TestAbuseLongRequests(t *testing.T) {
	const clients, long = 20, 30_000
	server := newTestServer(t, testSettings{clients: clients})
	before := footprint.Heap()
	var kept []*connection
	for range clients {
		request := httptest.NewRequest(http.MethodGet, "/stream/?client="+strings.Repeat("n", long)+"&token="+strings.Repeat("t", long), http.NoBody)
		request.Header.Set(headerAuthorization, "Bearer "+strings.Repeat("t", long))
		forwarded := strings.Repeat("10.0.0.1, ", long/10) + "192.0.2.1:1"
		request.RemoteAddr = forwarded[len(forwarded)-len("192.0.2.1:1"):]
		connection, err := server.acceptor.admit("socket.io", request)
		if err != nil {
			t.Fatal(err)
		}
		if connection.info.name != strings.Repeat("n", maxNameLength) {
			t.Fatalf("got the name %q", connection.info.name)
		}
		kept = append(kept, connection)
	}
	if got := footprint.Heap() - before; got > clients*2048 {
		t.Errorf("%d clients keep %d bytes", len(kept), got)
	}
	for _, connection := range kept {
		connection.Release()
	}
}
