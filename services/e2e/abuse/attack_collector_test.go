package abuse

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
)

// attacksOnTheCollector are requests that cost the collector more than their sender, or that pages make browsers send.
func attacksOnTheCollector() []attack {
	const stalled = 200                              // more than the collector runs at once
	const rejected, mostRejected = 2_000_000, 20_000 // --max-rejected, and the rest of a batch
	const mostReading = 2 * 64 << 20                 // twice the share of one address of --reading-bytes, as buffers are larger than their content
	return []attack{
		{
			name:   "requests that stall before their bodies",
			launch: func(t *testing.T, b *testbed) { beginPosts(t, b, stalled, "") },
		},
		{
			name:    "requests that stall in their bodies",
			launch:  func(t *testing.T, b *testbed) { beginPosts(t, b, stalled, `{"msm_id":1}`+"\n"+`{"msm_id"`) },
			budgets: []budget{{"bytes kept", ofCollector, bytesKept, mostReading, launching}},
		},
		{
			name:    "requests that stall in the last bytes of a batch",
			launch:  func(t *testing.T, b *testbed) { beginPosts(t, b, stalled, strings.Repeat(" ", 1<<20-100)) },
			budgets: []budget{{"bytes kept", ofCollector, bytesKept, mostReading, launching}},
		},
		{
			name:    "invalid records, compressed",
			launch:  func(t *testing.T, b *testbed) { postCompressed(t, b, "{}\n", rejected) },
			budgets: []budget{{"records rejected", ofCollector, counted("atlas_collector_records_total", `outcome="rejected"`), mostRejected, launching}},
		},
		{
			name: "deeply nested arrays",
			launch: func(t *testing.T, b *testbed) {
				const depth = 10_000_000
				if status := b.postAll(t, strings.Repeat("[", depth)); status != http.StatusBadRequest {
					t.Errorf("got status %d, want %d", status, http.StatusBadRequest)
				}
			},
			budgets: []budget{{"bytes kept", ofCollector, bytesKept, spare, launching}},
		},
		{
			name:    "what a page of another origin sends",
			launch:  postFromPage,
			budgets: []budget{{"records accepted", ofCollector, counted("atlas_collector_records_total", `outcome="accepted"`), 0, launching}},
		},
	}
}

// beginPosts sends the beginning of POSTs and no more.
func beginPosts(t *testing.T, b *testbed, requests int, beginning string) {
	t.Helper()
	const length = 32 << 20
	for range requests {
		conn, err := dialFrom(attackerAddress)(t.Context(), "tcp", b.collector.Ingest)
		if err != nil {
			continue // it was refused
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(await.Patience))
		_, _ = fmt.Fprintf(conn, "POST /v1/results HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", b.collector.Ingest, length, beginning) // it may have been refused
	}
}

// postCompressed posts a text many times in one compressed body.
func postCompressed(t *testing.T, b *testbed, text string, times int) {
	t.Helper()
	var body bytes.Buffer
	packed := gzip.NewWriter(&body)
	for range times / 1000 {
		_, _ = io.WriteString(packed, strings.Repeat(text, 1000))
	}
	_ = packed.Close()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+b.collector.Ingest+"/v1/results", &body)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Encoding", "gzip")
	response, err := b.attacker.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer testcluster.Outcome
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer.RejectedTotal == 0 {
		t.Errorf("got %s, %+v %v", response.Status, answer, err)
	}
}

// postAll posts a body and reads the answer only after it has sent everything, as some clients do.
func (b *testbed) postAll(t *testing.T, body string) (status int) {
	t.Helper()
	conn, err := dialFrom(attackerAddress)(t.Context(), "tcp", b.collector.Ingest)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(await.Patience))
	_, _ = fmt.Fprintf(conn, "POST /v1/results HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", b.collector.Ingest, len(body), body) // it fails if the collector has answered early
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Errorf("got no answer: %v", err)
		return 0
	}
	_ = response.Body.Close()
	return response.StatusCode
}

// postFromPage sends requests that a browser lets any page send, and a preflight request.
func postFromPage(t *testing.T, b *testbed) {
	t.Helper()
	private := fmt.Sprintf(`{"id":%d,"is_public":false}`, abusedMeasurement)
	for _, try := range []struct{ method, path, body string }{
		{http.MethodPost, "/v1/results", string(shortResult(1))},
		{http.MethodPost, "/v1/probestatus", `{"type":"connection","event":"connect","prb_id":1,"timestamp":1426633200,"controller":"x"}`},
		{http.MethodPut, "/v1/measurements", private},
		{http.MethodPut, "/v1/probes", `{"id":1}`},
		{http.MethodOptions, "/v1/measurements", ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), try.method, "http://"+b.collector.Ingest+try.path, strings.NewReader(try.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Origin", "https://page.example")
		request.Header.Set("Content-Type", "text/plain")
		response, err := b.attacker.http.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode < http.StatusBadRequest || response.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s %s from a page: got %s %v", try.method, try.path, response.Status, response.Header)
		}
	}
}
