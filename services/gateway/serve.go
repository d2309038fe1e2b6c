package gateway

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/cors"
	"atlasstream/services/gateway/internal/drain"
	"atlasstream/services/gateway/web"
)

// ready tells whether clients can be served: Kafka answers, there is a key for cursors, and probes and measurements are known.
func (g *gateway) ready(ctx context.Context) error {
	if err := g.log.Check(ctx); err != nil {
		return err
	}
	if err := g.cursorKeys.Ready(); err != nil {
		return err
	}
	return g.catalog.Ready(ctx)
}

// routes are the paths of the public server.
func (g *gateway) routes() http.Handler {
	mux := http.NewServeMux()
	client := web.SocketIOClient()
	var sessions http.Handler = g.socketIO
	if g.passOn != nil {
		sessions = g.passOn
	}
	mux.Handle("/stream/socket.io/", sessions)
	mux.Handle("/stream/socket.io", sessions)
	mux.Handle("/stream/{$}", g.stream)
	mux.Handle("/stream", g.stream)
	mux.Handle("/socket.io.js", client)
	mux.Handle("/stream/socket.io/socket.io.js", client)
	mux.Handle("/api/", g.admin.CloseConnections(g.api))
	mux.Handle("/", g.admin.CloseConnections(web.Pages()))
	return g.proxies.Middleware(cors.Origins(g.cfg.Origins).Middleware(oneSlash(mux)))
}

func (g *gateway) run(ctx context.Context) error {
	listener, adminListener, err := g.listen()
	if err != nil {
		return errors.Join(err, g.peering.close(), g.closeLog())
	}
	lasting := context.WithoutCancel(ctx) // stop ends each task in its turn
	public := service.StartTask(lasting, func(ctx context.Context) error {
		return service.ServeHTTP(ctx, g.server(), listener, g.grace())
	})
	admin := service.StartTask(lasting, func(ctx context.Context) error { return g.admin.Serve(ctx, adminListener) })
	peers := service.StartTask(lasting, g.servePeers)
	catalog := service.StartTask(lasting, g.catalog.Run)
	watches := service.StartTask(lasting, func(ctx context.Context) error { g.watch(ctx); return nil })
	select {
	case <-ctx.Done():
	case <-g.admin.DrainAsked():
	case <-public.Ended():
	case <-admin.Ended():
	case <-peers.Ended():
	}
	service.RunBeside(lasting, func(lasting context.Context) { g.drain(lasting, service.Interrupted(ctx)) }, public, peers, admin)
	return g.stop(public, peers, catalog, watches, admin)
}

// drain serves newcomers until load balancers have noticed that the gateway is not ready, unless it is hurried, and has its clients leave then. It returns when
// all have been told, or ctx ends.
func (g *gateway) drain(ctx context.Context, hurried bool) {
	g.admin.Drain()
	if !hurried {
		g.cfg.Logger.Info("draining: newcomers are still served", zap.Duration("for", g.cfg.DrainDelay))
		service.Pause(ctx, g.cfg.DrainDelay)
	}
	if ctx.Err() == nil && g.cfg.Drain > 0 {
		g.cfg.Logger.Info("draining: clients are disconnected one by one", zap.Duration("over", g.cfg.Drain))
		g.hub.Drain() // so that no record waits in an array for a client that leaves
		drain.Run(ctx, g.cfg.Drain, g.endpoints()...)
	}
}

// endpoints are where clients connect.
func (g *gateway) endpoints() []drain.Endpoint {
	all := []drain.Endpoint{g.socketIO, g.stream, g.api}
	if g.passOn != nil {
		all = append(all, g.passOn)
	}
	return all
}

// watch runs what follows changes other than those of clients and records, until ctx ends.
func (g *gateway) watch(ctx context.Context) {
	var watches sync.WaitGroup
	watches.Go(func() { g.tokens.Watch(ctx, g.acceptor.RecheckTokens) })
	watches.Go(func() { g.log.Watch(ctx) })
	watches.Go(func() { g.hub.SendCursors(ctx) })
	watches.Go(func() { g.watchOutages(ctx) })
	watches.Go(func() { g.cursorKeys.Watch(ctx) })
	watches.Go(func() { g.processors.Run(ctx) })
	if g.peering != nil {
		watches.Go(func() { g.peering.keys.Watch(ctx) })
		watches.Go(func() { g.peering.peers.Watch(ctx) })
	}
	if g.balancing != nil {
		watches.Go(func() { g.balancing.run(ctx) })
	}
	watches.Go(func() { g.admin.Watch(ctx, g.cfg.Logger, g.cfg.OnReady) })
	watches.Wait()
}

// server has limits of time for requests; they are taken off a connection that becomes a WebSocket.
func (g *gateway) server() *http.Server {
	const readTimeout, writeTimeout = 10 * time.Second, 30 * time.Second
	errorLog, _ := zap.NewStdLogAt(g.cfg.Logger, zap.WarnLevel) // fails for an unknown level only
	return &http.Server{Handler: g.routes(), ReadTimeout: readTimeout, WriteTimeout: writeTimeout, ErrorLog: errorLog}
}

// grace is the part of the time for stopping that requests and clients get.
func (g *gateway) grace() time.Duration { return g.cfg.StopTimeout / 4 }

func (g *gateway) listen() (public, admin net.Listener, err error) {
	if public, err = service.Listen(g.cfg.Listen, g.cfg.Listener); err != nil {
		return nil, nil, service.Setting("listen", err)
	}
	if admin, err = service.Listen(g.cfg.Admin, g.cfg.AdminListener); err != nil {
		return nil, nil, errors.Join(service.Setting("admin", err), public.Close())
	}
	public = g.incoming.Limit("public", public)
	service.LogListening(g.cfg.Logger, "public", public)
	service.LogListening(g.cfg.Logger, "admin", admin)
	return public, admin, nil
}

func (g *gateway) stop(public, peers, catalog, watches, admin *service.Task) error {
	g.admin.Stop()
	return service.StopInOrder(g.cfg.Logger, g.cfg.StopTimeout,
		service.Part{Name: "clients", Stop: g.stopClients}, // before the server: clients that poll send one more request for the last messages
		service.Part{Name: "public server", Stop: public.Stop},
		service.Part{Name: "server for peers", Stop: peers.Stop},
		service.Part{Name: "catalog", Stop: catalog.Stop},
		service.Part{Name: "watch over tokens and Kafka", Stop: watches.Stop},
		service.Part{Name: "event log", Stop: func(context.Context) error { return g.closeLog() }},
		service.Part{Name: "admin server", Stop: admin.Stop},
	)
}

// stopClients stops all endpoints at once, which refuse new clients from then on, and leaves time for the rest. Records that wait in arrays are sent first.
func (g *gateway) stopClients(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*g.grace())
	defer cancel()
	g.hub.Drain()
	var endpoints sync.WaitGroup
	endpoints.Go(func() { g.api.Shutdown(ctx) })
	endpoints.Go(func() { g.socketIO.Shutdown(ctx) })
	endpoints.Go(func() { g.stream.Shutdown(ctx) })
	if g.passOn != nil {
		endpoints.Go(func() { g.passOn.Shutdown(ctx) })
	}
	endpoints.Wait()
	return nil
}

func (g *gateway) closeLog() error {
	var faults []error
	for _, tails := range g.tails {
		faults = append(faults, tails.Close())
	}
	return errors.Join(append(faults, g.log.Close())...)
}

// watchOutages looks for outages once the probes are known, until ctx ends.
func (g *gateway) watchOutages(ctx context.Context) {
	select {
	case <-g.catalog.ProbesKnown():
		_ = g.outages.Run(ctx) // it ends with ctx only
	case <-ctx.Done():
	}
}

// oneSlash serves //stream/socket.io/ as /stream/socket.io/. ripe.atlas.cousteau up to 1.4.2 asks for the former, and its WebSocket follows no redirect,
// with which http.ServeMux would answer.
func oneSlash(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "//") {
			request := *r
			request.URL = new(url.URL)
			*request.URL = *r.URL
			request.URL.Path = "/" + strings.TrimLeft(r.URL.Path, "/")
			r = &request
		}
		next.ServeHTTP(w, r)
	})
}
