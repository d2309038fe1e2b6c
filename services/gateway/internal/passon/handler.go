package passon

import (
	"context"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/connset"
	"atlasstream/services/gateway/internal/peerauth"
	"atlasstream/services/gateway/internal/sessionid"
)

// Peers are the gateways of the cluster.
type Peers interface {
	// Self is the address by which the others know this gateway.
	Self() netip.AddrPort
	// Find returns the other gateway for which is returns true. It may wait for news of them until ctx ends.
	Find(ctx context.Context, is func(netip.AddrPort) bool) (peer netip.AddrPort, found bool)
}

// Settings are those of a Handler.
type Settings struct {
	Peers        Peers
	Keys         *peerauth.Keys
	Limits       service.ConnectionLimits // of requests that are passed on at once
	WriteTimeout time.Duration            // for each part of an answer, and for the body of a request
	// Refuse answers a request that is beyond a limit: the total, where nothing of the client is to blame, or that of its address.
	Refuse func(w http.ResponseWriter, limit string)
	Logger *zap.Logger
}

// Handler passes on requests of sessions that other gateways hold, and leaves all others to the handler behind.
type Handler struct {
	Settings
	behind  http.Handler
	count   *service.ConnectionCount
	metrics *metrics
	peers   *http.Transport
	proxy   *httputil.ReverseProxy

	attempts  *connset.Set[*attempt, attempt] // requests that are being passed on
	draining  atomic.Bool
	rerouting sync.WaitGroup
	slots     chan struct{} // for what reroute asks at once
}

// New makes a handler.
func New(settings Settings, behind http.Handler, registerer prometheus.Registerer) *Handler {
	h := &Handler{
		Settings: settings, behind: behind, count: service.NewConnectionCount(settings.Limits), metrics: newMetrics(registerer),
		attempts: connset.New[*attempt, attempt](0), slots: make(chan struct{}, idlePeers),
	}
	h.peers = newTransport(settings.WriteTimeout, h.metrics.dials)
	errorLog, _ := zap.NewStdLogAt(settings.Logger, zap.DebugLevel) // fails for an unknown level only
	h.proxy = &httputil.ReverseProxy{
		Rewrite: h.rewrite, ModifyResponse: h.answered, ErrorHandler: h.failed, Transport: h.peers, BufferPool: bodyBuffers{}, ErrorLog: errorLog,
	}
	return h
}

// ServeHTTP passes on a request whose session ID another gateway has made.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, genuine := sessionid.Parse(h.Keys.All(), r.URL.Query().Get("sid"))
	//mutate:own-session-passed-on
	if !genuine || id.IsOf(h.Peers.Self()) {
		h.behind.ServeHTTP(w, r)
		return
	}
	if h.draining.Load() && r.Header.Get("Upgrade") != "" {
		h.Settings.Refuse(w, service.LimitTotal) // the session goes on without a WebSocket, and gets one by another gateway
		return
	}
	address := clientip.Of(r.RemoteAddr)
	if limit := h.count.Add(address); limit != service.WithinLimits {
		h.metrics.count(resultFull)
		h.Settings.Refuse(w, limit)
		return
	}
	defer h.count.Remove(address)
	h.passOn(w, r, id)
}
