package endpoint

import (
	"bufio"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// connections are clients that connect, subscribe, receive a result and disconnect, some of them without closing their session.
var connections = []func(server string) error{
	func(server string) error {
		return converse(server+"/stream/?client=a", "", `["atlas_subscribe",{"msm":1001}]`)
	},
	func(server string) error {
		return converse(server+"/stream/socket.io/?EIO=4&transport=websocket&client=b", "40", `42["atlas_subscribe",{"msm":1001,"buffering":true}]`)
	},
	func(server string) error {
		return converse(server+"/stream/socket.io/?EIO=3&transport=websocket", "", `42["atlas_subscribe",{"msm":1001}]`)
	},
	func(server string) error { return follow(server, "application/json") },
	func(server string) error { return follow(server, "text/event-stream") },
}

func converse(address string, messages ...string) error {
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(address, "http"), nil)
	if err != nil {
		return err
	}
	defer client.Close()
	_ = response.Body.Close()
	for _, message := range messages {
		if message != "" {
			_ = client.WriteMessage(websocket.TextMessage, []byte(message))
		}
	}
	_ = client.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		_, message, err := client.ReadMessage()
		if err != nil || strings.Contains(string(message), "atlas_result") {
			return err
		}
	}
}

func follow(server, accept string) error {
	request, err := http.NewRequest(http.MethodGet, server+"/stream/?msm=1001", nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", accept)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	for body := bufio.NewReader(response.Body); ; {
		line, err := body.ReadString('\n')
		if err != nil || strings.Contains(line, "atlas_result") {
			return err
		}
	}
}

// After a client of any endpoint has disconnected, everything is released.
func TestEverythingIsReleased(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 100, limits: ratelimit.Limits{Connections: 100, Subscriptions: 100, Messages: 10_000, ConnectionMessages: 10}})
	stop := make(chan struct{})
	var delivering, clients sync.WaitGroup
	delivering.Go(func() {
		for ticks := time.NewTicker(time.Millisecond); ; <-ticks.C {
			select {
			case <-stop:
				return
			default:
				server.deliver(7)
			}
		}
	})
	for range 30 {
		clients.Go(func() {
			for range 10 {
				if err := connections[rand.IntN(len(connections))](server.httpServer.URL); err != nil {
					t.Error(err)
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	delivering.Wait()
	server.awaitFollowers(t, 0)
	server.shutdown(t.Context())
	for range 100 {
		left, err := server.acceptor.guard.OpenAllowance("127.0.0.1:1") // their only address
		if err != nil {
			t.Fatal(err)
		}
		if err := left.Reserve(0); err != nil {
			t.Fatal(err)
		}
	}
	left := sessiontest.MetricSum(t, server.registry, "atlas_gateway_named_clients")
	if sent := sessiontest.MetricSum(t, server.registry, "atlas_gateway_named_client_messages_total"); left != 0 || sent == 0 {
		t.Errorf("%v clients are left, which were sent %v messages", left, sent)
	}
	if messages, bytes := server.stats.Messages.Load(), server.stats.Bytes.Load(); messages != 0 || bytes != 0 {
		t.Errorf("%d messages of %d bytes are left in queues", messages, bytes)
	}
}

// A refused client is released too, whatever the reason. At first they are errors of the requests, and then the limit of messages.
func TestRefusedClientsAreReleased(t *testing.T) {
	server := newTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 1, Subscriptions: 1, Messages: 1, ConnectionMessages: 1}})
	upgrade := http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}} // without a key
	last := 0
	for range 10 {
		for _, refused := range []*http.Request{
			httptest.NewRequest(http.MethodGet, "/stream/", nil),
			httptest.NewRequest(http.MethodHead, "/stream/", nil),
			httptest.NewRequest(http.MethodGet, "/stream/?msm=1001&token=unknown", nil),
			{Method: http.MethodGet, URL: &url.URL{Path: "/stream/"}, Header: upgrade, RemoteAddr: "192.0.2.1:1234"},
			{Method: http.MethodGet, URL: &url.URL{Path: "/stream/", RawQuery: "token=unknown"}, Header: upgrade, RemoteAddr: "192.0.2.1:1234"},
		} {
			response := httptest.NewRecorder()
			server.routes.ServeHTTP(response, refused)
			if body := response.Body.String(); response.Code < 400 || strings.Contains(body, "too_many_connections") {
				t.Fatalf("%s %s: got %d %s", refused.Method, refused.URL, response.Code, body)
			}
			last = response.Code
		}
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("got %d in the end, want the limit of messages", last)
	}
}
