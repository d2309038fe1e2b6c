package endpoint

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/jitter/jittertest"
	"atlasstream/services/gateway/internal/drain"
	"atlasstream/services/gateway/internal/rebalance"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// While the clients of a draining gateway leave one by one, the others are served as before, and newcomers are sent elsewhere.
func TestClientsAreServedUntilTheyAreToldToLeave(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10})
	plain := server.connect(t)
	send(t, plain, `["atlas_subscribe",{"stream_type":"result","msm":1001}]`)
	expect(t, plain, `["atlas_subscribed"`)
	socketIO := server.connectSocketIO(t, "", "", `40{"sid":`)
	send(t, socketIO, `42["atlas_subscribe",{"stream_type":"result","msm":1001}]`)
	expect(t, socketIO, `42["atlas_subscribed"`)
	lines := server.get(t, "msm=1001")
	expectText(t, lines.Body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
	events := server.get(t, "msm=1001", "Accept", "text/event-stream")
	expectText(t, events.Body, "id: 1001-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1001\"}\n\n")

	endpoints := []drain.Endpoint{server.stream, server.socketIO}
	var departures []func() bool
	for _, endpoint := range endpoints {
		endpoint.Refuse()
		departures = append(departures, endpoint.Departures()...)
	}
	if len(departures) != 4 {
		t.Fatalf("%d clients can be told to leave, want 4", len(departures))
	}
	server.expectNewcomersAreRefused(t)
	server.deliver(7)
	const result = `{"msm_id":1001,"prb_id":7}`
	expect(t, plain, `["atlas_result",`+result+`]`)
	expect(t, socketIO, `42["atlas_result",`+result+`]`)
	expectText(t, lines.Body, `["atlas_result",`+result+`]`+"\n")
	expectText(t, events.Body, "id: 1001-behind-0\nevent: atlas_result\ndata: "+result+"\n\n")

	for _, depart := range departures {
		if !depart() {
			t.Error("a client that is there counts as gone")
		}
	}
	const words = `"[shutting_down] this gateway is shutting down; reconnect to reach another one"`
	expect(t, plain, `["atlas_error",`+words+`]`)
	expectClose(t, plain, websocket.CloseGoingAway)
	expect(t, socketIO, `42["atlas_error",`+words+`]`)
	expectClose(t, socketIO, websocket.CloseGoingAway)
	expectText(t, lines.Body, `["atlas_error",`+words+`]`+"\n")
	expectEnd(t, lines.Body)
	last, err := io.ReadAll(events.Body)
	event, hinted := jittertest.CutRetry(string(last), reconnectDelay)
	if want := "event: atlas_error\ndata: " + words + "\n\n"; err != nil || !hinted || event != want {
		t.Errorf("the last event is %q, %v", last, err)
	}
	_, _ = plain.Close(), socketIO.Close()
	server.shutdown(t.Context()) // returns once all are gone
	server.awaitDepartures(t, map[string]float64{"websocket: shutting_down": 1, "socket.io: shutting_down": 1, "get: shutting_down": 2})
	for _, depart := range departures {
		if depart() {
			t.Error("a client that is gone is told to leave")
		}
	}
}

func (s *testServer) expectNewcomersAreRefused(t *testing.T) {
	t.Helper()
	for path, words := range map[string]string{
		"/stream/?msm=1001":                          `["atlas_error","[shutting_down] `,
		"/stream/socket.io/?EIO=4&transport=polling": `{"code":3,"message":"Service unavailable",`,
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.httpServer.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.httpServer.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusServiceUnavailable || !response.Close ||
			!jittertest.RetriesAround(response.Header, engineio.RetryAfter) || !strings.HasPrefix(string(body), words) {
			t.Errorf("%s: got %s %v %s, %v", path, response.Status, response.Header, body, err)
		}
	}
	if _, status := s.dial(t, "/stream/", nil); status != http.StatusServiceUnavailable {
		t.Errorf("a WebSocket: got %d", status)
	}
}

// A client that is old is sent what waits for it before it is asked to reconnect, and reconnects by itself where browsers and socket.io-client do.
func TestOldClientsAreAskedToReconnect(t *testing.T) {
	server := newTestServer(t, testSettings{clients: 10})
	server.acceptor.Rebalance(rebalance.New(rebalance.Settings{
		MaxAge: time.Second, Clients: func() int { return 1000 }, Fewest: func() (int, bool) { return 0, true },
		Asked: prometheus.NewCounter(prometheus.CounterOpts{Name: "asked_total", Help: "Clients asked to reconnect."}),
	}))
	server.httpServer = httptest.NewServer(server.routes)
	defer server.httpServer.Close()
	plain := server.connect(t)
	socketIO := server.connectSocketIO(t, "", "", `40{"sid":`)
	lines := server.get(t, "msm=1001")
	expectText(t, lines.Body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
	ctx, cancel := context.WithCancel(t.Context())
	var balancing sync.WaitGroup
	balancing.Go(func() { server.acceptor.rebalancer.Run(ctx) })
	const words = `"[please_reconnect] another gateway has fewer clients; reconnect, and resume from the last cursor if you have one"`
	expect(t, plain, `["atlas_error",`+words+`]`)
	expectClose(t, plain, websocket.CloseGoingAway)
	expect(t, socketIO, `42["atlas_error",`+words+`]`)
	expectClose(t, socketIO, websocket.CloseNormalClosure)
	expectText(t, lines.Body, `["atlas_error",`+words+`]`+"\n")
	expectEnd(t, lines.Body)
	cancel()
	balancing.Wait()
	_, _ = plain.Close(), socketIO.Close()
	server.awaitDepartures(t, map[string]float64{"websocket: please_reconnect": 1, "socket.io: please_reconnect": 1, "get: please_reconnect": 1})
	server.shutdown(t.Context())
}
