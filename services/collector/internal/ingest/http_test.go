package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/jitter/jittertest"
	"atlasstream/services/collector/internal/publish"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var limits = Limits{
	BodyBytes: 4 << 20, MessageBytes: 64 << 10, RecordBytes: 16 << 10, Rejections: 3000, Requests: 16, ReadingBytes: 64 << 20, WaitingBytes: 16 << 20, MinRate: 1 << 10,
	ReadTimeout: 10 * time.Second, SlotTimeout: 10 * time.Millisecond, AppendTimeout: 10 * time.Second,
}

func TestBodiesAreTaken(t *testing.T) {
	three := results(3)
	lines := strings.Join(three, "\n")
	for name, test := range map[string]struct {
		body, encoding string
		want           []string
	}{
		"lines":           {lines + "\n", "", three},
		"array":           {"[" + strings.Join(three, ",\n") + "]", "", three},
		"object":          {three[0], "", three[:1]},
		"pretty object":   {strings.ReplaceAll(strings.ReplaceAll(three[0], ",", ",\n  "), "}", "\n}\n"), "", three[:1]},
		"identity":        {lines, "identity", three},
		"gzip":            {string(packed(t, "gzip", lines)), "gzip", three},
		"x-gzip":          {string(packed(t, "gzip", lines)), "X-GZIP", three},
		"zstd":            {string(packed(t, "zstd", lines)), "zstd", three},
		"empty array":     {"[]", "", nil},
		"gzip, two parts": {string(packed(t, "gzip", three[0]+"\n")) + string(packed(t, "gzip", three[1])), "gzip", three[:2]},
	} {
		for _, chunked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, chunked %t", name, chunked), func(t *testing.T) {
				log := &fakeLog{}
				body := io.Reader(strings.NewReader(test.body))
				if chunked {
					body = io.MultiReader(body)
				}
				got := post(t, startServer(t, log, limits)+"/v1/results", test.encoding, body)
				if got.status != http.StatusOK || got.Accepted != len(test.want) || got.RejectedTotal != 0 || got.Rejected == nil {
					t.Errorf("got %d, %+v", got.status, got.answer)
				}
				if stored := log.of(eventlog.ResultsTopic); !slices.Equal(stored, test.want) {
					t.Errorf("stored %q", stored)
				}
			})
		}
	}
}

func TestProbeStatusHasItsOwnTopic(t *testing.T) {
	log := &fakeLog{}
	event := `{"type":"connection","event":"connect","prb_id":12,"timestamp":1426633200,"controller":"ctr-ams01"}`
	got := post(t, startServer(t, log, limits)+"/v1/probestatus", "", strings.NewReader(event+"\n"+result(1)))
	if got.status != http.StatusOK || got.Accepted != 1 || !slices.Equal(log.of(eventlog.ProbeStatusTopic), []string{event}) {
		t.Errorf("got %d, %+v, stored %q", got.status, got.answer, log.topics)
	}
	if want := (publish.Rejection{Line: 2, Reason: "event: missing"}); !slices.Equal(got.Rejected, []publish.Rejection{want}) {
		t.Errorf("got %+v", got.Rejected)
	}
}

func TestBadLinesAreNamed(t *testing.T) {
	log := &fakeLog{}
	body := result(1) + "\n\n{\"msm_id\":\n" + result(2) + "\r\nx\n" + `{"a":"` + strings.Repeat("x", limits.RecordBytes) + `"}` + "\n" + result(3)
	got := post(t, startServer(t, log, limits)+"/v1/results", "", strings.NewReader(body))
	if got.status != http.StatusOK || got.Accepted != 3 || got.RejectedTotal != 3 || len(log.of(eventlog.ResultsTopic)) != 3 {
		t.Fatalf("got %d, %+v", got.status, got.answer)
	}
	for i, want := range []struct {
		line   int
		reason string
	}{{3, "unexpected end"}, {5, "not valid JSON"}, {6, "longer than 16384 bytes"}} {
		if rejection := got.Rejected[i]; rejection.Line != want.line || !strings.Contains(rejection.Reason, want.reason) {
			t.Errorf("got %+v, want line %d, %q", rejection, want.line, want.reason)
		}
	}
}

func TestManyRejectionsAreCounted(t *testing.T) {
	got := post(t, startServer(t, &fakeLog{}, limits)+"/v1/results", "", strings.NewReader(strings.Repeat("x\n", 2500)))
	if got.status != http.StatusOK || got.RejectedTotal != 2500 || len(got.Rejected) != publish.MaxReasons || got.Rejected[999].Line != 1000 {
		t.Errorf("got %d, %d rejected, %d reasons", got.status, got.RejectedTotal, len(got.Rejected))
	}
}

// A body of many batches is published while it arrives, in order, and no append is larger than a batch.
func TestLargeBodyIsNeverHeldWhole(t *testing.T) {
	log := &fakeLog{}
	all := results(50_000)
	got := post(t, startServer(t, log, limits)+"/v1/results", "", strings.NewReader(strings.Join(all, "\n")))
	if got.status != http.StatusOK || got.Accepted != len(all) || !slices.Equal(log.of(eventlog.ResultsTopic), all) {
		t.Errorf("got %d, %d accepted", got.status, got.Accepted)
	}
	if log.largest > BatchBytes {
		t.Errorf("an append had %d bytes", log.largest)
	}
}

func TestRefusals(t *testing.T) {
	bomb := strings.Repeat(" ", int(limits.BodyBytes)+1)
	large := strings.Join(results(70_000), "\n")
	for _, test := range []struct {
		name, path, encoding string
		body                 io.Reader
		status               int
		reason               string
	}{
		{"unknown path", "/v2/results", "", nil, 404, `no such path "/v2/results": want POST /v1/results, POST /v1/probestatus, PUT /v1/probes or PUT /v1/measurements`},
		{"unknown encoding", "/v1/results", "br", strings.NewReader("x"), 415, `Content-Encoding: got "br", want gzip, zstd or none`},
		{"two encodings", "/v1/results", "gzip, zstd", strings.NewReader("x"), 415, `Content-Encoding: got "gzip, zstd"`},
		{"empty", "/v1/results", "", strings.NewReader(""), 400, "body: empty, want a JSON array"},
		{"white space", "/v1/results", "", strings.NewReader(" \n\n"), 400, "body: empty"},
		{"not gzip", "/v1/results", "gzip", strings.NewReader(result(1)), 400, "body: gzip: "},
		{"not zstd", "/v1/results", "zstd", strings.NewReader(result(1)), 400, "body: zstd: "},
		{"nothing as gzip", "/v1/results", "gzip", strings.NewReader(""), 400, "body: gzip: unexpected end"},
		{"gzip cut off", "/v1/results", "gzip", bytes.NewReader(packed(t, "gzip", result(1))[:30]), 400, "body: gzip: unexpected end"},
		{"zstd cut off", "/v1/results", "zstd", bytes.NewReader(packed(t, "zstd", result(1))[:30]), 400, "body: zstd: unexpected end"},
		{"gzip not said", "/v1/results", "", bytes.NewReader(packed(t, "gzip", result(1))), 400, "say so with Content-Encoding: gzip"},
		{"zstd not said", "/v1/results", "identity", bytes.NewReader(packed(t, "zstd", result(1))), 400, "say so with Content-Encoding: zstd"},
		{"too long", "/v1/results", "", strings.NewReader(bomb), 413, "body: longer than 4194304 bytes, the limit"},
		{"too long, chunked", "/v1/results", "", io.MultiReader(strings.NewReader(bomb)), 413, "body: longer than 4194304 bytes, the limit"},
		{"gzip bomb", "/v1/results", "gzip", bytes.NewReader(packed(t, "gzip", large)), 413, "body: longer than 4194304 bytes once decompressed"},
		{"swollen gzip", "/v1/results", "gzip", bytes.NewReader(packed(t, "gzip", bomb)), 413, "body: more than 200 times as long once decompressed"},
		{"swollen zstd", "/v1/results", "zstd", bytes.NewReader(packed(t, "zstd", bomb)), 413, "body: more than 200 times as long once decompressed"},
		{"zstd bomb", "/v1/results", "zstd", bytes.NewReader(packed(t, "zstd", large)), 413, "body: longer than 4194304 bytes once decompressed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := post(t, startServer(t, &fakeLog{}, limits)+test.path, test.encoding, test.body)
			if got.status != test.status || !strings.Contains(got.Error, test.reason) {
				t.Errorf("got %d %q, want %d %q", got.status, got.Error, test.status, test.reason)
			}
			if accept := got.header.Get("Accept-Encoding"); (accept == acceptedEncodings) != (test.status == 415) {
				t.Errorf("got Accept-Encoding %q", accept)
			}
		})
	}
}

func TestOnlyPost(t *testing.T) {
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, startServer(t, &fakeLog{}, limits)+"/v1/results", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := do(t, request); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" || got.Error != "method GET: want POST" {
		t.Errorf("got %d %+v, Allow %q", got.status, got.answer, got.header.Get("Allow"))
	}
}

// Records before the point where a body is too long or broken are published, and the answer says so.
func TestWhatCameBeforeIsPublished(t *testing.T) {
	all := strings.Join(results(100_000), "\n")
	cutOff := packed(t, "gzip", all[:3<<20])
	for name, test := range map[string]struct {
		body     []byte
		encoding string
		status   int
	}{
		"too long": {[]byte(all), "", 413},
		"cut off":  {cutOff[:len(cutOff)-9], "gzip", 400},
	} {
		log := &fakeLog{}
		got := post(t, startServer(t, log, limits)+"/v1/results", test.encoding, io.MultiReader(bytes.NewReader(test.body)))
		if got.status != test.status || got.Error == "" || got.Accepted < 10_000 || len(log.of(eventlog.ResultsTopic)) != got.Accepted {
			t.Errorf("%s: got %d %q, %d accepted", name, got.status, got.Error, got.Accepted)
		}
	}
}

// Where part of an array could not be read, the answer is not 200: there may be valid records in it.
func TestBrokenArray(t *testing.T) {
	for name, body := range map[string]string{
		"cut off": "[" + result(1) + "," + result(2), "wrong brackets": "[" + result(1) + "," + result(2) + ",{]}", "more behind it": "[" + result(1) + "," + result(2) + "] x",
	} {
		log := &fakeLog{}
		got := post(t, startServer(t, log, limits)+"/v1/results", "", strings.NewReader(body))
		if got.status != http.StatusBadRequest || !strings.Contains(got.Error, "the array is broken") || got.Accepted != 2 || got.RejectedTotal != 1 {
			t.Errorf("%s: got %d, %q, %+v", name, got.status, got.Error, got.Outcome)
		}
	}
}

func TestKafkaCannotBeHad(t *testing.T) {
	lost := errors.New("leader lost")
	for name, test := range map[string]struct {
		fail  error
		retry time.Duration
		left  int
		says  string
	}{
		"busy": {eventlog.ErrBusy, busyRetry, 0, "kafka did not take 2 valid records from line 1 on: too many bytes wait for Kafka"},
		"partly": {&eventlog.AppendError{Outcomes: []error{nil, lost}}, kafkaRetry, 1,
			"kafka did not take 1 valid records from line 1 on: 1 of 2 records were not appended, the first of them: leader lost"},
	} {
		log := &fakeLog{fail: func(context.Context, []atlas.Event) error { return test.fail }}
		got := post(t, startServer(t, log, limits)+"/v1/results", "", strings.NewReader(result(1)+"\nx\n"+result(2)))
		if got.status != http.StatusServiceUnavailable || !jittertest.RetriesAround(got.header, test.retry) || !strings.HasPrefix(got.Error, test.says) {
			t.Errorf("%s: got %d, Retry-After %q, %q", name, got.status, got.header.Get("Retry-After"), got.Error)
		}
		if got.Accepted != test.left || got.RejectedTotal != 1 || got.Rejected[0].Line != 2 {
			t.Errorf("%s: got %+v", name, got.Outcome)
		}
	}
}

// One address has a quarter of the slots, so that others are served beside it.
func TestTooManyRequests(t *testing.T) {
	log, release := blocking()
	url := startServer(t, log, limits) + "/v1/results"
	var running sync.WaitGroup
	for range limits.Requests / addressShare {
		running.Go(func() {
			if got := post(t, url, "", strings.NewReader(result(1))); got.status != http.StatusOK {
				t.Errorf("one within the limit: got %d %+v", got.status, got.answer)
			}
		})
		<-log.started
	}
	got := post(t, url, "", strings.NewReader(result(2)))
	const says = "busy: requests from your address (127.0.0.1/32) already hold its limit of 4 slots; send everything from line 1 on again"
	if got.status != http.StatusServiceUnavailable || !jittertest.RetriesAround(got.header, busyRetry) || got.Error != says {
		t.Errorf("one too many: got %d, Retry-After %q, %q", got.status, got.header.Get("Retry-After"), got.Error)
	}
	if got := postFrom(t, "127.0.0.2", url, result(2)); got.status != http.StatusOK {
		t.Errorf("another address: got %d %+v", got.status, got.answer)
	}
	release()
	running.Wait()
	if got := post(t, url, "", strings.NewReader(result(2))); got.status != http.StatusOK {
		t.Errorf("afterwards: got %d %+v", got.status, got.answer)
	}
}

// blockingLog takes nothing of probe 1 until it is released.
type blockingLog struct {
	fakeLog
	started chan struct{}
}

func blocking() (log *blockingLog, release func()) {
	released := make(chan struct{})
	log = &blockingLog{started: make(chan struct{})}
	log.fail = func(_ context.Context, events []atlas.Event) error {
		if events[0].Probe == 1 {
			log.started <- struct{}{}
			<-released
		}
		return nil
	}
	return log, func() { close(released) }
}

// postFrom posts from another loopback address.
func postFrom(t *testing.T, address, url, body string) reply {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	transport := &http.Transport{DialContext: dialer.DialContext}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doBy(t, &http.Client{Transport: transport}, request)
}

func TestSlowClient(t *testing.T) {
	hasty := limits
	hasty.ReadTimeout = 50 * time.Millisecond
	for name, header := range map[string]string{"plain": "", "gzip": "Content-Encoding: gzip\r\n"} {
		connection, err := net.Dial("tcp", strings.TrimPrefix(startServer(t, &fakeLog{}, hasty), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer connection.Close()
		if err := connection.SetDeadline(time.Now().Add(answerTimeout / 2)); err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Fprintf(connection, "POST /v1/results HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n%s\r\n", header); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(connection)
		if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") || !strings.Contains(string(answer), "body: too slow") {
			t.Errorf("%s: got %q, %v", name, answer, err)
		}
	}
}

// The time for the body does not count as time for Kafka: once the body has arrived, a slow log has its full timeout.
func TestSlowLogOutlivesTheReadTimeout(t *testing.T) {
	hasty := limits
	hasty.ReadTimeout = 50 * time.Millisecond
	log := &fakeLog{fail: func(ctx context.Context, _ []atlas.Event) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
			return nil
		}
	}}
	if got := post(t, startServer(t, log, hasty)+"/v1/results", "", strings.NewReader(result(1))); got.status != http.StatusOK {
		t.Errorf("got %d %+v", got.status, got.answer)
	}
}

func TestClientThatGoesEndsItsAppend(t *testing.T) {
	appending, ended := make(chan struct{}), make(chan struct{})
	log := &fakeLog{fail: func(ctx context.Context, _ []atlas.Event) error {
		close(appending)
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	}}
	ctx, leave := context.WithCancel(t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, startServer(t, log, limits)+"/v1/results", strings.NewReader(result(1)))
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-appending
		leave()
	}()
	if response, err := http.DefaultClient.Do(request); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", response, err)
	}
	<-ended
}
