package ingest

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/jitter/jittertest"
	ingestv1 "atlasstream/proto/ingest/v1"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/split"

	"go.uber.org/zap"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// serveGRPC returns a server, which the end of the test stops, and a connection to it.
func serveGRPC(t *testing.T, log publish.Log, limits Limits) (*GRPC, *grpc.ClientConn) {
	t.Helper()
	return serveGRPCTo(t, publish.New(log, limits.RecordBytes, "grpc", nil), limits)
}

func serveGRPCTo(t *testing.T, publisher Publisher, limits Limits) (*GRPC, *grpc.ClientConn) {
	t.Helper()
	server := NewGRPC(publisher, limits, NewLoad(limits, anybody, believed, nil), nil, zap.NewNop(), nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener, time.Minute) }()
	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := errors.Join(connection.Close(), <-served); err != nil {
			t.Error(err)
		}
	})
	return server, connection
}

func payloads(texts ...string) [][]byte {
	var all [][]byte
	for _, text := range texts {
		all = append(all, []byte(text))
	}
	return all
}

func TestGRPCPublishes(t *testing.T) {
	log := &fakeLog{}
	_, connection := serveGRPC(t, log, limits)
	client := ingestv1.NewIngestServiceClient(connection)
	request := &ingestv1.PublishResultsRequest{Results: payloads(result(1), "x", result(3))}
	for _, options := range [][]grpc.CallOption{nil, {grpc.UseCompressor(gzip.Name)}} {
		response, err := client.PublishResults(t.Context(), request, options...)
		if err != nil {
			t.Fatal(err)
		}
		outcome := response.GetOutcome()
		if outcome.GetAccepted() != 2 || outcome.GetRejectedTotal() != 1 || outcome.GetRejected()[0].GetLine() != 2 {
			t.Errorf("got %v", outcome)
		}
	}
	event := `{"type":"connection","event":"disconnect","prb_id":12,"timestamp":1426633200}`
	response, err := client.PublishProbeStatus(t.Context(), &ingestv1.PublishProbeStatusRequest{Events: payloads(event)})
	if err != nil || response.GetOutcome().GetAccepted() != 1 {
		t.Errorf("got %v, %v", response, err)
	}
	if !slices.Equal(log.of(eventlog.ProbeStatusTopic), []string{event}) || len(log.of(eventlog.ResultsTopic)) != 4 {
		t.Errorf("stored %v", log.topics)
	}
}

func TestGRPCRefuses(t *testing.T) {
	large := limits
	large.RecordBytes = 1 << 20
	for name, test := range map[string]struct {
		request *ingestv1.PublishResultsRequest
		fail    error
		code    codes.Code
		reason  string
		retry   time.Duration
	}{
		"empty":     {&ingestv1.PublishResultsRequest{}, nil, codes.InvalidArgument, "results: empty, want at least one", 0},
		"too large": {&ingestv1.PublishResultsRequest{Results: payloads(strings.Repeat("x", limits.MessageBytes))}, nil, codes.ResourceExhausted, "larger than max", 0},
		"busy":      {&ingestv1.PublishResultsRequest{Results: payloads(result(1))}, eventlog.ErrBusy, codes.ResourceExhausted, "too many bytes wait for Kafka", busyRetry},
		"no Kafka": {&ingestv1.PublishResultsRequest{Results: payloads(result(1), result(2))}, &eventlog.AppendError{Outcomes: []error{nil, errors.New("leader lost")}},
			codes.Unavailable, "leader lost", kafkaRetry},
	} {
		t.Run(name, func(t *testing.T) {
			_, connection := serveGRPC(t, &fakeLog{fail: func(context.Context, []atlas.Event) error { return test.fail }}, large)
			_, err := ingestv1.NewIngestServiceClient(connection).PublishResults(t.Context(), test.request)
			got := status.Convert(err)
			if got.Code() != test.code || !strings.Contains(got.Message(), test.reason) {
				t.Errorf("got %v", got)
			}
			var retry time.Duration
			for _, detail := range got.Details() {
				switch detail := detail.(type) {
				case *errdetails.RetryInfo:
					retry = detail.GetRetryDelay().AsDuration()
				case *ingestv1.Outcome:
					if want := int64(len(test.request.GetResults()) - 1); detail.GetAccepted() != want {
						t.Errorf("got outcome %v", detail)
					}
				}
			}
			if retry != test.retry && !jittertest.IsAround(retry, test.retry) {
				t.Errorf("got retry after %s, want around %s", retry, test.retry)
			}
		})
	}
}

// A message that is too long once decompressed is refused.
func TestGRPCDecompressedTooLarge(t *testing.T) {
	log := &fakeLog{}
	_, connection := serveGRPC(t, log, limits)
	request := &ingestv1.PublishResultsRequest{Results: payloads(strings.Repeat("x", 2*limits.MessageBytes))}
	_, err := ingestv1.NewIngestServiceClient(connection).PublishResults(t.Context(), request, grpc.UseCompressor(gzip.Name))
	if status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), "larger than max") {
		t.Errorf("got %v, want the limit named", err)
	}
}

func TestGRPCTooManyRequests(t *testing.T) {
	log, release := blocking()
	_, connection := serveGRPC(t, log, limits)
	client := ingestv1.NewIngestServiceClient(connection)
	request := func(probe int) *ingestv1.PublishResultsRequest {
		return &ingestv1.PublishResultsRequest{Results: payloads(result(probe))}
	}
	var running sync.WaitGroup
	for range limits.Requests / addressShare {
		running.Go(func() {
			if _, err := client.PublishResults(t.Context(), request(1)); err != nil {
				t.Errorf("one within the limit: %v", err)
			}
		})
		<-log.started
	}
	const says = "requests from your address (127.0.0.1/32) already hold its limit of 4 slots"
	if _, err := client.PublishResults(t.Context(), request(2)); status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), says) {
		t.Errorf("one too many: %v", err)
	}
	if _, err := healthv1.NewHealthClient(connection).Check(t.Context(), &healthv1.HealthCheckRequest{}); err != nil {
		t.Errorf("the health service needs a slot: %v", err)
	}
	if _, err := ingestv1.NewIngestServiceClient(dialFrom(t, "127.0.0.2", connection.Target())).PublishResults(t.Context(), request(2)); err != nil {
		t.Errorf("another address: %v", err)
	}
	release()
	running.Wait()
	if _, err := client.PublishResults(t.Context(), request(2)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// turnwise publishes each batch of one long request when the test says so, and other requests at once.
type turnwise struct{ began, goOn, others chan struct{} }

func (p turnwise) Publish(_ context.Context, _ publish.Destination, values []split.Value) (publish.Outcome, error) {
	if len(values) == 1 {
		p.others <- struct{}{}
		return publish.Outcome{Accepted: 1}, nil
	}
	p.began <- struct{}{}
	<-p.goOn
	return publish.Outcome{Accepted: len(values)}, nil
}

// A long request holds a slot only for each batch, as over HTTP: others of its address run in between.
func TestGRPCLongRequestLetsOthersBetween(t *testing.T) {
	const batches = MaxEvents / split.BatchValues
	limits := limits
	limits.Requests, limits.SlotTimeout, limits.MessageBytes, limits.ReadingBytes = addressShare, time.Minute, 4<<20, 64<<20
	publisher := turnwise{make(chan struct{}), make(chan struct{}), make(chan struct{}, 1)}
	server, connection := serveGRPCTo(t, publisher, limits)
	client := ingestv1.NewIngestServiceClient(connection)
	var requests sync.WaitGroup
	send := func(results [][]byte) {
		requests.Go(func() {
			if _, err := client.PublishResults(t.Context(), &ingestv1.PublishResultsRequest{Results: results}); err != nil {
				t.Error(err)
			}
		})
	}
	send(slices.Repeat(payloads("{}"), MaxEvents))
	<-publisher.began
	send(payloads("{}"))
	for server.load.slots.requests() < 2 { // the long one counts too
		time.Sleep(time.Millisecond)
	}
	before := 0
	for batch := range batches {
		publisher.goOn <- struct{}{}
		if batch < batches-1 {
			<-publisher.began
			before += len(publisher.others)
		}
	}
	requests.Wait()
	if before == 0 {
		t.Error("no request ran between the batches")
	}
}

// requests is how many requests hold something or wait for it.
func (p *pool) requests() (requests int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, holder := range p.holders {
		requests += holder.requests
	}
	return requests
}

// dialFrom connects from another loopback address.
func dialFrom(t *testing.T, address, target string) *grpc.ClientConn {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, target string) (net.Conn, error) {
			return dialer.DialContext(ctx, "tcp", target)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	})
	return connection
}

// A client that opens a request and sends nothing does not keep its memory.
func TestGRPCSlowClient(t *testing.T) {
	hasty := limits
	hasty.ReadTimeout, hasty.AppendTimeout = 50*time.Millisecond, 50*time.Millisecond
	server, connection := serveGRPC(t, &fakeLog{}, hasty)
	stream, err := connection.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, ingestv1.IngestService_PublishResults_FullMethodName)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(&ingestv1.PublishResultsResponse{}); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("got %v", err)
	}
	await(t, func() bool { return server.load.slots.inUse() == 0 && server.load.memory.inUse() == 0 })
}

func TestGRPCHealth(t *testing.T) {
	server, connection := serveGRPC(t, &fakeLog{}, limits)
	client := healthv1.NewHealthClient(connection)
	for _, ready := range []bool{false, true, false} {
		server.SetReady(ready)
		for _, name := range []string{"", "ingest.v1.IngestService"} {
			got, err := client.Check(t.Context(), &healthv1.HealthCheckRequest{Service: name})
			if err != nil || (got.GetStatus() == healthv1.HealthCheckResponse_SERVING) != ready {
				t.Errorf("ready %t: got %v, %v", ready, got, err)
			}
		}
	}
}

// await fails the test unless the condition becomes true.
func await(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}
