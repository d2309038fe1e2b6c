package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/sources"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"go.uber.org/zap"
)

// anybody may send everything.
var anybody = func() *sources.Sources {
	from, err := sources.Open("", false, zap.NewNop(), nil)
	if err != nil {
		panic(err)
	}
	return from
}()

// anAddress is the account of one.
var anAddress = accountOf(sources.Everybody, netip.Prefix{})

// fakeLog is a log that keeps what it gets, unless fail says otherwise.
type fakeLog struct {
	mu      sync.Mutex
	topics  map[string][]string
	largest int // bytes in one append
	fail    func(ctx context.Context, events []atlas.Event) error
}

func (m *fakeLog) AppendPlaced(ctx context.Context, topic string, events []atlas.Event) ([]eventlog.Place, error) {
	return nil, m.append(ctx, topic, events)
}

func (m *fakeLog) append(ctx context.Context, topic string, events []atlas.Event) error {
	if m.fail != nil {
		if err := m.fail(ctx, events); err != nil {
			return err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.topics == nil {
		m.topics = map[string][]string{}
	}
	size := 0
	for _, event := range events {
		m.topics[topic] = append(m.topics[topic], string(event.Value))
		size += len(event.Value)
	}
	m.largest = max(m.largest, size)
	return nil
}

func (m *fakeLog) AppendObjects(ctx context.Context, topic string, objects []atlas.Object) error {
	events := make([]atlas.Event, len(objects))
	for i, object := range objects {
		events[i].Value = object.Value
	}
	return m.append(ctx, topic, events)
}

func (m *fakeLog) of(topic string) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.topics[topic])
}

func startServer(t *testing.T, log publish.Log, limits Limits) string {
	t.Helper()
	return open(t, NewHTTP(publish.New(log, limits.RecordBytes, "http", nil), limits, NewLoad(limits, anybody, believed, nil), zap.NewNop(), nil))
}

func open(t *testing.T, handler *HTTP) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	return server.URL
}

type reply struct {
	status int
	header http.Header
	answer
}

func post(t *testing.T, url, encoding string, body io.Reader) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	return do(t, request)
}

func do(t *testing.T, request *http.Request) reply {
	t.Helper()
	return doBy(t, http.DefaultClient, request)
}

func doBy(t *testing.T, client *http.Client, request *http.Request) reply {
	t.Helper()
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	got := reply{status: response.StatusCode, header: response.Header}
	if err := json.NewDecoder(response.Body).Decode(&got.answer); err != nil {
		t.Fatalf("the answer is no JSON: %v", err)
	}
	if kind := response.Header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("the answer is of type %q", kind)
	}
	return got
}

func result(number int) string {
	return fmt.Sprintf(`{"msm_id":1001,"prb_id":%d,"timestamp":1426633200,"type":"ping"}`, number)
}

func results(count int) []string {
	var all []string
	for i := range count {
		all = append(all, result(i+1))
	}
	return all
}

func packed(t *testing.T, encoding, text string) []byte {
	t.Helper()
	var buffer bytes.Buffer
	var writer io.WriteCloser = gzip.NewWriter(&buffer)
	if encoding == "zstd" {
		var err error
		if writer, err = zstd.NewWriter(&buffer); err != nil {
			t.Fatal(err)
		}
	}
	_, err := io.WriteString(writer, text)
	if err := errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	return buffer.Bytes()
}
