package ingest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atlasstream/pkg/clientip"
	ingestv1 "atlasstream/proto/ingest/v1"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/sources"
	"atlasstream/services/collector/internal/split"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// counting counts the records that are parsed.
type counting struct {
	Publisher
	records atomic.Int64
}

func (c *counting) Publish(ctx context.Context, to publish.Destination, values []split.Value) (publish.Outcome, error) {
	c.records.Add(int64(len(values)))
	return c.Publisher.Publish(ctx, to, values)
}

func countingHandler(limits Limits) (*HTTP, *counting) {
	counting := &counting{Publisher: publish.New(&fakeLog{}, limits.RecordBytes, "http", nil)}
	return NewHTTP(counting, limits, NewLoad(limits, anybody, believed, nil), zap.NewNop(), nil), counting
}

// stall sends the beginning of a request, and no more.
func stall(t *testing.T, url, beginning string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	if _, err := io.WriteString(connection, beginning); err != nil {
		t.Fatal(err)
	}
	return connection
}

// Requests whose bodies do not arrive hold no slot, and little memory whatever their Content-Length: honest clients are served beside them, even from the same
// address.
func TestAbuseStalledRequestsHoldNoSlot(t *testing.T) {
	const stalled = 64
	handler, _ := countingHandler(limits)
	url := open(t, handler)
	for range stalled {
		stall(t, url, "POST /v1/results HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n{\"msm_id\":1001,")
	}
	await(t, func() bool { return handler.load.memory.inUse() >= stalled*requestBytes })
	if slots, held := handler.load.slots.inUse(), handler.load.memory.inUse(); slots != 0 || held > 2*stalled*requestBytes {
		t.Errorf("they hold %d slots and %d bytes", slots, held)
	}
	if got := post(t, url+"/v1/results", "", strings.NewReader(result(1))); got.status != http.StatusOK {
		t.Errorf("an honest client got %d %+v", got.status, got.answer)
	}
}

// An address may have a quarter of the memory, and no more.
func TestAbuseOneAddressDoesNotHaveAllMemory(t *testing.T) {
	handler, _ := countingHandler(limits)
	url := open(t, handler)
	window := packed(t, "zstd", strings.Repeat(result(1)+"\n", 100))
	header := fmt.Sprintf("POST /v1/results HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: zstd\r\nContent-Length: %d\r\n\r\n", len(window))
	share := handler.load.memory.share(anAddress)
	for range share >> 23 { // each asks for a window of 8 MiB
		stall(t, url, header+string(window[:len(window)-1]))
	}
	await(t, func() bool { return handler.load.memory.inUse() > share-(8<<20) })
	got := post(t, url+"/v1/results", "zstd", bytes.NewReader(window))
	if got.status != http.StatusServiceUnavailable || !strings.HasPrefix(got.Error, "busy: requests from your address (127.0.0.1/32) already hold its limit of 16777216 bytes") {
		t.Errorf("one more got %d %q", got.status, got.Error)
	}
	if held := handler.load.memory.inUse(); held > share {
		t.Errorf("one address holds %d bytes, want at most %d", held, share)
	}
	if got := postFrom(t, "127.0.0.2", url+"/v1/results", result(1)); got.status != http.StatusOK {
		t.Errorf("another address got %d %+v", got.status, got.answer)
	}
}

// A request releases all that it held, and no address is remembered.
func TestAbuseLeavesNothingBehind(t *testing.T) {
	handler, _ := countingHandler(limits)
	url := open(t, handler)
	connection := stall(t, url, "POST /v1/results HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000000\r\n\r\n{")
	await(t, func() bool { return handler.load.memory.inUse() > 0 })
	connection.Close()
	post(t, url+"/v1/results", "gzip", bytes.NewReader(packed(t, "gzip", strings.Repeat("{}\n", 1<<20))))
	await(t, func() bool { return handler.load.memory.inUse() == 0 })
	for _, pool := range []*pool{handler.load.memory, handler.load.slots} {
		if pool.inUse() != 0 || len(pool.holders) != 0 {
			t.Errorf("%d %s are held, by %d", pool.inUse(), pool.unit, len(pool.holders))
		}
	}
}

// A body of wrong records is abandoned early: 47 KB decompress to 48 MB of {}, which are 16 million records.
func TestAbuseManyRejectionsAreGivenUp(t *testing.T) {
	for name, line := range map[string]string{"empty objects": "{}\n", "garbage": "x\n", "elements": "{},", "nothing between commas": ","} {
		handler, counted := countingHandler(limits)
		body := strings.Repeat(line, 1<<20)
		if strings.Contains(line, ",") {
			body = "[" + body
		}
		got := post(t, open(t, handler)+"/v1/results", "gzip", bytes.NewReader(packed(t, "gzip", body)))
		const says = "body: 4096 records were rejected, want at most 3000: nothing after line 4096 was read"
		if got.status != http.StatusUnprocessableEntity || got.Error != says || got.RejectedTotal != 4096 {
			t.Errorf("%s: got %d %q", name, got.status, got.Error)
		}
		if looked := counted.records.Load(); looked != 4096 {
			t.Errorf("%s: %d records were parsed", name, looked)
		}
	}
}

// A client that sends everything before it reads gets its answer, not a reset, though the server decides early.
func TestAbuseRefusedBodiesGetTheirAnswer(t *testing.T) {
	roomy := limits
	roomy.BodyBytes = 12 << 20
	const length = 10_000_000
	for name, test := range map[string]struct {
		path, body, status string
	}{
		"brackets":     {"/v1/results", strings.Repeat("[", length), "400 Bad Request"},
		"unknown path": {"/v1/nothing", strings.Repeat(" ", length), "404 Not Found"},
		"garbage":      {"/v1/results", strings.Repeat("x\n", length/2), "422 Unprocessable Entity"},
	} {
		handler, counted := countingHandler(roomy)
		connection := stall(t, open(t, handler), fmt.Sprintf("POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", test.path, length, test.body))
		response, err := http.ReadResponse(bufio.NewReader(connection), nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if response.Status != test.status || counted.records.Load() > 4096 {
			t.Errorf("%s: got %s after %d records", name, response.Status, counted.records.Load())
		}
		if err := response.Body.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A client that expects 100-continue is not asked for a body that is refused.
func TestAbuseUnwantedBodyIsNotAskedFor(t *testing.T) {
	connection := stall(t, startServer(t, &fakeLog{}, limits), "POST /v1/nothing HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusNotFound {
		t.Errorf("got %s, %v", response.Status, err)
	}
}

// Pauses earn no time: a trickling client is cut off, a steady one is not, and fast bytes give no credit for later.
func TestAbuseTricklingClient(t *testing.T) {
	const rate, most = 1 << 10, 10 * time.Second
	for name, test := range map[string]struct {
		first, bytes int
		every        time.Duration
		reads        int // that it gets through, of at most 1,000
	}{
		"a byte in nine seconds":        {0, 1, 9 * time.Second, 1},
		"half the rate":                 {0, 512, time.Second, 19},
		"much at first, then a trickle": {64 << 20, 1, 9 * time.Second, 1},
		"steady":                        {0, 1 << 10, time.Second, 1000},
		"in bursts":                     {0, 9 << 10, 9 * time.Second, 1000},
	} {
		left, reads := paced(most, 0, test.first, rate, most), 0
		for ; reads < 1000 && left >= test.every; reads++ {
			left = paced(left, test.every, test.bytes, rate, most)
		}
		if reads != test.reads {
			t.Errorf("%s: got through %d reads, want %d", name, reads, test.reads)
		}
	}
}

// All subnets of a site share one part, or four of them would keep out everybody else.
func TestAbuseSubnetsOfASiteShare(t *testing.T) {
	load := NewLoad(limits, anybody, believed, nil)
	all := load.memory.share(anAddress)
	for _, test := range []struct {
		remote  string
		refused bool
	}{
		{"[2001:db8:1:1::1]:1000", false}, {"[2001:db8:1:2::1]:1000", true}, {"[2001:db8:2::1]:1000", false}, {"192.0.2.1:1000", false}, {"@", false},
	} {
		if _, err := load.reserve(accountOf(sources.Everybody, clientip.Site(clientip.Of(test.remote))), all); errors.Is(err, errBusy) != test.refused {
			t.Errorf("%s asked for a share: %v", test.remote, err)
		}
	}
}

// gRPC requests that do not arrive hold no slot either, and an address has its share of the memory.
func TestAbuseStalledGRPCRequests(t *testing.T) {
	handler, connection := serveGRPC(t, &fakeLog{}, limits)
	const stalled = 64
	for range stalled {
		if _, err := connection.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, ingestv1.IngestService_PublishResults_FullMethodName); err != nil {
			t.Fatal(err)
		}
	}
	await(t, func() bool { return handler.load.memory.inUse() == stalled*requestBytes })
	if slots := handler.load.slots.inUse(); slots != 0 {
		t.Errorf("they hold %d slots", slots)
	}
	if _, err := ingestv1.NewIngestServiceClient(connection).PublishResults(t.Context(), &ingestv1.PublishResultsRequest{Results: payloads(result(1))}); err != nil {
		t.Errorf("an honest client got %v", err)
	}
}

// A message of many empty events is refused before it is decoded, and one of many wrong ones is abandoned.
func TestAbuseManyEvents(t *testing.T) {
	roomy := limits
	roomy.MessageBytes = 1 << 20
	counting := &counting{Publisher: publish.New(&fakeLog{}, limits.RecordBytes, "grpc", nil)}
	_, connection := serveGRPCTo(t, counting, roomy)
	client := ingestv1.NewIngestServiceClient(connection)
	for _, test := range []struct {
		events int
		code   codes.Code
		says   string
		looked int64
	}{
		{MaxEvents + 1, codes.ResourceExhausted, "more than 65536 events, the limit of a request", 0},
		{MaxEvents, codes.InvalidArgument, "4096 records were rejected, want at most 3000: nothing after line 4096 was read", 4096},
		{4096, codes.OK, "", 4096},
	} {
		counting.records.Store(0)
		_, err := client.PublishResults(t.Context(), &ingestv1.PublishResultsRequest{Results: make([][]byte, test.events)})
		if status.Code(err) != test.code || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%d events: got %v", test.events, err)
		}
		if got := counting.records.Load(); got != test.looked {
			t.Errorf("%d events: %d were parsed", test.events, got)
		}
	}
}

// A client may name any method: its requests are counted as "other", so that they cost no memory, and so that a name that no label may have does no harm.
func TestAbuseByMethodsThatDoNotExist(t *testing.T) {
	server, connection := serveGRPC(t, &fakeLog{}, limits)
	before := testutil.CollectAndCount(server.metrics.requests)
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), "origin", "https://evil.example"), 10*time.Second)
	defer cancel()
	for _, method := range []string{"/a/One", "/a/Two", "/ingest.v1.IngestService/Three", "/a/\xff", "/" + ingestv1.IngestService_ServiceDesc.ServiceName + "/PublishResults"} {
		err := connection.Invoke(ctx, method, &ingestv1.PublishResultsRequest{}, &ingestv1.PublishResultsResponse{})
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("%q: got %v", method, err)
		}
	}
	for method, want := range map[string]float64{"other": 4, "PublishResults": 1} {
		if got := testutil.ToFloat64(server.metrics.requests.WithLabelValues(method, codes.PermissionDenied.String())); got != want {
			t.Errorf("%s: counted %v requests, want %v", method, got, want)
		}
	}
	if series := testutil.CollectAndCount(server.metrics.requests) - before; series != 2 {
		t.Errorf("there are %d more series, want 2", series)
	}
}
