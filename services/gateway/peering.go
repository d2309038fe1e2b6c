package gateway

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/netip"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/keyring"
	"atlasstream/services/gateway/internal/peerauth"
	"atlasstream/services/gateway/internal/peers"
	"atlasstream/services/gateway/internal/sessionid"
)

// peering is what a gateway has for other gateways, its peers.
type peering struct {
	listener net.Listener
	signing  *peerauth.Keys
	keys     *keyring.Keys
	peers    *peers.Peers
	refused  prometheus.Counter
}

// newPeering opens the listener first, as its address is that by which the others know this gateway. Without peers there is nothing to have.
func newPeering(cfg Config) (*peering, error) {
	if len(cfg.Peers) == 0 {
		return nil, nil
	}
	listener, err := service.Listen(cfg.PeerListen, cfg.PeerListener)
	if err != nil {
		return nil, service.Setting("peer-listen", err)
	}
	p := &peering{listener: listener, signing: &peerauth.Keys{}}
	p.keys = keyring.New(keyring.Use{
		Set:      p.signing.Set,
		Key:      "key by which gateways know each other",
		Keys:     "keys by which gateways know each other",
		Without:  "nothing can be passed on",
		Replaced: "sessions from before are unknown to other gateways",
	}, cfg.peerKeys(), cfg.Logger)
	p.keys.Read(context.Background())
	if err := p.keys.Ready(); err != nil {
		return p, err
	}
	p.refused = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "atlas_gateway_peer_requests_refused_total", Help: "Requests at --peer-listen that no gateway with the same --peer-key has signed.",
	})
	cfg.Metrics.MustRegister(p.refused)
	listen, _ := netip.ParseAddrPort(listener.Addr().String())
	p.peers, err = peers.New(peers.Settings{Sources: cfg.Peers, Listen: listen, Logger: cfg.Logger}, cfg.Metrics)
	return p, service.Setting("peers", err)
}

// close closes a listener that has not been served.
func (p *peering) close() error {
	if p == nil {
		return nil
	}
	return p.listener.Close()
}

// peerKeys is the source of the secrets by which gateways know each other.
func (c Config) peerKeys() keyring.Source {
	const purpose = keyring.Purpose("peers")
	if c.PeerKeyFile != "" {
		return purpose.FromFile(c.PeerKeyFile)
	}
	return purpose.FromSecret(c.PeerKey)
}

// newSessionID is what makes IDs of sessions. With peers they say to those which gateway has the session.
func (g *gateway) newSessionID() func() string {
	if g.peering == nil {
		return rand.Text // 128 random bits
	}
	return func() string { return sessionid.New(g.peering.signing.All()[0], g.peering.peers.Self()) }
}

// servePeers serves what other gateways ask, until ctx ends.
func (g *gateway) servePeers(ctx context.Context) error {
	if g.peering == nil {
		<-ctx.Done()
		return nil
	}
	service.LogListening(g.cfg.Logger, "peer", g.peering.listener)
	return service.ServeHTTP(ctx, g.peerServer(), g.peering.listener, g.grace())
}

// peerServer has no limits of time for whole requests, as a poll may be held for long; the endpoint has its own.
func (g *gateway) peerServer() *http.Server {
	const maxHeader = 40 << 10                                  // what the public server takes, and the signature
	errorLog, _ := zap.NewStdLogAt(g.cfg.Logger, zap.WarnLevel) // fails for an unknown level only
	return &http.Server{Handler: g.peering.signing.Handler(g.peerRoutes(), g.refusePeer), MaxHeaderBytes: maxHeader, ErrorLog: errorLog}
}

// peerRoutes are the paths for other gateways.
func (g *gateway) peerRoutes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/stream/socket.io/", g.socketIO)
	mux.Handle("/stream/socket.io", g.socketIO)
	return mux
}

func (g *gateway) refusePeer(r *http.Request, reason error) {
	g.peering.refused.Inc()
	g.cfg.Logger.Warn("a request at --peer-listen is refused", zap.String("remote", r.RemoteAddr), zap.Error(reason))
}
