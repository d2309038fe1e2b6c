package resume

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"syscall"
	"testing"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// pollProxy is an HTTP proxy in front of a gateway that can delay the polls of Socket.IO.
type pollProxy struct {
	public string // host:port
	target atomic.Pointer[url.URL]
	gate   atomic.Pointer[netproxy.Gate] // that polls wait at; nil does not delay
}

func startPollProxy(t *testing.T, gateway string) *pollProxy {
	t.Helper()
	holder := &pollProxy{}
	holder.forwardTo(gateway)
	forward := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(holder.target.Load()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gate := holder.gate.Load(); gate != nil && r.Method == http.MethodGet && r.URL.Query().Has("sid") {
			gate.Pass()
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		if gate := holder.gate.Load(); gate != nil {
			gate.Open()
		}
	})
	holder.public = server.Listener.Addr().String()
	return holder
}

func (h *pollProxy) forwardTo(gateway string) {
	h.target.Store(&url.URL{Scheme: "http", Host: gateway})
}

// socket.io-client 4.8 handles a close packet at once, and packets before it in the same body later. Still a client that polls handles what a stopping gateway
// sends once and in order, and recovers at another gateway from there.
func TestPollingClientsSeeResultsOnceWhenTheirGatewayStops(t *testing.T) {
	t.Parallel()
	const measurement, waiting = atlas.MeasurementID(1001), 10
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	cluster := testcluster.Start(t, kafka)
	program := testcluster.BuildGateway(t)
	first, second := program.StartGateway(t, kafka), program.StartGateway(t, kafka)
	proxy := startPollProxy(t, first.Public)
	proxied := cluster.At(proxy.public)
	client := realclient.StartNode(t, proxied, "4.8", "polling")
	client.SubscribeWith(t, `{"msm":1001,"cursor":""}`)

	polls := netproxy.NewGate()
	proxy.gate.Store(&polls)
	cluster.MustPost(t, sample.Numbered(measurement, 1)) // for a poll that may have passed already
	<-polls.Reached
	for number := 2; number <= waiting; number++ {
		cluster.MustPost(t, sample.Numbered(measurement, number))
	}
	queued := func() int { return int(first.Metric(t, "atlas_gateway_queued_messages")) }
	await.Condition(t, "the results wait for the next poll", func() bool { return queued() >= waiting-1 })
	if err := first.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await.Condition(t, "the notice of the shutdown waits, too", func() bool { return queued() > waiting })
	proxy.gate.Store(nil)
	polls.Open()

	r := &recoveringClient{client: client, measurements: []atlas.MeasurementID{measurement}, last: map[atlas.MeasurementID]int{}}
	r.receiveResults(t, waiting)
	r.receiveUntil(t, "atlas_error")
	r.receiveUntil(t, "disconnect")
	proxy.forwardTo(second.Public)
	for _, want := range []string{"connect", "recovered", "atlas_subscribed"} {
		r.receiveUntil(t, want)
	}
	cluster.MustPost(t, sample.Numbered(measurement, waiting+1))
	r.receiveResults(t, 1)
}
