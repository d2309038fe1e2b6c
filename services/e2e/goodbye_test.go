package e2e

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
)

// pollHolder is a proxy before a gateway that can hold the polls of Socket.IO.
type pollHolder struct {
	public string // host:port
	target atomic.Pointer[url.URL]
	gate   atomic.Pointer[gate] // which polls wait at; nil lets them pass
}

func holdPolls(t *testing.T, gateway string) *pollHolder {
	t.Helper()
	holder := &pollHolder{}
	holder.leadTo(gateway)
	forward := &httputil.ReverseProxy{
		Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(holder.target.Load()) },
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gate := holder.gate.Load(); gate != nil && r.Method == http.MethodGet && r.URL.Query().Has("sid") {
			gate.pass()
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() {
		if gate := holder.gate.Load(); gate != nil {
			gate.open()
		}
	})
	holder.public = server.Listener.Addr().String()
	return holder
}

func (h *pollHolder) leadTo(gateway string) { h.target.Store(&url.URL{Scheme: "http", Host: gateway}) }

// socket.io-client 4.8 handles a close packet at once and what stands before it in a body later. What a gateway that stops has for a client that polls is
// handled once all the same, in order, and the client recovers at another gateway from there.
func TestPollingClientsSeeResultsOnceWhenTheirGatewayStops(t *testing.T) {
	t.Parallel()
	const measurement, waiting = atlas.MeasurementID(1001), 10
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	h := openHouse(t, kafka)
	program := buildGateway(t)
	first, second := program.start(t, kafka), program.start(t, kafka)
	way := holdPolls(t, first.public)
	there := *h
	there.public = way.public
	client := startNode(t, &there, "4.8", "polling")
	client.subscribeWith(t, `{"msm":1001,"cursor":""}`)

	polls := newGate()
	way.gate.Store(&polls)
	h.mustPost(t, numbered(measurement, 1)) // for the poll that may have passed already
	<-polls.reached
	for number := 2; number <= waiting; number++ {
		h.mustPost(t, numbered(measurement, number))
	}
	queued := func() int { return int(first.metric(t, "atlas_gateway_queued_messages")) }
	eventually(t, "the results wait for the next poll", func() bool { return queued() >= waiting-1 })
	if err := first.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the farewell waits as well", func() bool { return queued() > waiting })
	way.gate.Store(nil)
	polls.open()

	r := &recovery{client: client, measurements: []atlas.MeasurementID{measurement}, last: map[atlas.MeasurementID]int{}}
	r.hearResults(t, waiting)
	r.hearUntil(t, "atlas_error")
	r.hearUntil(t, "disconnect")
	way.leadTo(second.public)
	for _, want := range []string{"connect", "recovered", "atlas_subscribed"} {
		r.hearUntil(t, want)
	}
	h.mustPost(t, numbered(measurement, waiting+1))
	r.hearResults(t, 1)
}
