package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"atlasstream/pkg/jitter/jittertest"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// A client that reconnects by itself receives a temporary error in a stream that ends, so that it retries. For others the status has the error.
func TestReconnectRetriesAfterTemporaryErrors(t *testing.T) {
	const lastID, events = "1001-behind-0", "text/event-stream"
	for code, test := range map[string]struct {
		settings testSettings
		begin    func(*testServer)
		status   int
	}{
		"too_many_connections": {
			testSettings{limits: ratelimit.Limits{Connections: 1, Subscriptions: 10, Messages: 1000, ConnectionMessages: 10}},
			func(s *testServer) { expectText(t, s.get(t, "msm=1001").Body, `["atlas_subscribed"`) }, http.StatusTooManyRequests,
		},
		"unavailable":   {testSettings{}, func(s *testServer) { s.tails.err = errors.New("dial tcp 10.0.0.1:9092: refused") }, http.StatusServiceUnavailable},
		"shutting_down": {testSettings{}, func(s *testServer) { s.shutdown(context.Background()) }, http.StatusServiceUnavailable},
	} {
		server := openTestServer(t, test.settings)
		test.begin(server)
		for _, back := range []*http.Response{
			server.get(t, "msm=1001", "Accept", events, "Last-Event-ID", lastID), server.get(t, "msm=1001&lastEventId="+lastID, "Accept", events),
		} {
			body, err := io.ReadAll(back.Body)
			event, hinted := jittertest.CutRetry(string(body), engineio.RetryAfter)
			if err != nil || !hinted || back.StatusCode != http.StatusOK || back.Header.Get("Content-Type") != events ||
				!strings.HasPrefix(event, "event: atlas_error\ndata: \"["+code+"] ") || !strings.HasSuffix(string(body), "\n\n") {
				t.Errorf("%s: got %s %q, %v", code, back.Status, body, err)
			}
		}
		for _, other := range []*http.Response{
			server.get(t, "msm=1001", "Accept", events), server.get(t, "msm=1001", "Last-Event-ID", lastID),
		} {
			if other.StatusCode != test.status || !jittertest.RetriesAround(other.Header, engineio.RetryAfter) || other.Close != (code == "shutting_down") {
				t.Errorf("%s: got %s %v, want %d", code, other.Status, other.Header, test.status)
			}
		}
	}
}

// A permanent error has an error status.
func TestReconnectStopsAfterPermanentErrors(t *testing.T) {
	server := openTestServer(t, testSettings{})
	for query, want := range map[string]int{"msm=all": http.StatusBadRequest, "msm=1003": http.StatusBadRequest, "msm=1001&token=guessed": http.StatusUnauthorized} {
		if response := server.get(t, query, "Accept", "text/event-stream", "Last-Event-ID", "1001-behind-0"); response.StatusCode != want {
			t.Errorf("%s: got %s, want %d", query, response.Status, want)
		}
	}
}
