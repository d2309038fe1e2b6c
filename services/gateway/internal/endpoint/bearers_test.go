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

// watchTokens has the file looked at, as a gateway does, until the test ends.
func (h *house) watchTokens(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); h.reception.tokens.Watch(ctx, h.reception.Review) }()
	t.Cleanup(func() { stop(); <-ended })
}

// Whoever came with a token goes with it, at every door; others stay.
func TestTokenThatIsTakenAway(t *testing.T) {
	const words = `["atlas_error","[invalid_token] the token has been taken away, or gives something else than when this client came; reconnect"]`
	house := open(t, plan{clients: 10})
	house.watchTokens(t)
	subscribe := func(client *websocket.Conn, prefix string) *websocket.Conn {
		t.Helper()
		say(t, client, prefix+`["atlas_subscribe",{"msm":1001}]`)
		expect(t, client, prefix+`["atlas_subscribed"`)
		return client
	}
	bearer := func(token string) *websocket.Conn {
		t.Helper()
		client, _ := house.dial(t, "/stream/?token="+token, nil)
		return subscribe(client, "")
	}
	webSocket, other, nobody := bearer(token), bearer(otherToken), subscribe(house.connect(t), "")
	socketIO := subscribe(house.knock(t, "", `{"token":"`+token+`"}`, `40{"sid":`), "42")
	get := house.get(t, "msm=1001", "Authorization", "Bearer "+token)
	expectText(t, get.Body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")

	house.writeTokens(t, otherToken)
	expect(t, webSocket, words)
	expectClose(t, webSocket, websocket.ClosePolicyViolation)
	expect(t, socketIO, "42"+words)
	expectClose(t, socketIO, websocket.ClosePolicyViolation)
	if rest, err := io.ReadAll(get.Body); err != nil || string(rest) != words+"\n" {
		t.Errorf("GET: got %q, %v", rest, err)
	}
	house.await(t, 2)
	house.deliver(7)
	for _, client := range []*websocket.Conn{other, nobody} {
		expect(t, client, `["atlas_result",{"msm_id":1001,"prb_id":7}]`)
	}
	if status := house.guess(t, token); status != http.StatusUnauthorized {
		t.Errorf("coming again: got status %d", status)
	}
	_, _ = other.Close(), nobody.Close()
	house.await(t, 0)
	house.reception.bearers.mu.Lock()
	defer house.reception.bearers.mu.Unlock()
	if left := len(house.reception.bearers.sessions); left != 0 {
		t.Errorf("%d bearers are left", left)
	}
}

// A client that comes in while its token goes is not overlooked.
func TestTokenThatIsTakenAwayMeanwhile(t *testing.T) {
	house := build(t, plan{})
	request := httptest.NewRequest(http.MethodGet, "/stream/", http.NoBody)
	known, err := house.reception.admit("websocket", request)
	if err != nil {
		t.Fatal(err)
	}
	known.guest.bearer = auth.Bearer{Name: "of an older file"}
	if session, err := house.reception.receive(known, &getClient{}); err == nil || session != nil {
		t.Fatal("the client was let in")
	}
	if left := len(house.reception.bearers.sessions); left != 0 {
		t.Errorf("%d bearers are left", left)
	}
}
