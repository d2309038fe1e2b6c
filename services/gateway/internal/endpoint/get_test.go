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

	"atlasstream/pkg/atlas"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
)

// get asks for a stream; header is of pairs.
func (h *house) get(t *testing.T, query string, header ...string) *http.Response {
	t.Helper()
	return h.ask(t, http.MethodGet, query, header...)
}

func (h *house) ask(t *testing.T, method, query string, header ...string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, h.server.URL+"/stream/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := h.server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

// expectText reads just so much of a body.
func expectText(t *testing.T, body io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(body, got); err != nil || string(got) != want {
		t.Fatalf("got  %.200q, %v\nwant %.200q", got[:n], err, want)
	}
}

// expectEnd reads an orderly end of a body.
func expectEnd(t *testing.T, body io.Reader) {
	t.Helper()
	if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
		t.Fatalf("got %q, %v; want the end", rest, err)
	}
}

func TestGetStreamsLines(t *testing.T) {
	house := open(t, plan{})
	response := house.get(t, "stream_type=result&msm=1001&client=curl", "Accept", "*/*")
	for name, want := range map[string]string{
		"Content-Type": "application/x-ndjson", "Cache-Control": "no-store", "X-Accel-Buffering": "no",
	} {
		if got := response.Header.Get(name); got != want || response.StatusCode != http.StatusOK {
			t.Errorf("%s: got %q with %s, want %q", name, got, response.Status, want)
		}
	}
	expectText(t, response.Body, `["atlas_subscribed",{"msm":"1001","stream_type":"result"}]`+"\n")
	house.deliver(7)
	expectText(t, response.Body, `["atlas_result",{"msm_id":1001,"prb_id":7}]`+"\n")
	house.deliverAll([]atlas.Record{
		{Event: atlas.Event{Measurement: 1001, Probe: 8, Value: []byte("{\"prb_id\":\r\n8}")}},
		{Event: atlas.Event{Measurement: 1001, Probe: 9, Value: []byte(`{"prb_id":9}`)}},
	})
	expectText(t, response.Body, `["atlas_result",{"prb_id":  8}]`+"\n"+`["atlas_result",{"prb_id":9}]`+"\n")
	_ = response.Body.Close()
	house.await(t, 0)
}

func TestGetStreamsServerSentEvents(t *testing.T) {
	house := open(t, plan{})
	response := house.get(t, "msm=1001", "Accept", "text/event-stream")
	if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("got the type %q", got)
	}
	expectText(t, response.Body, "id: 1001-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1001\"}\n\n")
	house.deliver(7)
	expectText(t, response.Body, "id: 1001-behind-0\nevent: atlas_result\ndata: {\"msm_id\":1001,\"prb_id\":7}\n\n")
	house.deliverAll([]atlas.Record{{Event: atlas.Event{Measurement: 1001, Value: []byte("{\n\"a\":1}\n")}}})
	expectText(t, response.Body, "id: 1001-behind-0\nevent: atlas_result\ndata: { \"a\":1} \n\n")
}

func TestWhoReadsServerSentEvents(t *testing.T) {
	for accept, want := range map[string]body{
		"":                                     lines{},
		"*/*":                                  lines{},
		"application/json":                     lines{},
		"text/event-stream":                    serverSentEvents{},
		"Text/Event-Stream;q=0.5, */*":         serverSentEvents{},
		"application/json,text/event-stream":   serverSentEvents{},
		"text/event-stream;q=0":                lines{},
		"text/event-stream; q=0.000, */*;q=.1": lines{},
		"text/event-streams, ;;,":              lines{},
	} {
		if got := bodyFor([]string{accept}); got != want {
			t.Errorf("%q: got %T", accept, got)
		}
	}
}

// Nothing is streamed before it is clear that something can be: the status tells, and the body is the atlas_error.
func TestGetRefuses(t *testing.T) {
	house := open(t, plan{})
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
		{"msm=1003&token=guessed", http.StatusUnauthorized, `["atlas_error","[invalid_token] the token is none that this gateway knows`},
		{"msm=1001&token=", http.StatusUnauthorized, `["atlas_error","[invalid_token]`},
	} {
		for _, accept := range []string{"*/*", "text/event-stream"} {
			response := house.get(t, test.query, "Accept", accept)
			body, err := io.ReadAll(response.Body)
			if err != nil || response.StatusCode != test.status || !strings.HasPrefix(string(body), test.want) {
				t.Errorf("%s as %s: got %s %q, %v; want %d and %s", test.query, accept, response.Status, body, err, test.status, test.want)
			}
			if response.Header.Get("Content-Type") != "application/json" || strings.Contains(string(body), "guessed") {
				t.Errorf("%s: got %v %q", test.query, response.Header, body)
			}
		}
	}
	house.feed.err = errors.New("dial tcp 10.0.0.1:9092: refused")
	response := house.get(t, "msm=1001")
	expectText(t, response.Body, `["atlas_error","[unavailable] the log cannot be read right now; try again in some seconds"]`)
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("without the log: %s, %v", response.Status, response.Header)
	}
}

func TestMethodsThatGetRefuses(t *testing.T) {
	house := open(t, plan{})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		response := house.ask(t, method, "msm=1001")
		if response.StatusCode != http.StatusMethodNotAllowed || response.Header.Get("Allow") != "GET, HEAD, OPTIONS" {
			t.Errorf("%s: got %s, Allow %q", method, response.Status, response.Header.Get("Allow"))
		}
	}
}

// A monitor learns what a GET would begin with, and nothing is subscribed to for it.
func TestHead(t *testing.T) {
	house := open(t, plan{})
	house.feed.err = errors.New("it is asked")
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
		response := house.ask(t, http.MethodHead, test.query, "Accept", test.accept)
		if response.StatusCode != test.status || response.Header.Get("Content-Type") != test.contentType {
			t.Errorf("%s: got %s, %v", test.query, response.Status, response.Header)
		}
	}
}

// HEAD is no way to ask for more than others.
func TestHeadIsAMessage(t *testing.T) {
	house := open(t, plan{admission: ratelimit.Limits{Connections: 3, Subscriptions: 10, Messages: 1, ConnectionMessages: 1}})
	const burst = 10
	for range burst {
		if response := house.ask(t, http.MethodHead, "msm=1001"); response.StatusCode != http.StatusOK {
			t.Fatalf("got %s", response.Status)
		}
	}
	for range 100 { // one more comes free in a second
		if house.ask(t, http.MethodHead, "msm=1001").StatusCode == http.StatusTooManyRequests {
			return
		}
	}
	t.Error("any number is answered")
}

func TestGetHasLimits(t *testing.T) {
	house := open(t, plan{admission: ratelimit.Limits{Connections: 3, Subscriptions: 1, Messages: 1, ConnectionMessages: 1}})
	refused := func(want string) {
		t.Helper()
		response := house.get(t, "msm=1001")
		if response.StatusCode != http.StatusTooManyRequests || response.Header.Get("Retry-After") == "" {
			t.Errorf("got %s, %v", response.Status, response.Header)
		}
		expectText(t, response.Body, `["atlas_error","[`+want+`] `)
		_ = response.Body.Close()
	}
	first := house.get(t, "msm=1001")
	expectText(t, first.Body, `["atlas_subscribed"`)
	refused("too_many_subscriptions")
	for range 2 { // WebSockets without a subscription
		house.connect(t)
	}
	refused("too_many_connections")
}

// Coming in again and again is no way to ask for more than others.
func TestComingInIsAMessage(t *testing.T) {
	house := open(t, plan{admission: ratelimit.Limits{Connections: 3, Subscriptions: 10, Messages: 1, ConnectionMessages: 1}})
	const burst, sent = 10, 1000
	for visit := range sent {
		response := house.get(t, "msm=all")
		switch {
		case response.StatusCode == http.StatusTooManyRequests && visit >= burst:
			expectText(t, response.Body, `["atlas_error","[too_many_messages] `)
			return
		case response.StatusCode != http.StatusBadRequest:
			t.Fatalf("visit %d: got %s", visit+1, response.Status)
		}
		_ = response.Body.Close()
	}
	t.Errorf("%d were let in", sent)
}

func TestGetIsOneOfAllClients(t *testing.T) {
	house := open(t, plan{})
	for range 2 {
		expectText(t, house.get(t, "msm=1001").Body, `["atlas_subscribed"`)
	}
	response := house.get(t, "msm=1001")
	expectText(t, response.Body, `["atlas_error","[too_many_clients] too many clients: there are 2`)
	if response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %s", response.Status)
	}
}

// When its measurement has ended, so does the body: nothing more can come.
func TestGetOfAMeasurementThatEnds(t *testing.T) {
	house := open(t, plan{})
	for accept, want := range map[string]string{
		"*/*": `["atlas_subscribed",{"msm":"1002"}]` + "\n" + `["atlas_unsubscribed",{"msm":"1002"}]` + "\n",
		"text/event-stream": "id: 1002-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1002\"}\n\n" +
			"event: atlas_unsubscribed\nid: " + endOf([]byte(`{"msm":"1002"}`)) + "\ndata: {\"msm\":\"1002\"}\n\n",
	} {
		response := house.get(t, "msm=1002", "Accept", accept)
		expectText(t, response.Body, want)
		expectEnd(t, response.Body)
	}
	response := house.get(t, "msm=1003&token="+token)
	expectText(t, response.Body, `["atlas_subscribed",{"msm":"1003"}]`+"\n")
	house.hub.MeasurementChanged(atlas.Measurement{ID: privateMeasurement}) // which is no news
	house.await(t, 1)
}

// A browser that has heard the end comes back all the same, and is told to stay away; one that was elsewhere is not.
func TestGetBehindTheEnd(t *testing.T) {
	house := open(t, plan{})
	end := endOf([]byte(`{"msm":"1002"}`))
	for _, query := range []string{"msm=1002&_=2&client=page", "msm=1002&lastEventId=old"} {
		response := house.get(t, query, "Accept", "text/event-stream", "Last-Event-ID", end)
		if body, err := io.ReadAll(response.Body); response.StatusCode != http.StatusNoContent || len(body) > 0 || err != nil {
			t.Errorf("%s: got %s, %q, %v", query, response.Status, body, err)
		}
	}
	response := house.get(t, "msm=1002&lastEventId="+end, "Accept", "text/event-stream")
	expectText(t, response.Body, `["atlas_unsubscribed",{"msm":"1002"}]`)
	if response.StatusCode != http.StatusGone {
		t.Errorf("got %s", response.Status)
	}
	for _, last := range []string{"", "1002-behind-0", endOf([]byte(`{"msm":"1001"}`)), end + "x"} {
		response := house.get(t, "msm=1002", "Accept", "text/event-stream", "Last-Event-ID", last)
		if response.StatusCode == http.StatusNoContent {
			t.Errorf("behind %q: got %s", last, response.Status)
		}
	}
}

// What ends because the client may not see it any more has an end for no other reason: the client shall ask again, and learn why.
func TestGetOfAMeasurementThatTurnsPrivate(t *testing.T) {
	house := open(t, plan{})
	response := house.get(t, "msm=1001", "Accept", "text/event-stream")
	expectText(t, response.Body, "id: 1001-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1001\"}\n\n")
	house.known.hide(publicMeasurement)
	house.hub.MeasurementChanged(atlas.Measurement{ID: publicMeasurement})
	rest, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(rest), "[unknown_measurement]") || !strings.HasSuffix(string(rest), "event: atlas_unsubscribed\ndata: {\"msm\":\"1001\"}\n\n") {
		t.Errorf("got %q, %v", rest, err)
	}
}

func TestGetIsToldThatTheGatewayStops(t *testing.T) {
	house := open(t, plan{})
	response := house.get(t, "msm=1001")
	expectText(t, response.Body, `["atlas_subscribed",{"msm":"1001"}]`+"\n")
	house.deliver(7)
	house.shutdown(context.Background())
	expectText(t, response.Body, `["atlas_result",{"msm_id":1001,"prb_id":7}]`+"\n")
	expectText(t, response.Body, `["atlas_error","[shutting_down] this gateway stops; reconnect, another one will answer"]`+"\n")
	expectEnd(t, response.Body)
	late := house.get(t, "msm=1001")
	expectText(t, late.Body, `["atlas_error","[shutting_down] `)
	if late.StatusCode != http.StatusServiceUnavailable || house.feed.count() != 0 {
		t.Errorf("got %s and %d subscriptions", late.Status, house.feed.count())
	}
}

func TestGetThatIsTooSlowIsTold(t *testing.T) {
	house := open(t, plan{queue: sendqueue.Limits{Bytes: 1 << 20, Messages: 2, WriteTimeout: 10 * time.Second, CloseTimeout: 10 * time.Second}})
	response := house.get(t, "msm=1001", "Accept", "text/event-stream")
	expectText(t, response.Body, "id: 1001-behind--1\nevent: atlas_subscribed\ndata: {\"msm\":\"1001\"}\n\n")
	began := time.Now()
	house.deliverAll(tooMany())
	rest, err := io.ReadAll(response.Body)
	_, words, found := strings.Cut(string(rest), "event: atlas_error\ndata: ")
	if err != nil || !found {
		t.Fatalf("got %q, %v", rest, err)
	}
	expectMissing(t, words, began)
}

// tooMany are more than a queue of two messages takes, even if some are on their way to the client before the last has come.
func tooMany() []atlas.Record {
	records := make([]atlas.Record, 1000)
	for i := range records {
		records[i] = atlas.Record{Event: atlas.Event{Measurement: publicMeasurement, Value: []byte(`{}`)}}
	}
	return records
}

// A request is answered, whatever it says: by a stream, or by an error that is a line of JSON.
func FuzzGet(f *testing.F) {
	f.Add("stream_type=result&msm=1001&client=%F0%9F%98%80&token=x", "text/event-stream;q=0.5,*/*")
	f.Add("msm=1002&;&&%", ",;q")
	f.Add("_=1&msm=1001&lastEventId=%F0%9F&evs_last_event_id=", "text/event-stream")
	house := build(f, plan{admission: ratelimit.Limits{Connections: 1 << 30, Subscriptions: 1 << 30, Messages: 1 << 40, ConnectionMessages: 1 << 20}})
	f.Fuzz(func(t *testing.T, query, accept string) {
		request := httptest.NewRequest(http.MethodGet, "/stream/", nil)
		request.URL.RawQuery = query
		request.Header.Set("Accept", accept)
		ctx, cancel := context.WithCancel(request.Context())
		cancel()
		answer := recorder{httptest.NewRecorder()}
		house.stream.ServeHTTP(answer, request.WithContext(ctx))
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
		if left := house.feed.count(); left != 0 {
			t.Errorf("%q: %d subscriptions are left", query, left)
		}
	})
}

// recorder takes deadlines, as a connection does.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkGet is one client that is sent 16 results of 1 kB at a time.
func BenchmarkGet(b *testing.B) {
	house := build(b, plan{})
	server := httptest.NewServer(house.routes)
	defer server.Close()
	response, err := server.Client().Get(server.URL + "/stream/?msm=1001")
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
		house.deliverAll(records)
		for range records {
			if _, err := reader.ReadSlice('\n'); err != nil {
				b.Fatal(err)
			}
		}
	}
}
