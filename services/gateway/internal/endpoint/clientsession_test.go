package endpoint

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/protocol"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/readlimit"
	"atlasstream/services/gateway/internal/session/sessiontest"
)

// connectSocketIO connects a Socket.IO client; connected is the prefix of the response to the connect packet.
func (s *testServer) connectSocketIO(t *testing.T, query, auth, connected string) *websocket.Conn {
	t.Helper()
	client, status := s.dial(t, "/stream/socket.io/?EIO=4&transport=websocket"+query, nil)
	if client == nil {
		t.Fatalf("refused with status %d", status)
	}
	expect(t, client, `0{"sid":`)
	send(t, client, "40"+auth)
	expect(t, client, connected)
	return client
}

// messageEndpoints are the endpoints where clients send messages, with what precedes and follows a message there.
var messageEndpoints = map[string]struct {
	connect func(*testing.T, *testServer) *websocket.Conn
	prefix  string
}{
	"WebSocket": {func(t *testing.T, s *testServer) *websocket.Conn { t.Helper(); return s.connect(t) }, ""},
	"Socket.IO": {func(t *testing.T, s *testServer) *websocket.Conn {
		t.Helper()
		return s.connectSocketIO(t, "", "", `40{"sid":`)
	}, "42"},
}

// Of a flood of messages some are handled, now and then there is an error, and the rest is dropped.
func TestFloodOfMessages(t *testing.T) {
	for name, endpoint := range messageEndpoints {
		t.Run(name, func(t *testing.T) {
			const sent, burst = 80, 10 // beyond which it takes a second for each
			server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 10, Subscriptions: 10, Messages: 100, ConnectionMessages: 1}})
			client, began := endpoint.connect(t, server), time.Now()
			for range sent {
				send(t, client, endpoint.prefix+`["atlas_unsubscribe",{"msm":1}]`)
			}
			send(t, client, strings.Repeat("x", 2000)) // ends the connection, when everything before is answered
			var answers, warnings int
			for {
				_, message, err := client.ReadMessage()
				if err != nil {
					break
				}
				switch {
				case strings.HasPrefix(string(message), endpoint.prefix+`["atlas_error","[not_subscribed]`):
					answers++
				case strings.HasPrefix(string(message), endpoint.prefix+`["atlas_error","[too_many_messages] this client or its address sends more messages`):
					warnings++
				default:
					t.Errorf("got %s", message)
				}
			}
			due := 1 + int(time.Since(began)/(10*time.Second))
			if answers < burst-1 || answers >= sent || warnings < 1 || warnings > due {
				t.Errorf("got %d answers and %d warnings", answers, warnings)
			}
		})
	}
}

func TestFloodThatGoesOnEndsTheConnection(t *testing.T) {
	for name, endpoint := range messageEndpoints {
		t.Run(name, func(t *testing.T) {
			server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 1, Subscriptions: 1, Messages: 100, ConnectionMessages: 1}})
			client := endpoint.connect(t, server)
			go func() {
				for client.WriteMessage(websocket.TextMessage, []byte(endpoint.prefix+`["atlas_unsubscribe",{"msm":1}]`)) == nil {
				}
			}()
			var last string
			for {
				_, message, err := client.ReadMessage()
				if err != nil {
					break // the close frame, or a reset if it was not read in time
				}
				last = string(message)
			}
			if !strings.HasPrefix(last, endpoint.prefix+`["atlas_error","[too_many_messages]`) {
				t.Errorf("the last words were %s", last)
			}
		})
	}
}

// An ended subscription does not count for the address any more after the client's next message, or when it disconnects.
func TestSubscriptionsOfAnAddress(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 9, Subscriptions: 2, Messages: 100, ConnectionMessages: 100}})
	first, second := server.connect(t), server.connect(t)
	for _, step := range []struct {
		client        *websocket.Conn
		message, want string
	}{
		{first, `["atlas_subscribe",{"msm":1001}]`, `["atlas_subscribed",{"msm":1001}]`},
		{first, `["atlas_subscribe",{"msm":1001}]`, `["atlas_subscribed",{"msm":1001}]`}, // it is one and the same
		{first, `["atlas_subscribe",{"msm":1003}]`, `["atlas_error","[unknown_measurement]`},
		{first, `["atlas_subscribe",{"msm":1002}]`, `["atlas_subscribed",{"msm":1002}]`},
		{first, ``, `["atlas_unsubscribed",{"msm":1002}]`}, // it has stopped
		{second, `["atlas_subscribe",{"msm":1001}]`, `["atlas_subscribed",{"msm":1001}]`},
		{second, `["atlas_subscribe",{"msm":5}]`, `["atlas_error","[too_many_subscriptions] too many subscriptions: there are 2 from this address`},
		{first, `["atlas_unsubscribe",{"msm":1001}]`, `["atlas_unsubscribed",{"msm":1001}]`},
		{second, `["atlas_subscribe",{"msm":5}]`, `["atlas_subscribed",{"msm":5}]`},
	} {
		if step.message != "" {
			send(t, step.client, step.message)
		}
		expect(t, step.client, step.want)
	}
	_ = second.Close()
	for answer := ""; !strings.HasPrefix(answer, `["atlas_subscribed"`); { // once the server has noticed
		send(t, first, `["atlas_subscribe",{"msm":6}]`)
		_, message, err := first.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		answer = string(message)
	}
}

// A subscription that cannot begin does not delay a shutdown.
func TestSubscriptionThatHangs(t *testing.T) {
	for name, endpoint := range messageEndpoints {
		t.Run(name, func(t *testing.T) {
			server := openTestServer(t, testSettings{})
			server.tails.hangs = true
			client := endpoint.connect(t, server)
			send(t, client, endpoint.prefix+`["atlas_subscribe",{"msm":1001}]`)
			server.awaitFollowers(t, 1)
			go func() {
				for {
					if _, _, err := client.ReadMessage(); err != nil {
						_ = client.Close()
						return
					}
				}
			}()
			began := time.Now()
			server.shutdown(context.Background())
			if took := time.Since(began); took > subscribeTimeout/2 {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A token is accepted wherever a client can send it, with the same rights at every endpoint.
func TestTokens(t *testing.T) {
	const subscribe, private = `["atlas_subscribe",{"msm":1003}]`, `["atlas_subscribed",{"msm":1003}]`
	core, log := observer.New(zapcore.DebugLevel)
	server := openTestServer(t, testSettings{clients: 10, logger: zap.New(core)})
	converse := func(client *websocket.Conn, prefix, want string) {
		t.Helper()
		send(t, client, prefix+subscribe)
		expect(t, client, prefix+want)
		_ = client.Close()
		server.awaitFollowers(t, 0)
	}
	inHeader, inQuery := http.Header{"Authorization": {"bearer " + token}}, "token="+token

	for _, way := range []struct {
		query  string
		header http.Header
	}{{inQuery, nil}, {"", inHeader}} {
		client, _ := server.dial(t, "/stream/?"+way.query, way.header)
		converse(client, "", private)
		client, _ = server.dial(t, "/stream/socket.io/?EIO=3&transport=websocket&"+way.query, way.header)
		expect(t, client, `0{"sid":`)
		expect(t, client, `40`)
		converse(client, "42", private)
	}
	converse(server.connectSocketIO(t, "&token=guessed", `{"token":"`+token+`"}`, `40{"sid":`), "42", private) // the token in the query does not count
	converse(server.connectSocketIO(t, "", `{"token":null}`, `40{"sid":`), "42", `["atlas_error","[unknown_measurement] msm: got 1003`)
	converse(server.connect(t), "", `["atlas_error","[unknown_measurement] msm: got 1003`)

	response := server.get(t, "msm=1003", "Authorization", "Bearer "+token)
	expectText(t, response.Body, `["atlas_subscribed",{"msm":"1003"}]`)
	_ = response.Body.Close()
	server.awaitFollowers(t, 0)

	text := fmt.Sprint(log.All())
	if strings.Contains(text, token) || strings.Contains(text, "guessed") || !strings.Contains(text, "noc") {
		t.Errorf("the log has a token, or lacks the name of its bearer: %s", text)
	}
}

func TestUnknownTokens(t *testing.T) {
	server := openTestServer(t, testSettings{})
	const words = "[invalid_token] the token is unknown to this gateway; omit it for public access"
	for _, auth := range []string{`{"token":"guessed"}`, `{"token":""}`, `{"token":7}`} {
		server.connectSocketIO(t, "", auth, `44{"message":"`+words+`"}`)
	}
	server.connectSocketIO(t, "&token=guessed", `{"pid":"x"}`, `44{"message":"`+words+`"}`)
	old, _ := server.dial(t, "/stream/socket.io/?EIO=3&transport=websocket&token=guessed", nil)
	expect(t, old, `0{"sid":`)
	expect(t, old, `44"`+words+`"`)
	for _, header := range []http.Header{{"Authorization": {"Bearer guessed"}}, {"Authorization": {"Bearer"}}} {
		if client, status := server.dial(t, "/stream/", header); client != nil || status != http.StatusUnauthorized {
			t.Errorf("%v: got status %d", header, status)
		}
	}
	response := server.get(t, "msm=1001", "Authorization", "Bearer guessed")
	if response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("got %s, %v", response.Status, response.Header)
	}
	if client, _ := server.dial(t, "/stream/", http.Header{"Authorization": {"Basic Z3Vlc3NlZA=="}}); client == nil {
		t.Error("other credentials are taken for a token")
	}
}

// getWithToken requests what only a bearer of the token may see, and returns the status.
func (s *testServer) getWithToken(t *testing.T, token string) int {
	t.Helper()
	response := s.get(t, "msm=1003&token="+token)
	_ = response.Body.Close()
	return response.StatusCode
}

func TestGuessesCountAgainstTheirAddress(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 100, Subscriptions: 9, Messages: 1, ConnectionMessages: 1}})
	guesses := 0
	for status := http.StatusUnauthorized; status == http.StatusUnauthorized && guesses < 1000; guesses++ { // more than the burst if this takes seconds
		status = server.getWithToken(t, "guessed")
		if status != http.StatusUnauthorized && (status != http.StatusTooManyRequests || guesses < 10) {
			t.Errorf("guess %d: got status %d", guesses+1, status)
		}
	}
	if guesses == 1000 {
		t.Error("guesses are not limited")
	}
}

// Beyond the limit of an address, the response does not reveal whether a guess was right.
func TestGuessesBeyondTheLimit(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10, limits: ratelimit.Limits{Connections: 100, Subscriptions: 9, Messages: 0, ConnectionMessages: 1}})
	for _, guessed := range []string{"guessed", token} {
		if status := server.getWithToken(t, guessed); status != http.StatusTooManyRequests {
			t.Errorf("got status %d", status)
		}
		if client, status := server.dial(t, "/stream/?token="+guessed, nil); client != nil || status != http.StatusTooManyRequests {
			t.Errorf("over a WebSocket: got status %d", status)
		}
		if client, status := server.dial(t, "/stream/socket.io/?EIO=4&transport=websocket&token="+guessed, nil); client != nil || status != http.StatusTooManyRequests {
			t.Errorf("at Socket.IO: got status %d", status)
		}
	}
}

// A connection beyond the limit is refused by the status, at every endpoint.
func TestConnectionsOfAnAddress(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 2, Subscriptions: 9, Messages: 100, ConnectionMessages: 100}})
	webSocket := server.connect(t)
	server.connectSocketIO(t, "", "", `40{"sid":`)
	for _, path := range []string{"/stream/", "/stream/socket.io/?EIO=4&transport=websocket", "/stream/socket.io/?EIO=3&transport=polling"} {
		if client, status := server.dial(t, path, nil); client != nil || status != http.StatusTooManyRequests {
			t.Errorf("%s: got status %d", path, status)
		}
	}
	response, err := server.httpServer.Client().Get(server.httpServer.URL + "/stream/socket.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusTooManyRequests || !strings.Contains(string(body), "[too_many_connections] too many connections: there are 2") {
		t.Errorf("got %s, %s", response.Status, body)
	}
	_ = webSocket.Close()
	for status := http.StatusTooManyRequests; status != http.StatusSwitchingProtocols; { // once the server has noticed
		_, status = server.dial(t, "/stream/", nil)
	}
}

func TestNamesOfClients(t *testing.T) {
	core, log := observer.New(zapcore.DebugLevel)
	server := openTestServer(t, testSettings{clients: 10, logger: zap.New(core)})
	client, _ := server.dial(t, "/stream/?client=tools%2F3.1%0A", nil)
	send(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed",{"msm":1001}]`)
	named := server.connectSocketIO(t, "&client=LatencyMON", "", `40{"sid":`)
	want := `
		# HELP atlas_gateway_named_client_bytes_total Bytes of the messages queued for clients, by client name. The first 100 names have their own series.
		# TYPE atlas_gateway_named_client_bytes_total counter
		atlas_gateway_named_client_bytes_total{client="LatencyMON"} 0
		atlas_gateway_named_client_bytes_total{client="tools/3.1_"} 35
		# HELP atlas_gateway_named_client_messages_total Messages queued for clients, by client name. The first 100 names have their own series.
		# TYPE atlas_gateway_named_client_messages_total counter
		atlas_gateway_named_client_messages_total{client="LatencyMON"} 0
		atlas_gateway_named_client_messages_total{client="tools/3.1_"} 1
		# HELP atlas_gateway_named_clients Connected clients, by the name in their query. The first 100 names have their own series.
		# TYPE atlas_gateway_named_clients gauge
		atlas_gateway_named_clients{client="LatencyMON"} 1
		atlas_gateway_named_clients{client="tools/3.1_"} 1
	`
	if err := testutil.GatherAndCompare(server.registry, strings.NewReader(want), "atlas_gateway_named_clients",
		"atlas_gateway_named_client_messages_total", "atlas_gateway_named_client_bytes_total"); err != nil {
		t.Error(err)
	}
	_ = client.Close()
	_ = named.Close()
	server.shutdown(context.Background())
	left := sessiontest.MetricSum(t, server.registry, "atlas_gateway_named_clients")
	if sent := sessiontest.MetricSum(t, server.registry, "atlas_gateway_named_client_messages_total"); left != 0 || sent < 1 {
		t.Errorf("%v clients are left, which were sent %v messages", left, sent)
	}
	if text := fmt.Sprint(log.All()); !strings.Contains(text, "tools/3.1_") || !strings.Contains(text, "LatencyMON") {
		t.Errorf("the log lacks a name: %s", text)
	}
}

func FuzzNameOf(f *testing.F) {
	f.Add("ripe-atlas-tools/3.1.0 (python)")
	f.Add("\xff{}\n\"")
	f.Fuzz(func(t *testing.T, given string) {
		name := nameOf(given)
		if name == "" || len(name) > maxNameLength || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c > '~' || c == '"' }) {
			t.Errorf("%q became %q", given, name)
		}
	})
}

func FuzzToken(f *testing.F) {
	f.Add([]byte(`{"token":"x"}`), "Bearer x")
	f.Add([]byte(`{"token":["`+token+`"]}`), "basic  x")
	server := newTestServer(f, testSettings{limits: ratelimit.Limits{Messages: 1 << 30}})
	f.Fuzz(func(t *testing.T, auth []byte, authorization string) {
		c := &connection{info: clientInfo{bearer: &anonymous}, credential: credentialIn(http.Header{"Authorization": {authorization}}, nil)}
		refusal := server.acceptor.authenticate(c, auth)
		said := string(auth) + authorization
		if c.info.bearer.Name != "" && !strings.Contains(said, token) && !strings.Contains(said, `\u`) || refusal != nil && c.info.bearer.Name != "" {
			t.Errorf("%q with %q is %+v, %v", auth, authorization, c.info.bearer, refusal)
		}
	})
}

// A client that has had too much read receives an error that says so, and to retry.
func TestReadingTooMuchIsRefused(t *testing.T) {
	refusal := ErrorFor(fmt.Errorf("where it begins: %w: %w", readlimit.ErrExceeded, context.DeadlineExceeded), zap.NewNop())
	if refusal.Code != protocol.CodeTooManyMessages || StatusOf(refusal.Code) != http.StatusTooManyRequests {
		t.Errorf("got %v", refusal)
	}
}

func TestEndedSubscriptionsDoNotCountForTheAddress(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 10, Subscriptions: 1, Messages: 100, ConnectionMessages: 20}})
	first, second := server.connect(t), server.connect(t)
	send(t, first, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, first, `["atlas_subscribed"`)
	send(t, second, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, second, `["atlas_error","[too_many_subscriptions]`)
	server.known.stop(publicMeasurement)
	server.hub.MeasurementChanged(atlas.Measurement{ID: publicMeasurement, Public: true, Stopped: true})
	expect(t, first, `["atlas_unsubscribed"`)
	send(t, second, `["atlas_subscribe",{"msm":1004}]`)
	expect(t, second, `["atlas_subscribed",{"msm":1004}]`)
}
