package endpoint

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gorilla/websocket"

	"atlasstream/services/gateway/internal/auth"
)

// watchTokens reloads the tokens file, as a gateway does, until the test ends.
func (s *testServer) watchTokens(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.acceptor.tokens.Watch(ctx, s.acceptor.RecheckTokens) }()
	t.Cleanup(func() { stop(); <-ended })
}

// When a token is revoked its clients are disconnected, at every endpoint; others stay.
func TestRevokedToken(t *testing.T) {
	const words = `["atlas_error","[invalid_token] the token was revoked, or its roles have changed since this client connected; reconnect"]`
	server := openTestServer(t, testSettings{clients: 10})
	server.watchTokens(t)
	subscribe := func(client *websocket.Conn, prefix string) *websocket.Conn {
		t.Helper()
		send(t, client, prefix+`["atlas_subscribe",{"msm":1001}]`)
		expect(t, client, prefix+`["atlas_subscribed"`)
		return client
	}
	bearer := func(token string) *websocket.Conn {
		t.Helper()
		client, _ := server.dial(t, "/stream/?token="+token, nil)
		return subscribe(client, "")
	}
	webSocket, other, nobody := bearer(token), bearer(otherToken), subscribe(server.connect(t), "")
	socketIO := subscribe(server.connectSocketIO(t, "", `{"token":"`+token+`"}`, `40{"sid":`), "42")
	get := server.get(t, "msm=1001", "Authorization", "Bearer "+token)
	expectText(t, get.Body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")

	server.writeTokens(t, otherToken)
	expect(t, webSocket, words)
	expectClose(t, webSocket, websocket.ClosePolicyViolation)
	expect(t, socketIO, "42"+words)
	expectClose(t, socketIO, websocket.ClosePolicyViolation)
	if rest, err := io.ReadAll(get.Body); err != nil || string(rest) != words+"\n" {
		t.Errorf("GET: got %q, %v", rest, err)
	}
	server.awaitFollowers(t, 2)
	server.awaitDepartures(t, map[string]float64{"websocket: invalid_token": 1, "socket.io: invalid_token": 1, "get: invalid_token": 1})
	server.deliver(7)
	for _, client := range []*websocket.Conn{other, nobody} {
		expect(t, client, `["atlas_result",{"msm_id":1001,"prb_id":7}]`)
	}
	if status := server.getWithToken(t, token); status != http.StatusUnauthorized {
		t.Errorf("reconnecting: got status %d", status)
	}
	_, _ = other.Close(), nobody.Close()
	server.awaitFollowers(t, 0)
	server.acceptor.tokenSessions.mu.Lock()
	defer server.acceptor.tokenSessions.mu.Unlock()
	if left := len(server.acceptor.tokenSessions.sessions); left != 0 {
		t.Errorf("%d sessions are left", left)
	}
}

// A client that connects while its token is revoked is not missed.
func TestRevokedTokenMeanwhile(t *testing.T) {
	server := newTestServer(t, testSettings{})
	request := httptest.NewRequest(http.MethodGet, "/stream/", http.NoBody)
	known, err := server.acceptor.admit("websocket", request)
	if err != nil {
		t.Fatal(err)
	}
	known.info.bearer = &auth.Bearer{Name: "of an older file"}
	if session, err := server.acceptor.openSession(known, &streamClient{}); err == nil || session != nil {
		t.Fatal("the client was accepted")
	}
	if left := len(server.acceptor.tokenSessions.sessions); left != 0 {
		t.Errorf("%d sessions are left", left)
	}
}
