package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/netip"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/keyring"
	"atlasstream/services/gateway/internal/passon"
	"atlasstream/services/gateway/internal/peerauth"
	"atlasstream/services/gateway/internal/peerload"
	"atlasstream/services/gateway/internal/peers"
	"atlasstream/services/gateway/internal/sessionid"
	"atlasstream/services/gateway/internal/socketio/engineio"
)

// peering is what a gateway has for other gateways, its peers.
type peering struct {
	listener net.Listener
	signing  *peerauth.Keys
	keys     *keyring.Keys
	peers    *peers.Peers
	incoming *service.Connections
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
	if p.incoming, err = service.NewConnections(service.ConnectionLimits{Total: cfg.MaxPassedOn, Exempt: everybody}, cfg.Logger, cfg.Metrics); err != nil {
		return p, err
	}
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
	return service.ServeHTTP(ctx, g.peerServer(), g.peering.incoming.Limit("peer", g.peering.listener), g.grace())
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
	sessions := passon.Receive(g.socketIO)
	mux.Handle("/stream/socket.io/", sessions)
	mux.Handle("/stream/socket.io", sessions)
	mux.Handle("POST "+passon.ReroutePath, passon.ReceiveReroute(g.socketIO.Reroute))
	mux.Handle("GET "+peerload.Path, peerload.Handler(g.load))
	return mux
}

// newPassOn makes what passes on requests of sessions of other gateways, before the endpoint; nil without peers.
func (g *gateway) newPassOn() *passon.Handler {
	if g.peering == nil {
		return nil
	}
	return passon.New(passon.Settings{
		Peers:        g.peering.peers,
		Keys:         g.peering.signing,
		Limits:       service.ConnectionLimits{Total: g.cfg.MaxPassedOn, Address: connectionsOfClient * g.cfg.AddressConnections},
		WriteTimeout: g.cfg.WriteTimeout,
		Refuse:       g.refusePassOn,
		Logger:       g.cfg.Logger,
	}, g.socketIO, g.cfg.Metrics)
}

func (g *gateway) refusePassOn(w http.ResponseWriter, limit string) {
	if limit == service.LimitAddress {
		engineio.NotAdmitted(w, errors.New("this address has as many requests passed on to other gateways as it may"), g.cfg.WriteTimeout)
		return
	}
	engineio.Unavailable(w, "this gateway passes on no more requests now", g.cfg.WriteTimeout)
}

// everybody is exempt from the limit of one address: peers are few, and pass on requests of many clients.
func everybody(netip.Addr) bool { return true }

func (g *gateway) refusePeer(r *http.Request, reason error) {
	g.peering.refused.Inc()
	g.cfg.Logger.Warn("a request at --peer-listen is refused", zap.String("remote", r.RemoteAddr), zap.Error(reason))
}
