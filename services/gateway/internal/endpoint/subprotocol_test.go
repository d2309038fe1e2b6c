package endpoint

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// offer opens a WebSocket with subprotocols.
func (s *testServer) offer(t *testing.T, path string, names ...string) (client *websocket.Conn, response *http.Response) {
	t.Helper()
	dialer := &websocket.Dialer{Subprotocols: names}
	client, response, err := dialer.Dial("ws"+strings.TrimPrefix(s.httpServer.URL, "http")+path, nil)
	if response == nil {
		t.Fatal(err)
	}
	if client != nil {
		t.Cleanup(func() { _ = client.Close() })
	}
	return client, response
}

// A page can send the token of its WebSocket as a subprotocol only, and its browser requires another one in the response.
func TestTokenInASubprotocol(t *testing.T) {
	core, log := observer.New(zapcore.DebugLevel)
	server := openTestServer(t, testSettings{clients: 10, logger: zap.New(core)})
	for _, path := range []string{"/stream/", "/stream/?token=guessed"} {
		for _, offered := range [][]string{{"atlas", "bearer." + token}, {"bearer." + token, "atlas"}} {
			client, response := server.offer(t, path, offered...)
			if got := response.Header.Values("Sec-WebSocket-Protocol"); len(got) != 1 || got[0] != "atlas" || client.Subprotocol() != "atlas" {
				t.Errorf("%v was answered %v", offered, got)
			}
			send(t, client, `["atlas_subscribe",{"msm":1003}]`)
			expect(t, client, `["atlas_subscribed",{"msm":1003}]`)
		}
	}
	old, _ := server.offer(t, "/stream/socket.io/?EIO=3&transport=websocket", "atlas", "bearer."+token)
	expect(t, old, `0{"sid":`)
	expect(t, old, `40`)
	send(t, old, `42["atlas_subscribe",{"msm":1003}]`)
	expect(t, old, `42["atlas_subscribed",{"msm":1003}]`)
	if _, response := server.offer(t, "/stream/", "atlas", "bearer.guessed"); response.StatusCode != http.StatusUnauthorized {
		t.Errorf("a wrong one: got %s", response.Status)
	}
	if text := fmt.Sprint(log.All()); strings.Contains(text, token) || strings.Contains(text, "guessed") {
		t.Errorf("the log has a token: %s", text)
	}
}

func TestTokenAloneIsRefused(t *testing.T) {
	server := openTestServer(t, testSettings{})
	for _, path := range []string{"/stream/", "/stream/socket.io/?EIO=4&transport=websocket"} {
		client, response := server.offer(t, path, "bearer."+token)
		body, err := io.ReadAll(response.Body)
		if client != nil || response.StatusCode != http.StatusBadRequest || err != nil || !strings.Contains(string(body), "want a name beside it") || strings.Contains(string(body), token) {
			t.Errorf("%s: got %s, %q, %v", path, response.Status, body, err)
		}
	}
}

func TestAnySubprotocolIsAnswered(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10})
	for _, path := range []string{"/stream/", "/stream/socket.io/?EIO=4&transport=websocket"} {
		if client, _ := server.offer(t, path, "v1.json", "atlas"); client.Subprotocol() != "v1.json" {
			t.Errorf("%s: got %q", path, client.Subprotocol())
		}
		if client, response := server.offer(t, path); client == nil || response.Header.Get("Sec-WebSocket-Protocol") != "" {
			t.Errorf("%s: a subprotocol was answered that was not offered", path)
		}
	}
}
