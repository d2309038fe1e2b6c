package endpoint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
)

// get requests a stream; header has pairs of names and values.
func (s *testServer) get(t *testing.T, query string, header ...string) *http.Response {
	t.Helper()
	return s.ask(t, http.MethodGet, query, header...)
}

func (s *testServer) ask(t *testing.T, method, query string, header ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.httpServer.URL+"/stream/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := s.httpServer.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// expectText reads as many bytes of a body as it wants.
func expectText(t *testing.T, body io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(body, got); err != nil || string(got) != want {
		t.Fatalf("got  %.200q, %v\nwant %.200q", got[:n], err, want)
	}
}

// expectEnd wants the end of a body, without an error.
func expectEnd(t *testing.T, body io.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
		t.Fatalf("got %q, %v; want the end", rest, err)
	}
}

func TestGetStreamsLines(t *testing.T) {
	server := openTestServer(t, testSettings{})
	response := server.get(t, "stream_type=result&msm=1001&client=curl", "Accept", "*/*")
	for name, want := range map[string]string{
		"Content-Type": "application/x-ndjson", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
	} {
		if got := response.Header.Get(name); got != want || response.StatusCode != http.StatusOK {
			t.Errorf("%s: got %q with %s, want %q", name, got, response.Status, want)
		}
	}
	expectText(t, response.Body, `["atlas_subscribed",{"msm":"1001","stream_type":"result"}]`+"\n")
	server.deliver(7)
	expectText(t, response.Body, `["atlas_result",{"msm_id":1001,"prb_id":7}]`+"\n")
	server.deliverAll([]atlas.Record{
		{Event: atlas.Event{Measurement: 1001, Probe: 8, Value: []byte("{\"prb_id\":\r\n8}")}},
		{Event: atlas.Event{Measurement: 1001, Probe: 9, Value: []byte(`{"prb_id":9}`)}},
	})
	expectText(t, response.Body, `["atlas_result",{"prb_id":  8}]`+"\n"+`["atlas_result",{"prb_id":9}]`+"\n")
	_ = response.Body.Close()
	server.awaitFollowers(t, 0)
}

func TestGetStreamsServerSentEvents(t *testing.T) {
	server := openTestServer(t, testSettings{})
	response := server.get(t, "msm=1001", "Accept", "text/event-stream")
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("got the type %q", got)
	}
	expectText(t, response.Body, "id: 1001-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1001\"}\n\n")
	server.deliver(7)
	expectText(t, response.Body, "id: 1001-behind-0\nevent: atlas_result\ndata: {\"msm_id\":1001,\"prb_id\":7}\n\n")
	server.deliverAll([]atlas.Record{{Event: atlas.Event{Measurement: 1001, Value: []byte("{\n\"a\":1}\n")}}})
	expectText(t, response.Body, "id: 1001-behind-0\nevent: atlas_result\ndata: { \"a\":1} \n\n")
}

func TestFormatByAcceptHeader(t *testing.T) {
	for accept, want := range map[string]format{
		"":                                     ndjson{},
		"*/*":                                  ndjson{},
		"application/json":                     ndjson{},
		"text/event-stream":                    sse{},
		"Text/Event-Stream;q=0.5, */*":         sse{},
		"application/json,text/event-stream":   sse{},
		"text/event-stream;q=0":                ndjson{},
		"text/event-stream; q=0.000, */*;q=.1": ndjson{},
		"text/event-streams, ;;,":              ndjson{},
	} {
		if got := formatFor([]string{accept}); got != want {
			t.Errorf("%q: got %T", accept, got)
		}
	}
}

// A stream begins after the subscription: otherwise the response has an error status, and the body is the atlas_error.
func TestGetRefuses(t *testing.T) {
	server := openTestServer(t, testSettings{})
	for _, test := range []struct {
		query  string
		status int
		want   string
	}{
		{"", http.StatusBadRequest, `["atlas_error","[missing_parameter] msm: missing`},
		{"msm=all", http.StatusBadRequest, `["atlas_error","[invalid_parameter] msm: got \"all\"`},
		{"msm=1001&sprache=de", http.StatusBadRequest, `["atlas_error","[unknown_parameter] sprache`},
		{"msm=%zz", http.StatusBadRequest, `["atlas_error","[malformed] query: it cannot be read, want pairs such as msm=1001, with %XX`},
		{"msm=1003", http.StatusBadRequest, `["atlas_error","[unknown_measurement] msm: got 1003`},
		{"msm=1003&token=guessed", http.StatusUnauthorized, `["atlas_error","[invalid_token] the token is unknown`},
		{"msm=1001&token=", http.StatusUnauthorized, `["atlas_error","[invalid_token]`},
	} {
		for _, accept := range []string{"*/*", "text/event-stream"} {
			response := server.get(t, test.query, "Accept", accept)
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != test.status || !strings.HasPrefix(string(body), test.want) {
				t.Errorf("%s as %s: got %s %q, %v; want %d and %s", test.query, accept, response.Status, body, err, test.status, test.want)
			}
			if response.Header.Get("Content-Type") != "application/json" || strings.Contains(string(body), "guessed") {
				t.Errorf("%s: got %v %q", test.query, response.Header, body)
			}
		}
	}
	server.tails.err = errors.New("dial tcp 10.0.0.1:9092: refused")
	response := server.get(t, "msm=1001")
	expectText(t, response.Body, `["atlas_error","[unavailable] the log cannot be read right now; try again in some seconds"]`)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("without the log: %s, %v", response.Status, response.Header)
	}
}

func TestRefusedMethods(t *testing.T) {
	server := openTestServer(t, testSettings{})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		response := server.ask(t, method, "msm=1001")
		if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: got %s, Allow %q", method, response.Status, response.Header.Get("Allow"))
		}
	}
}

// HEAD is answered as the beginning of a GET, without a subscription.
func TestHead(t *testing.T) {
	server := openTestServer(t, testSettings{})
	server.tails.err = errors.New("the log is read")
	for _, test := range []struct {
		query, accept string
		status        int
		contentType   string
	}{
		{"msm=1001", "*/*", http.StatusOK, "application/x-ndjson"},
		{"msm=1001&_=1&client=monitor&token=" + token, "text/event-stream", http.StatusOK, "text/event-stream"},
		{"", "*/*", http.StatusBadRequest, "application/json"},
		{"msm=%zz", "*/*", http.StatusBadRequest, "application/json"},
		{"msm=1001&token=guessed", "*/*", http.StatusUnauthorized, "application/json"},
	} {
		response := server.ask(t, http.MethodHead, test.query, "Accept", test.accept)
		if response.StatusCode != test.status || response.Header.Get("Content-Type") != test.contentType {
			t.Errorf("%s: got %s, %v", test.query, response.Status, response.Header)
		}
	}
}

// A HEAD request counts as a message.
func TestHeadIsAMessage(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 3, Subscriptions: 10, Messages: 1, ConnectionMessages: 1}})
	const burst = 10
	for range burst {
		if response := server.ask(t, http.MethodHead, "msm=1001"); response.StatusCode != http.StatusOK {
			t.Fatalf("got %s", response.Status)
		}
	}
	for range 100 { // one more comes free in a second
		if server.ask(t, http.MethodHead, "msm=1001").StatusCode == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("any number of requests is answered")
}

func TestGetHasLimits(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 3, Subscriptions: 1, Messages: 1, ConnectionMessages: 1}})
	refused := func(want string) {
		t.Helper()
		response := server.get(t, "msm=1001")
		if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" {
			t.Errorf("got %s, %v", response.Status, response.Header)
		}
		expectText(t, response.Body, `["atlas_error","[`+want+`] `)
		_ = response.Body.Close()
	}
	first := server.get(t, "msm=1001")
	expectText(t, first.Body, `["atlas_subscribed"`)
	refused("too_many_subscriptions")
	for range 2 { // WebSockets without a subscription
		server.connect(t)
	}
	refused("too_many_connections")
}

// Each connection counts as a message.
func TestConnectingIsAMessage(t *testing.T) {
	server := openTestServer(t, testSettings{limits: ratelimit.Limits{Connections: 3, Subscriptions: 10, Messages: 1, ConnectionMessages: 1}})
	const burst, sent = 10, 1000
	for request := range sent {
		response := server.get(t, "msm=all")
		switch {
		case response.StatusCode == http.StatusTooManyRequests && request >= burst:
			expectText(t, response.Body, `["atlas_error","[too_many_messages] `)
			return
		case response.StatusCode != http.StatusBadRequest:
			t.Fatalf("request %d: got %s", request+1, response.Status)
		}
		_ = response.Body.Close()
	}
	t.Errorf("%d requests were accepted", sent)
}

func TestGetCountsAsAClient(t *testing.T) {
	server := openTestServer(t, testSettings{})
	for range 2 {
		expectText(t, server.get(t, "msm=1001").Body, `["atlas_subscribed"`)
	}
	response := server.get(t, "msm=1001")
	expectText(t, response.Body, `["atlas_error","[too_many_clients] too many clients: there are 2`)
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %s", response.Status)
	}
}

// When the measurement has ended, so does the body: there are no further results.
func TestGetOfAMeasurementThatEnds(t *testing.T) {
	server := openTestServer(t, testSettings{})
	for accept, want := range map[string]string{
		"*/*": `["atlas_subscribed",{"msm":"1002"}]` + "\n" + `["atlas_unsubscribed",{"msm":"1002"}]` + "\n",
		"text/event-stream": "id: 1002-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1002\"}\n\n" +
			"event: atlas_unsubscribed\nid: " + endID([]byte(`{"msm":"1002"}`)) + "\ndata: {\"msm\":\"1002\"}\n\n",
	} {
		response := server.get(t, "msm=1002", "Accept", accept)
		expectText(t, response.Body, want)
		expectEnd(t, response.Body)
	}
	response := server.get(t, "msm=1003&token="+token)
	expectText(t, response.Body, `["atlas_subscribed",{"msm":"1003"}]`+"\n")
	server.hub.MeasurementChanged(atlas.Measurement{ID: privateMeasurement}) // which changes nothing
	server.awaitFollowers(t, 1)
}

// A browser that has received the end reconnects all the same, and is told to stop; one with another last event ID is not.
func TestReconnectAfterTheEnd(t *testing.T) {
	server := openTestServer(t, testSettings{})
	end := endID([]byte(`{"msm":"1002"}`))
	for _, query := range []string{"msm=1002&_=2&client=page", "msm=1002&lastEventId=old"} {
		response := server.get(t, query, "Accept", "text/event-stream", "Last-Event-ID", end)
		if body, err := io.ReadAll(response.Body); response.StatusCode != http.StatusNoContent || len(body) > 0 || err != nil {
			t.Errorf("%s: got %s, %q, %v", query, response.Status, body, err)
		}
	}
	response := server.get(t, "msm=1002&lastEventId="+end, "Accept", "text/event-stream")
	expectText(t, response.Body, `["atlas_unsubscribed",{"msm":"1002"}]`)
	if response.StatusCode != http.StatusGone {
		t.Errorf("got %s", response.Status)
	}
	for _, last := range []string{"", "1002-behind-0", endID([]byte(`{"msm":"1001"}`)), end + "x"} {
		response := server.get(t, "msm=1002", "Accept", "text/event-stream", "Last-Event-ID", last)
		if response.StatusCode == http.StatusNoContent {
			t.Errorf("after %q: got %s", last, response.Status)
		}
	}
}

// A subscription that ends because the measurement has become private has no end ID: the client reconnects, and learns why.
func TestGetOfAMeasurementThatBecomesPrivate(t *testing.T) {
	server := openTestServer(t, testSettings{})
	response := server.get(t, "msm=1001", "Accept", "text/event-stream")
	expectText(t, response.Body, "id: 1001-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1001\"}\n\n")
	server.known.hide(publicMeasurement)
	server.hub.MeasurementChanged(atlas.Measurement{ID: publicMeasurement})
	rest, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(rest), "[unknown_measurement]") || !strings.HasSuffix(string(rest), "event: atlas_unsubscribed\ndata: {\"msm\":\"1001\"}\n\n") {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestShutdownOfGet(t *testing.T) {
	server := openTestServer(t, testSettings{})
	response := server.get(t, "msm=1001")
	expectText(t, response.Body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
	server.deliver(7)
	server.shutdown(context.Background())
	expectText(t, response.Body, `["atlas_result",{"msm_id":1001,"prb_id":7}]`+"\n")
	expectText(t, response.Body, `["atlas_error","[shutting_down] this gateway is shutting down; reconnect to reach another one"]`+"\n")
	expectEnd(t, response.Body)
	late := server.get(t, "msm=1001")
	expectText(t, late.Body, `["atlas_error","[shutting_down] `)
	if late.StatusCode != http.StatusServiceUnavailable || server.tails.count() != 0 {
		t.Errorf("got %s and %d subscriptions", late.Status, server.tails.count())
	}
}

func TestGetThatIsTooSlowIsTold(t *testing.T) {
	server := openTestServer(t, testSettings{queue: sendqueue.Limits{Bytes: 1 << 20, Messages: 2, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second}})
	response := server.get(t, "msm=1001", "Accept", "text/event-stream")
	expectText(t, response.Body, "id: 1001-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1001\"}\n\n")
	began := time.Now()
	server.deliverAll(tooMany())
	rest, err := io.ReadAll(response.Body)
	_, words, found := strings.Cut(string(rest), "event: atlas_error\ndata: ")
	if err != nil || !found {
		t.Fatalf("got %q, %v", rest, err)
	}
	expectMissing(t, words, began)
}

// Any request is answered by a stream, or by an error that is a line of JSON.
func FuzzGet(f *testing.F) {
	f.Add("stream_type=result&msm=1001&client=%F0%9F%98%80&token=x", "text/event-stream;q=0.5,*/*")
	f.Add("msm=1002&;&&%", ",;q")
	f.Add("_=1&msm=1001&lastEventId=%F0%9F&evs_last_event_id=", "text/event-stream")
	server := newTestServer(f, testSettings{limits: ratelimit.Limits{Connections: 1 << 30, Subscriptions: 1 << 30, Messages: 1 << 40, ConnectionMessages: 1 << 20}})
	f.Fuzz(func(t *testing.T, query, accept string) {
		request := httptest.NewRequest(http.MethodGet, "/stream/", nil)
		request.URL.RawQuery = query
		request.Header.Set("Accept", accept)
		ctx, cancel := context.WithCancel(request.Context())
		cancel()
		answer := recorder{httptest.NewRecorder()}
		server.stream.ServeHTTP(answer, request.WithContext(ctx))
		line, err := bufio.NewReader(answer.Body).ReadString('\n')
		switch answer.Code {
		case http.StatusOK:
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusServiceUnavailable:
			if err != nil || !strings.HasPrefix(line, `["atlas_error","[`) {
				t.Errorf("%q: got %q", query, line)
			}
		default:
			t.Errorf("%q: got %d", query, answer.Code)
		}
		if left := server.tails.count(); left != 0 {
			t.Errorf("%q: %d subscriptions are left", query, left)
		}
	})
}

// recorder accepts deadlines, as a connection does.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkGet sends a client 16 results of 1 kB at a time.
func BenchmarkGet(b *testing.B) {
	server := newTestServer(b, testSettings{})
	direct := httptest.NewServer(server.routes)
	defer direct.Close()
	response, err := direct.Client().Get(direct.URL + "/stream/?msm=1001")
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	reader := bufio.NewReaderSize(response.Body, 64<<10)
	if _, err := reader.ReadSlice('\n'); err != nil {
		b.Fatal(err)
	}
	records := make([]atlas.Record, 16)
	for i := range records {
		records[i] = atlas.Record{Event: atlas.Event{Measurement: 1001, Value: fmt.Appendf(nil, `{"result":"%s"}`, strings.Repeat("x", 1000))}}
	}
	b.ReportAllocs()
	for b.Loop() {
		server.deliverAll(records)
		for range records {
			if _, err := reader.ReadSlice('\n'); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// While as much waits for clients as may, further ones are refused, and once there is room they are served.
func TestFurtherClientsWaitForRoomInTheQueues(t *testing.T) {
	server := openTestServer(t, testSettings{clients: 10})
	server.stats.Limit = 64 << 20
	server.stats.Sending.Store(64 << 20)
	const refusal = `["atlas_error","[too_many_clients] as much waits for the clients that there are as may`
	response := server.get(t, "msm=1001")
	expectText(t, response.Body, refusal)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("got %s, %v", response.Status, response.Header)
	}
	client := server.connect(t)
	expect(t, client, refusal)
	expectClose(t, client, websocket.CloseTryAgainLater)
	if refused := server.stats.Refused.Load(); refused != 2 {
		t.Errorf("%d clients count as refused, want 2", refused)
	}
	server.stats.Sending.Store(0)
	client = server.connect(t)
	send(t, client, `["atlas_subscribe",{"msm":1001}]`)
	expect(t, client, `["atlas_subscribed",{"msm":1001}]`)
}
