package endpoint

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/ratelimit"
)

// What passes is no reason for a client that comes back by itself to stay away: it hears why, and that the stream ends. Others see it in the status.
func TestGetThatComesBackTooSoonComesAgain(t *testing.T) {
	const place, events = "1001-behind-0", "text/event-stream"
	for code, test := range map[string]struct {
		plan   plan
		begin  func(*house)
		status int
	}{
		"too_many_connections": {
			plan{admission: ratelimit.Limits{Connections: 1, Subscriptions: 10, Messages: 1000, ConnectionMessages: 10}},
			func(h *house) { expectText(t, h.get(t, "msm=1001").Body, `["atlas_subscribed"`) }, http.StatusTooManyRequests,
		},
		"unavailable":   {plan{}, func(h *house) { h.feed.err = errors.New("dial tcp 10.0.0.1:9092: refused") }, http.StatusServiceUnavailable},
		"shutting_down": {plan{}, func(h *house) { h.shutdown(context.Background()) }, http.StatusServiceUnavailable},
	} {
		house := open(t, test.plan)
		test.begin(house)
		for _, back := range []*http.Response{
			house.get(t, "msm=1001", "Accept", events, "Last-Event-ID", place), house.get(t, "msm=1001&lastEventId="+place, "Accept", events),
		} {
			body, err := io.ReadAll(back.Body)
			if err != nil || back.StatusCode != http.StatusOK || back.Header.Get("Content-Type") != events ||
				!strings.HasPrefix(string(body), "event: atlas_error\ndata: \"["+code+"] ") || !strings.HasSuffix(string(body), "\n\n") {
				t.Errorf("%s: got %s %q, %v", code, back.Status, body, err)
			}
		}
		for _, other := range []*http.Response{
			house.get(t, "msm=1001", "Accept", events), house.get(t, "msm=1001", "Last-Event-ID", place),
		} {
			if other.StatusCode != test.status {
				t.Errorf("%s: got %s, want %d", code, other.Status, test.status)
			}
		}
	}
}

// What stays wrong however often it is asked keeps its status.
func TestGetThatComesBackWronglyIsRefused(t *testing.T) {
	house := open(t, plan{})
	for query, want := range map[string]int{"msm=all": http.StatusBadRequest, "msm=1003": http.StatusBadRequest, "msm=1001&token=guessed": http.StatusUnauthorized} {
		if response := house.get(t, query, "Accept", "text/event-stream", "Last-Event-ID", "1001-behind-0"); response.StatusCode != want {
			t.Errorf("%s: got %s, want %d", query, response.Status, want)
		}
	}
}
