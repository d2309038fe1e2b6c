package ingest

import (
	"net/http"
	"strings"
	"testing"

	"atlasstream/pkg/eventlog"
	ingestv1 "atlasstream/proto/ingest/v1"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Web pages of other sites may not send records, by any method and content type that browsers allow.
func TestAbuseByWebPages(t *testing.T) {
	log := &fakeLog{}
	url := startServer(t, log, limits)
	host := strings.TrimPrefix(url, "http://")
	for _, test := range []struct {
		name, header, value, says string
	}{
		{"another site", "Origin", "https://evil.example", `Origin: got "https://evil.example"`},
		{"a page of a file, or in a sandbox", "Origin", "null", `Origin: got "null"`},
		{"another port", "Origin", "http://127.0.0.1:1", `Origin: got "http://127.0.0.1:1"`},
		{"a site that begins alike", "Origin", url + ".evil.example", "Origin: got"},
		{"a cross-site form without an origin", "Sec-Fetch-Site", "cross-site", `Sec-Fetch-Site: got "cross-site"`},
		{"a sister site", "Sec-Fetch-Site", "same-site", `Sec-Fetch-Site: got "same-site"`},
		{"a name that leads here", "Host", "evil.example", `Host: got "evil.example"`},
		{"a name that leads here, with a port", "Host", "evil.example:8081", `Host: got "evil.example:8081"`},
		{"a name that looks like ours", "Host", "localhost.evil.example", "Host: got"},
		{"nobody", "", "", ""},
		{"the address bar", "Sec-Fetch-Site", "none", ""},
		{"our own origin", "Origin", url, ""},
		{"localhost", "Host", "LocalHost:8081", ""},
		{"an address", "Host", "[::1]:8081", ""},
		{"a name under localhost", "Host", "atlas.localhost", ""},
	} {
		for method, path := range map[string]string{http.MethodPost: "/v1/results", http.MethodPut: "/v1/measurements", http.MethodGet: "/v1/results"} {
			before := len(log.of(eventlog.ResultsTopic)) + len(log.of(eventlog.MeasurementsTopic))
			request, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(`{"id":1,"is_public":true,"msm_id":1,"prb_id":1,"timestamp":1,"type":"x"}`))
			if err != nil {
				t.Fatal(err)
			}
			request.Host = host
			request.Header.Set("Content-Type", "text/plain")
			if test.header == "Host" {
				request.Host = test.value
			} else if test.header != "" {
				request.Header.Set(test.header, test.value)
			}
			got := do(t, request)
			stored := len(log.of(eventlog.ResultsTopic)) + len(log.of(eventlog.MeasurementsTopic)) - before
			if refused := got.status == http.StatusForbidden && strings.HasPrefix(got.Error, test.says) && stored == 0; refused != (test.says != "") {
				t.Errorf("%s, %s: got %d %q, stored %d", test.name, method, got.status, got.Error, stored)
			}
		}
	}
}

func TestAbuseByWebPagesOverGRPC(t *testing.T) {
	_, connection := serveGRPC(t, &fakeLog{}, limits)
	ctx := metadata.AppendToOutgoingContext(t.Context(), "origin", "https://evil.example")
	_, err := ingestv1.NewIngestServiceClient(connection).PublishResults(ctx, &ingestv1.PublishResultsRequest{Results: payloads(result(1))})
	if status.Code(err) != codes.PermissionDenied || !strings.Contains(err.Error(), `origin: got "https://evil.example"`) {
		t.Errorf("got %v", err)
	}
}
