package ingest

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"atlasstream/pkg/clientip"
	ingestv1 "atlasstream/proto/ingest/v1"
)

// proxyAddress is that of the one trusted proxy in these tests.
const proxyAddress = "127.0.0.3"

var believed = func() *clientip.Proxies {
	proxies, err := clientip.NewProxies([]string{proxyAddress}, "")
	if err != nil {
		panic(err)
	}
	return proxies
}()

const (
	clientAddress = "203.0.113.7"
	atTheLimit    = "requests from your address (203.0.113.7/32) already hold its limit of 4 slots"
)

// A request through a trusted proxy counts for its client; the header of another peer is ignored.
func TestClientsBehindAProxyShareNothing(t *testing.T) {
	log, release := blocking()
	url := startServer(t, log, limits) + "/v1/results"
	var running sync.WaitGroup
	for range limits.Requests / addressShare {
		running.Go(func() {
			if got := postFor(t, proxyAddress, clientAddress, url, result(1)); got.status != http.StatusOK {
				t.Errorf("one within the limit: got %d %+v", got.status, got.answer)
			}
		})
		<-log.started
	}
	if got := postFor(t, proxyAddress, clientAddress, url, result(2)); !strings.Contains(got.Error, atTheLimit) {
		t.Errorf("one too many: got %d %+v", got.status, got.answer)
	}
	for _, other := range []struct{ peer, client string }{{proxyAddress, "203.0.113.8"}, {"127.0.0.4", clientAddress}} {
		if got := postFor(t, other.peer, other.client, url, result(2)); got.status != http.StatusOK {
			t.Errorf("%s for %s: got %d %+v", other.peer, other.client, got.status, got.answer)
		}
	}
	release()
	running.Wait()
}

func postFor(t *testing.T, peer, client, url, body string) reply {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(clientip.DefaultHeader, client)
	transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(peer)}}).DialContext}
	defer transport.CloseIdleConnections()
	return doBy(t, &http.Client{Transport: transport}, request)
}

func TestClientsBehindAProxyShareNothingOverGRPC(t *testing.T) {
	log, release := blocking()
	_, connection := serveGRPC(t, log, limits)
	proxy := ingestv1.NewIngestServiceClient(dialFrom(t, proxyAddress, connection.Target()))
	stranger := ingestv1.NewIngestServiceClient(dialFrom(t, "127.0.0.4", connection.Target()))
	publish := func(through ingestv1.IngestServiceClient, client string, probe int) error {
		ctx := metadata.AppendToOutgoingContext(t.Context(), clientip.DefaultHeader, client)
		_, err := through.PublishResults(ctx, &ingestv1.PublishResultsRequest{Results: payloads(result(probe))})
		return err
	}
	var running sync.WaitGroup
	for range limits.Requests / addressShare {
		running.Go(func() {
			if err := publish(proxy, clientAddress, 1); err != nil {
				t.Errorf("one within the limit: %v", err)
			}
		})
		<-log.started
	}
	if err := publish(proxy, clientAddress, 2); status.Code(err) != codes.ResourceExhausted || !strings.Contains(err.Error(), atTheLimit) {
		t.Errorf("one too many: %v", err)
	}
	if err := publish(proxy, "203.0.113.8", 2); err != nil {
		t.Errorf("another client: %v", err)
	}
	if err := publish(stranger, clientAddress, 2); err != nil {
		t.Errorf("another peer: %v", err)
	}
	release()
	running.Wait()
}
