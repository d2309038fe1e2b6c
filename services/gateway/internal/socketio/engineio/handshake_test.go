package engineio

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestRefusedHandshakes(t *testing.T) {
	server := serve(t, Config{})
	for _, test := range []struct {
		name, method, query string
		status, code        int
		detail              string
	}{
		{name: "no transport", query: "EIO=4", status: 400, code: 0, detail: `transport: got ""`},
		{name: "unknown transport", query: "EIO=4&transport=abc", status: 400, code: 0, detail: `got "abc"`},
		{name: "no transport in revision 3", query: "EIO=3", status: 400, code: 0, detail: `transport: got ""`},
		{name: "unknown transport in revision 3", query: "EIO=3&transport=abc", status: 400, code: 0, detail: `got "abc"`},
		{name: "inherited name", query: "EIO=4&transport=constructor", status: 400, code: 0},
		{name: "no EIO", query: "transport=websocket", status: 400, code: 5, detail: `EIO: got "", want 3 or 4`},
		{name: "unknown EIO", query: "EIO=5&transport=websocket", status: 400, code: 5, detail: `EIO: got "5"`},
		{name: "wordy EIO", query: "EIO=abc&transport=websocket", status: 400, code: 5},
		{name: "no EIO over polling", query: "transport=polling", status: 400, code: 5, detail: `EIO: got "", want 3 or 4`},
		{name: "wordy EIO over polling", query: "EIO=abc&transport=polling", status: 400, code: 5, detail: `got "abc"`},
		{name: "unknown session", query: "EIO=4&transport=websocket&sid=nobody", status: 400, code: 1},
		{name: "method", method: http.MethodPost, query: "EIO=4&transport=websocket", status: 400, code: 2, detail: "got POST"},
		{name: "POST to poll", method: http.MethodPost, query: "EIO=4&transport=polling", status: 400, code: 2, detail: "got POST"},
		{name: "POST to poll in revision 3", method: http.MethodPost, query: "EIO=3&transport=polling", status: 400, code: 2, detail: "got POST"},
		{name: "PUT", method: http.MethodPut, query: "EIO=4&transport=polling", status: 400, code: 2, detail: "got PUT"},
		{name: "no upgrade", query: "EIO=4&transport=websocket", status: 400, code: 3, detail: "Connection"},
	} {
		t.Run(test.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), test.method, server.url+"/?"+test.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			status, refused := ask(t, request)
			if status != test.status || refused.Code != test.code || !strings.Contains(refused.Detail, test.detail) || refused.Message == "" {
				t.Fatalf("got %d %+v", status, refused)
			}
		})
	}
}

// If a handshake without EIO is accepted, it is one of revision 3 in every respect; EIO must still have a known value if it is present.
func TestHandshakeWithoutRevision(t *testing.T) {
	server := serve(t, Config{UnnamedRevision: Revision3})
	polled := server.request(t, http.MethodGet, "transport=polling&b64=1", http.NoBody)
	if length, open, _ := strings.Cut(polled.body, ":"); polled.status != http.StatusOK || length != strconv.Itoa(len(open)) || strings.Contains(open, "maxPayload") {
		t.Errorf("got %d %q, want a body of revision 3", polled.status, polled.body)
	}
	if revision := server.newest(t).Revision(); revision != Revision3 {
		t.Errorf("got revision %d", revision)
	}
	client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.url, "http")+"/?transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	_ = response.Body.Close()
	receive(t, client)
	send(t, client, websocket.TextMessage, "2")
	expect(t, client, "3")
	for _, query := range []string{"EIO=", "EIO=2", "EIO=abc", "EIO"} {
		server.request(t, http.MethodGet, "transport=polling&"+query, http.NoBody).expectRefused(t, http.StatusBadRequest, 5, "want 3 or 4")
	}
	if err := (Config{NewID: func() string { return "x" }, UnnamedRevision: 5}).Validate(); err == nil || !strings.Contains(err.Error(), "UnnamedRevision: got 5") {
		t.Errorf("got %v", err)
	}
}

// A browser only reports to its page that the WebSocket has closed without opening.
func TestRefusedWebSockets(t *testing.T) {
	server := serve(t, Config{})
	for _, query := range []string{
		"transport=websocket", "EIO=&transport=websocket", "EIO=abc&transport=websocket",
		"EIO=3", "EIO=3&transport=abc", "EIO=4", "EIO=4&transport=abc",
	} {
		client, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.url, "http")+"/?"+query, nil)
		if err == nil {
			_ = client.Close()
		}
		if !errors.Is(err, websocket.ErrBadHandshake) || response.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: got %v, want 400", query, err)
		}
	}
	if server.sessions.Len() != 0 {
		t.Errorf("%d sessions were opened", server.sessions.Len())
	}
}

func ask(t *testing.T, request *http.Request) (int, refusal) {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var refused refusal
	if err := json.Unmarshal(body, &refused); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	return response.StatusCode, refused
}

func TestOpenPacket(t *testing.T) {
	server := serve(t, Config{PingInterval: 25 * time.Second, PingTimeout: 60 * time.Second, MaxPayload: 5000})
	forBoth(t, func(t *testing.T, revision Revision) {
		client, open := server.dial(t, revision)
		if open.Upgrades == nil || len(open.Upgrades) != 0 {
			t.Errorf("upgrades of a WebSocket: got %v, want none", open.Upgrades)
		}
		open.expect(t, revision)
		_ = client.Close()
		poller := server.startPolling(t, revision, "")
		if !slices.Equal(poller.open.Upgrades, []string{nameWebSocket}) {
			t.Errorf("upgrades of polling: got %v, want a WebSocket", poller.open.Upgrades)
		}
		poller.open.expect(t, revision)
	})
}

// expect wants the open packet of the settings of TestOpenPacket.
func (o openPacket) expect(t *testing.T, revision Revision) {
	t.Helper()
	maxPayload := map[Revision]int{Revision3: 0, Revision4: 5000}[revision]
	if len(o.SessionID) < 22 || o.PingInterval != 25000 || o.PingTimeout != 60000 || o.MaxPayload != maxPayload {
		t.Errorf("got %+v", o)
	}
}

// Some clients are strict: the open packet has all members of the protocol, and no others.
func TestMembersOfTheOpenPacket(t *testing.T) {
	server := serve(t, Config{})
	for revision, want := range map[Revision][]string{
		Revision3: {"pingInterval", "pingTimeout", "sid", "upgrades"},
		Revision4: {"maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"},
	} {
		opened := server.request(t, http.MethodGet, fmt.Sprintf("EIO=%d&transport=polling&b64=1", revision), http.NoBody).body
		if revision == Revision3 {
			length, packet, _ := strings.Cut(opened, ":")
			if length != strconv.Itoa(len(packet)) {
				t.Errorf("got %q", opened)
			}
			opened = packet
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal([]byte(opened[1:]), &members); err != nil || opened[0] != '0' {
			t.Fatalf("%v: %q", err, opened)
		}
		if got := slices.Sorted(maps.Keys(members)); !slices.Equal(got, want) {
			t.Errorf("revision %d: got %v, want %v", revision, got, want)
		}
	}
}

func TestNoSessionIsOpenedDuringShutdown(t *testing.T) {
	server := serve(t, Config{})
	if err := server.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url+"/?EIO=4&transport=websocket", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, refused := ask(t, request); status != http.StatusServiceUnavailable || !strings.Contains(refused.Detail, "shutting down") {
		t.Fatalf("got %d %+v", status, refused)
	}
}

func TestConfigValidate(t *testing.T) {
	err := Config{PingInterval: -1, MaxPayload: -2}.Validate()
	for _, fault := range []string{"PingInterval: got -1", "MaxPayload: got -2", "NewID: missing"} {
		if err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("got %v, want it to name %q", err, fault)
		}
	}
	if _, err := NewServer(Config{}, nil); err == nil {
		t.Error("a server was made without NewID")
	}
}
