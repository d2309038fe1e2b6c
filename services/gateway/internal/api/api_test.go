package api

import (
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"atlasstream/pkg/jitter/jittertest"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// What cannot be answered is refused with a status, a code and words, and in JSON.
func TestRefusals(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	for _, test := range []struct {
		method, path, header string
		status               int
		want                 string
	}{
		{"GET", "/api/", "", 404, `{"error":"[unknown_path] path: got \"/api/\", want one of those that /api/openapi.yaml describes"}`},
		{"GET", "/api/nowhere?x=%zz", "", 404, `{"error":"[unknown_path] path: got \"/api/nowhere\"`},
		{"GET", "/api/gateway?x=%zz", "", 400, `{"error":"[malformed] query: it cannot be read`},
		{"GET", "/api/gateway/", "", 404, `{"error":"[unknown_path] path: got \"/api/gateway/\"`},
		{"POST", "/api/gateway", "", 405, `{"error":"[unknown_method] method: got \"POST\", want GET or HEAD"}`},
		{"GET", "/api/gateway?x=1", "", 400, `{"error":"[unknown_parameter] \"x\": there is no such parameter; there are none here"}`},
		{"GET", "/api/gateway?token=guessed", "", 401, `{"error":"[invalid_token] the token is unknown`},
		{"GET", "/api/gateway", "Bearer guessed", 401, `{"error":"[invalid_token] the token is unknown`},
		{"GET", "/api/gateway?token=" + tokenOfHistory + "&client=page&_=17", "", 200, `{"version":`},
		{"HEAD", "/api/gateway", "", 200, ""},
	} {
		var header []string
		if test.header != "" {
			header = []string{"Authorization", test.header}
		}
		answer := server.askBy(test.method, test.path, header...)
		if answer.Code != test.status || !strings.HasPrefix(answer.Body.String(), test.want) || !strings.HasSuffix(answer.Body.String(), "}\n") {
			t.Errorf("%s %s: got %d %s, want %d %s", test.method, test.path, answer.Code, answer.Body, test.status, test.want)
		}
		for name, want := range map[string]string{"Content-Type": "application/json", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
			if got := answer.Header().Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", test.method, test.path, name, got, want)
			}
		}
	}
	if got := testutil.ToFloat64(server.API.metrics.requests.WithLabelValues("/api/gateway", "401")); got != 2 {
		t.Errorf("%g requests were counted, want 2", got)
	}
}

// A request is a message of its address, whatever comes of it, and while it is answered a connection.
func TestAbuseRequestsAreMessages(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{Messages: 1}) // ten at once
	for i := range 12 {
		answer := server.ask([]string{"/api/gateway", "/api/nowhere", "/api/gateway?token=guessed"}[i%3])
		if refused := answer.Code == http.StatusTooManyRequests; refused != (i >= 10) {
			t.Fatalf("request %d: got %d %s", i, answer.Code, answer.Body)
		}
		if i >= 10 && (!jittertest.RetriesAround(answer.Header(), engineio.RetryAfter) || !strings.HasPrefix(answer.Body.String(), `{"error":"[too_many_messages] `)) {
			t.Errorf("got %v %s", answer.Header(), answer.Body)
		}
	}
}

// A method that there is not costs nothing, as nothing is done for it, and is refused as such also by an API that stops.
func TestMethodIsRefusedFirst(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{Messages: 1}) // ten at once
	for range 20 {
		if answer := server.askBy(http.MethodPost, "/api/gateway"); answer.Code != http.StatusMethodNotAllowed {
			t.Fatalf("got %d %s", answer.Code, answer.Body)
		}
	}
	if answer := server.ask("/api/gateway"); answer.Code != http.StatusOK {
		t.Errorf("after twenty of them: got %d %s", answer.Code, answer.Body)
	}
	server.Shutdown(t.Context())
	if answer := server.askBy(http.MethodPost, "/api/gateway"); answer.Code != http.StatusMethodNotAllowed {
		t.Errorf("once it stops: got %d %s", answer.Code, answer.Body)
	}
}

func TestStoppedAPISaysSo(t *testing.T) {
	server := serve(t, Settings{}, ratelimit.Limits{})
	server.Shutdown(t.Context())
	answer := server.ask("/api/gateway")
	if answer.Code != http.StatusServiceUnavailable || !jittertest.RetriesAround(answer.Header(), engineio.RetryAfter) || !strings.HasPrefix(answer.Body.String(), `{"error":"[shutting_down] `) {
		t.Errorf("got %d %v %s", answer.Code, answer.Header(), answer.Body)
	}
}
