package engineio

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestHandshakesThatAreRefused(t *testing.T) {
	server := serve(t, Config{CheckOrigin: func(r *http.Request) bool { return r.Header.Get("Origin") != "https://evil.example" }})
	for _, test := range []struct {
		name, method, query, origin string
		status, code                int
		detail                      string
	}{
		{name: "no transport", query: "EIO=4", status: 400, code: 0, detail: `transport: got ""`},
		{name: "unknown transport", query: "EIO=4&transport=abc", status: 400, code: 0, detail: `got "abc"`},
		{name: "inherited name", query: "EIO=4&transport=constructor", status: 400, code: 0},
		{name: "no EIO", query: "transport=websocket", status: 400, code: 5, detail: `EIO: got "", want 3 or 4`},
		{name: "unknown EIO", query: "EIO=5&transport=websocket", status: 400, code: 5, detail: `EIO: got "5"`},
		{name: "wordy EIO", query: "EIO=abc&transport=websocket", status: 400, code: 5},
		{name: "unknown session", query: "EIO=4&transport=websocket&sid=nobody", status: 400, code: 1},
		{name: "method", method: http.MethodPost, query: "EIO=4&transport=websocket", status: 400, code: 2, detail: "got POST"},
		{name: "no upgrade", query: "EIO=4&transport=websocket", status: 400, code: 3, detail: "Connection"},
		{name: "origin", query: "EIO=4&transport=websocket", origin: "https://evil.example", status: 403, code: 4},
	} {
		t.Run(test.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), test.method, server.url+"/?"+test.query, nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Origin", test.origin)
			status, refused := ask(t, request)
			if status != test.status || refused.Code != test.code || !strings.Contains(refused.Detail, test.detail) || refused.Message == "" {
				t.Fatalf("got %d %+v", status, refused)
			}
		})
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
		_, open := server.dial(t, revision)
		if len(open.SessionID) < 22 || open.PingInterval != 25000 || open.PingTimeout != 60000 || open.Upgrades == nil || len(open.Upgrades) != 0 {
			t.Errorf("got %+v", open)
		}
		if want := map[Revision]int{Revision3: 0, Revision4: 5000}[revision]; open.MaxPayload != want {
			t.Errorf("maxPayload: got %d, want %d", open.MaxPayload, want)
		}
	})
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
		t.Error("a server without NewID was made")
	}
}
