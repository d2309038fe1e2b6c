package endpoint

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/services/gateway/internal/protocol"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/readlimit"
)

// knock connects to the door of Socket.IO; connected is what answers the connect packet.
func (h *house) knock(t *testing.T, query, auth, connected string) *websocket.Conn {
	t.Helper()
	client, status := h.dial(t, "/stream/socket.io/?EIO=4&transport=websocket"+query, nil)
	if client == nil {
		t.Fatalf("refused with status %d", status)
	}
	expect(t, client, `0{"sid":`)
	say(t, client, "40"+auth)
	expect(t, client, connected)
	return client
}

// doorsOfMessages are those at which a client says what it wants after it has come in, with what stands before and behind a message there.
var doorsOfMessages = map[string]struct {
	connect func(*testing.T, *house) *websocket.Conn
	prefix  string
}{
	"WebSocket": {func(t *testing.T, h *house) *websocket.Conn { t.Helper(); return h.connect(t) }, ""},
	"Socket.IO": {func(t *testing.T, h *house) *websocket.Conn { t.Helper(); return h.knock(t, "", "", `40{"sid":`) }, "42"},
}

// A flood is answered as far as it is allowed, warned of now and then, and dropped for the rest.
func TestFloodOfMessages(t *testing.T) {
	for name, door := range doorsOfMessages {
		t.Run(name, func(t *testing.T) {
			const sent, burst = 80, 10 // beyond which it takes a second for each
			house := open(t, plan{admission: ratelimit.Limits{Connections: 10, Subscriptions: 10, Messages: 100, ConnectionMessages: 1}})
			client, began := door.connect(t, house), time.Now()
			for range sent {
				say(t, client, door.prefix+`["atlas_unsubscribe",{"msm":1}]`)
			}
			say(t, client, strings.Repeat("x", 2000)) // ends the connection, when everything before is answered
			var answers, warnings int
			for {
				_, message, err := client.ReadMessage()
				if err != nil {
					break
				}
				switch {
				case strings.HasPrefix(string(message), door.prefix+`["atlas_error","[not_subscribed]`):
					answers++
				case strings.HasPrefix(string(message), door.prefix+`["atlas_error","[too_many_messages] more messages came from this client or its address`):
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
	for name, door := range doorsOfMessages {
		t.Run(name, func(t *testing.T) {
			house := open(t, plan{admission: ratelimit.Limits{Connections: 1, Subscriptions: 1, Messages: 100, ConnectionMessages: 1}})
			client := door.connect(t, house)
			go func() {
				for client.WriteMessage(websocket.TextMessage, []byte(door.prefix+`["atlas_unsubscribe",{"msm":1}]`)) == nil {
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
			if !strings.HasPrefix(last, door.prefix+`["atlas_error","[too_many_messages]`) {
				t.Errorf("the last words were %s", last)
			}
		})
	}
}

// What ends by itself is given back to the address when its client says something next, or goes.
func TestSubscriptionsOfAnAddress(t *testing.T) {
	house := open(t, plan{admission: ratelimit.Limits{Connections: 9, Subscriptions: 2, Messages: 100, ConnectionMessages: 100}})
	first, second := house.connect(t), house.connect(t)
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
			say(t, step.client, step.message)
		}
		expect(t, step.client, step.want)
	}
	_ = second.Close()
	for answer := ""; !strings.HasPrefix(answer, `["atlas_subscribed"`); { // once the server has noticed
		say(t, first, `["atlas_subscribe",{"msm":6}]`)
		_, message, err := first.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		answer = string(message)
	}
}

// A subscription that cannot begin does not hold up the end.
func TestSubscriptionThatHangs(t *testing.T) {
	for name, door := range doorsOfMessages {
		t.Run(name, func(t *testing.T) {
			house := open(t, plan{})
			house.feed.hangs = true
			client := door.connect(t, house)
			say(t, client, door.prefix+`["atlas_subscribe",{"msm":1001}]`)
			house.await(t, 1)
			go func() {
				for {
					if _, _, err := client.ReadMessage(); err != nil {
						_ = client.Close()
						return
					}
				}
			}()
			began := time.Now()
			house.shutdown(context.Background())
			if took := time.Since(began); took > followTimeout/2 {
				t.Errorf("it took %v", took)
			}
		})
	}
}

// A token is taken wherever a client can put it, and shows the same at every door.
func TestTokens(t *testing.T) {
	const subscribe, private = `["atlas_subscribe",{"msm":1003}]`, `["atlas_subscribed",{"msm":1003}]`
	core, log := observer.New(zapcore.DebugLevel)
	house := open(t, plan{clients: 10, logger: zap.New(core)})
	converse := func(client *websocket.Conn, prefix, want string) {
		t.Helper()
		say(t, client, prefix+subscribe)
		expect(t, client, prefix+want)
		_ = client.Close()
		house.await(t, 0)
	}
	inHeader, inQuery := http.Header{"Authorization": {"bearer " + token}}, "token="+token

	for _, place := range []struct {
		query  string
		header http.Header
	}{{inQuery, nil}, {"", inHeader}} {
		client, _ := house.dial(t, "/stream/?"+place.query, place.header)
		converse(client, "", private)
		client, _ = house.dial(t, "/stream/socket.io/?EIO=3&transport=websocket&"+place.query, place.header)
		expect(t, client, `0{"sid":`)
		expect(t, client, `40`)
		converse(client, "42", private)
	}
	converse(house.knock(t, "&token=guessed", `{"token":"`+token+`"}`, `40{"sid":`), "42", private) // the one beside it does not count
	converse(house.knock(t, "", `{"token":null}`, `40{"sid":`), "42", `["atlas_error","[unknown_measurement] msm: got 1003`)
	converse(house.connect(t), "", `["atlas_error","[unknown_measurement] msm: got 1003`)

	response := house.get(t, "msm=1003", "Authorization", "Bearer "+token)
	expectText(t, response.Body, `["atlas_subscribed",{"msm":"1003"}]`)
	_ = response.Body.Close()
	house.await(t, 0)

	text := fmt.Sprint(log.All())
	if strings.Contains(text, token) || strings.Contains(text, "guessed") || !strings.Contains(text, "noc") {
		t.Errorf("the log has a token, or it lacks the name of its bearer: %s", text)
	}
}

func TestUnknownTokens(t *testing.T) {
	house := open(t, plan{})
	const words = "[invalid_token] the token is none that this gateway knows; omit it to see what everybody may see"
	for _, auth := range []string{`{"token":"guessed"}`, `{"token":""}`, `{"token":7}`} {
		house.knock(t, "", auth, `44{"message":"`+words+`"}`)
	}
	house.knock(t, "&token=guessed", `{"pid":"x"}`, `44{"message":"`+words+`"}`)
	old, _ := house.dial(t, "/stream/socket.io/?EIO=3&transport=websocket&token=guessed", nil)
	expect(t, old, `0{"sid":`)
	expect(t, old, `44"`+words+`"`)
	for _, header := range []http.Header{{"Authorization": {"Bearer guessed"}}, {"Authorization": {"Bearer"}}} {
		if client, status := house.dial(t, "/stream/", header); client != nil || status != http.StatusUnauthorized {
			t.Errorf("%v: got status %d", header, status)
		}
	}
	response := house.get(t, "msm=1001", "Authorization", "Bearer guessed")
	if response.StatusCode != http.StatusUnauthorized || response.Header.Get("WWW-Authenticate") != "Bearer" {
		t.Errorf("got %s, %v", response.Status, response.Header)
	}
	if client, _ := house.dial(t, "/stream/", http.Header{"Authorization": {"Basic Z3Vlc3NlZA=="}}); client == nil {
		t.Error("what is meant for somebody else is taken for a token")
	}
}

// guess asks for what only a bearer of the token may see, and gives the status.
func (h *house) guess(t *testing.T, token string) int {
	t.Helper()
	response := h.get(t, "msm=1003&token="+token)
	_ = response.Body.Close()
	return response.StatusCode
}

func TestGuessesCountAgainstTheirAddress(t *testing.T) {
	house := open(t, plan{admission: ratelimit.Limits{Connections: 100, Subscriptions: 9, Messages: 1, ConnectionMessages: 1}})
	guesses := 0
	for status := http.StatusUnauthorized; status == http.StatusUnauthorized && guesses < 1000; guesses++ { // more than the burst if this takes seconds
		status = house.guess(t, "guessed")
		if status != http.StatusUnauthorized && (status != http.StatusTooManyRequests || guesses < 10) {
			t.Errorf("guess %d: got status %d", guesses+1, status)
		}
	}
	if guesses == 1000 {
		t.Error("they are not bounded")
	}
}

// Where an address may say nothing more, nobody learns there whether a guess was right.
func TestGuessesBeyondTheLimit(t *testing.T) {
	house := open(t, plan{clients: 10, admission: ratelimit.Limits{Connections: 100, Subscriptions: 9, Messages: 0, ConnectionMessages: 1}})
	for _, guessed := range []string{"guessed", token} {
		if status := house.guess(t, guessed); status != http.StatusTooManyRequests {
			t.Errorf("got status %d", status)
		}
		if client, status := house.dial(t, "/stream/?token="+guessed, nil); client != nil || status != http.StatusTooManyRequests {
			t.Errorf("over a WebSocket: got status %d", status)
		}
		if client, status := house.dial(t, "/stream/socket.io/?EIO=4&transport=websocket&token="+guessed, nil); client != nil || status != http.StatusTooManyRequests {
			t.Errorf("at Socket.IO: got status %d", status)
		}
	}
}

// A connection too many is refused by the status, whichever door it knocks at.
func TestConnectionsOfAnAddress(t *testing.T) {
	house := open(t, plan{admission: ratelimit.Limits{Connections: 2, Subscriptions: 9, Messages: 100, ConnectionMessages: 100}})
	webSocket := house.connect(t)
	house.knock(t, "", "", `40{"sid":`)
	for _, path := range []string{"/stream/", "/stream/socket.io/?EIO=4&transport=websocket", "/stream/socket.io/?EIO=3&transport=polling"} {
		if client, status := house.dial(t, path, nil); client != nil || status != http.StatusTooManyRequests {
			t.Errorf("%s: got status %d", path, status)
		}
	}
	response, err := house.server.Client().Get(house.server.URL + "/stream/socket.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusTooManyRequests || !strings.Contains(string(body), "[too_many_connections] too many connections: there are 2") {
		t.Errorf("got %s, %s", response.Status, body)
	}
	_ = webSocket.Close()
	for status := http.StatusTooManyRequests; status != http.StatusSwitchingProtocols; { // once the server has noticed
		_, status = house.dial(t, "/stream/", nil)
	}
}

func TestNamesOfClients(t *testing.T) {
	core, log := observer.New(zapcore.DebugLevel)
	house := open(t, plan{clients: 10, logger: zap.New(core)})
	client, _ := house.dial(t, "/stream/?client=tools%2F3.1%0A", nil)
	say(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed",{"msm":1001}]`)
	named := house.knock(t, "&client=LatencyMON", "", `40{"sid":`)
	want := `
		# HELP atlas_gateway_named_client_bytes_total Bytes of the messages enqueued for clients, by their name. The first hundred names are told apart.
		# TYPE atlas_gateway_named_client_bytes_total counter
		atlas_gateway_named_client_bytes_total{client="LatencyMON"} 0
		atlas_gateway_named_client_bytes_total{client="tools/3.1_"} 35
		# HELP atlas_gateway_named_client_messages_total Messages enqueued for clients, by their name. The first hundred names are told apart.
		# TYPE atlas_gateway_named_client_messages_total counter
		atlas_gateway_named_client_messages_total{client="LatencyMON"} 0
		atlas_gateway_named_client_messages_total{client="tools/3.1_"} 1
		# HELP atlas_gateway_named_clients Clients that are connected, by the name that they gave in the query. The first hundred names are told apart.
		# TYPE atlas_gateway_named_clients gauge
		atlas_gateway_named_clients{client="LatencyMON"} 1
		atlas_gateway_named_clients{client="tools/3.1_"} 1
	`
	if err := testutil.GatherAndCompare(house.registry, strings.NewReader(want), "atlas_gateway_named_clients",
		"atlas_gateway_named_client_messages_total", "atlas_gateway_named_client_bytes_total"); err != nil {
		t.Error(err)
	}
	_ = client.Close()
	_ = named.Close()
	house.shutdown(context.Background())
	for name, messages := range map[string]uint64{"tools/3.1_": 1, "LatencyMON": 0} {
		if left, given := house.reception.tallies.of(name).sum(); left != 0 || given.messages < messages {
			t.Errorf("%d clients named %s are left, %v was given", left, name, given)
		}
	}
	if text := fmt.Sprint(log.All()); !strings.Contains(text, "tools/3.1_") || !strings.Contains(text, "LatencyMON") {
		t.Errorf("the log lacks a name: %s", text)
	}
}

func TestNamesInMetricsAreBounded(t *testing.T) {
	tallies := newTallies()
	for i := range 3 * maxNames {
		(&counted{tally: tallies.of(fmt.Sprint(i))}).enter()
	}
	first, _ := tallies.of("0").sum()
	others, _ := tallies.of(otherNames).sum()
	if len(tallies.byName) != maxNames+1 || first != 1 || others != 2*maxNames {
		t.Errorf("got %d names, %d of them others", len(tallies.byName), others)
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
	house := build(f, plan{admission: ratelimit.Limits{Messages: 1 << 30}})
	f.Fuzz(func(t *testing.T, auth []byte, authorization string) {
		c := &connection{token: credentialIn(http.Header{"Authorization": {authorization}}, nil)}
		refusal := house.reception.recognise(c, auth)
		said := string(auth) + authorization
		if c.guest.bearer.Name != "" && !strings.Contains(said, token) && !strings.Contains(said, `\u`) || refusal != nil && c.guest.bearer.Name != "" {
			t.Errorf("%q with %q is %+v, %v", auth, authorization, c.guest.bearer, refusal)
		}
	})
}

// Who has had too much read is told so, and that it may come again.
func TestReadingTooMuchIsRefused(t *testing.T) {
	refusal := WordRefusal(fmt.Errorf("where it begins: %w: %w", readlimit.ErrExceeded, context.DeadlineExceeded), zap.NewNop())
	if refusal.Code != protocol.CodeTooManyMessages || StatusOf(refusal.Code) != http.StatusTooManyRequests {
		t.Errorf("got %v", refusal)
	}
}
