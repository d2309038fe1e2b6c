package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/publish"
)

func put(t *testing.T, url, encoding string, body io.Reader) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	return do(t, request)
}

func TestRegistriesAreTaken(t *testing.T) {
	three := []string{`{"id":1,"tags":[]}`, `{"id":2}`, `{"id":3,"status":{"id":2}}`}
	page := `{"count":3,"next":null,"previous":null,"results":[` + strings.Join(three, ",") + `]}`
	for name, test := range map[string]struct {
		body, encoding string
		want           []string
	}{
		"one object":    {three[0], "", three[:1]},
		"lines":         {strings.Join(three, "\n"), "", three},
		"array":         {"[" + strings.Join(three, ",") + "]", "", three},
		"page":          {page, "", three},
		"pages":         {page + "\n" + page, "", append(three[:3:3], three...)},
		"archive":       {`{"meta":{"total_count":3},"objects":[` + strings.Join(three, ",\n") + "]}\n", "", three},
		"page, gzip":    {string(packed(t, "gzip", page)), "gzip", three},
		"page, zstd":    {string(packed(t, "zstd", page)), "zstd", three},
		"pretty object": {"{\n  \"id\": 1,\n  \"tags\": []\n}\n", "", three[:1]},
	} {
		for path, topic := range map[string]string{"/v1/probes": eventlog.ProbesTopic, "/v1/measurements": eventlog.MeasurementsTopic} {
			t.Run(name+" at "+path, func(t *testing.T) {
				log := &fakeLog{}
				got := put(t, startServer(t, log, limits)+path, test.encoding, strings.NewReader(test.body))
				if got.status != http.StatusOK || got.Accepted != len(test.want) || got.RejectedTotal != 0 {
					t.Errorf("got %d, %+v", got.status, got.answer)
				}
				if stored := log.of(topic); !slices.Equal(stored, test.want) {
					t.Errorf("stored %q", stored)
				}
			})
		}
	}
}

func TestRegistriesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		method, path, body string
		status             int
		want               string
		stored             int
	}{
		"other method":    {http.MethodPost, "/v1/probes", "{}", http.StatusMethodNotAllowed, "method POST: want PUT", 0},
		"PUT of results":  {http.MethodPut, "/v1/results", "{}", http.StatusMethodNotAllowed, "method PUT: want POST", 0},
		"nothing":         {http.MethodPut, "/v1/probes", " ", http.StatusBadRequest, "body: empty", 0},
		"a page cut off":  {http.MethodPut, "/v1/probes", `{"results":[{"id":1},{"id":2`, http.StatusBadRequest, "the array is broken", 1},
		"bzip2":           {http.MethodPut, "/v1/probes", "BZh91AY&SY", http.StatusBadRequest, "it is compressed by bzip2", 0},
		"a path too many": {http.MethodPut, "/v1/probes/7", "{}", http.StatusNotFound, "PUT /v1/measurements", 0},
	} {
		t.Run(name, func(t *testing.T) {
			log := &fakeLog{}
			request, err := http.NewRequestWithContext(t.Context(), test.method, startServer(t, log, limits)+test.path, strings.NewReader(test.body))
			if err != nil {
				t.Fatal(err)
			}
			got := do(t, request)
			if got.status != test.status || !strings.Contains(got.Error, test.want) {
				t.Errorf("got %d, %q, want %d, %q", got.status, got.Error, test.status, test.want)
			}
			if stored := log.of(eventlog.ProbesTopic); len(stored) != test.stored {
				t.Errorf("stored %q", stored)
			}
			if allowed := got.header.Get("Allow"); test.status == http.StatusMethodNotAllowed && !strings.HasSuffix(test.want, allowed) {
				t.Errorf("got Allow %q", allowed)
			}
		})
	}
}

func TestBadObjectsCostNoOther(t *testing.T) {
	log := &fakeLog{}
	got := put(t, startServer(t, log, limits)+"/v1/measurements", "", strings.NewReader(`{"results":[{"id":1},{"id":2,"is_public":"no"},{},{"id":4}]}`))
	want := []publish.Rejection{{Line: 2, Reason: `is_public: got "no", want true or false`}, {Line: 3, Reason: "id: missing"}}
	if got.status != http.StatusOK || got.Accepted != 2 || !slices.Equal(got.Rejected, want) {
		t.Errorf("got %d, %+v", got.status, got.answer)
	}
}

// No object is reported as accepted that Kafka does not have.
func TestRegistriesWhileKafkaFails(t *testing.T) {
	log := &fakeLog{fail: func(context.Context, []atlas.Event) error { return errors.New("no leader") }}
	got := put(t, startServer(t, log, limits)+"/v1/probes", "", strings.NewReader(fmt.Sprintf("[%s]", strings.Repeat(`{"id":1},`, 9)+`{"id":2}`)))
	if got.status != http.StatusServiceUnavailable || got.Accepted != 0 || got.header.Get("Retry-After") == "" || !strings.Contains(got.Error, "from line 1 on") {
		t.Errorf("got %d, %+v", got.status, got.answer)
	}
}
