// Package gateway is the service that streams records of the log to clients: Socket.IO and the plain WebSocket. A gateway has no state but its
// connections, so there can be any number of them.
package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/clientip"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/activity"
	"atlasstream/services/gateway/internal/api"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/cors"
	"atlasstream/services/gateway/internal/cursor"
	"atlasstream/services/gateway/internal/cursorkey"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/logscan"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"
	"atlasstream/services/gateway/internal/wsconn"
	"atlasstream/services/gateway/web"
)

// handshakeTimeout is for the answer to a WebSocket handshake.
const handshakeTimeout = 10 * time.Second

// Run serves until ctx ends and stops in order then: it refuses newcomers, tells its clients, gives them what waits for them, and closes everything. It
// starts without Kafka and is ready when Kafka is.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Check(); err != nil {
		return service.Settings("gateway", err)
	}
	cfg = cfg.withDefaults()
	log, err := eventlog.Open(cfg.log(), cfg.Logger, cfg.Metrics)
	if err != nil {
		return err
	}
	house, err := newGateway(cfg, log)
	if err != nil {
		return errors.Join(err, house.closeLog())
	}
	return house.run(ctx)
}

// gateway is the parts of a running gateway.
type gateway struct {
	cfg         Config
	log         *eventlog.Log
	tails       []*eventlog.Tails
	knowledge   *knowledge
	cursorKeys  *cursorkey.Keys
	ranges      *topicrange.Finder
	speeds      *speedlimit.Estimator
	connections *eventlog.Tails
	socketIO    *endpoint.SocketIO
	stream      *endpoint.Stream
	api         *api.API
	scans       *logscan.Scans
	outages     *outagewatch.Watch
	activity    *activity.Day
	newest      map[atlas.Stream]*newest
	proxies     *clientip.Proxies
	incoming    *service.Connections
	tokens      *auth.Tokens
	acceptor    *endpoint.Acceptor
	admin       *service.Admin
}

func newGateway(cfg Config, log *eventlog.Log) (*gateway, error) {
	g := &gateway{
		cfg: cfg, log: log, knowledge: newKnowledge(log, cfg.Logger, cfg.Metrics), newest: make(map[atlas.Stream]*newest),
	}
	g.knowledge.LimitMeasurements(cfg.MaxMeasurements)
	g.cursorKeys = cursorkey.New(&cursor.Codec{}, cfg.cursorKeys(log), cfg.Logger)
	g.ranges = g.newRanges()
	g.speeds = g.newSpeeds()
	g.scans = logscan.New(log.History(), cfg.Metrics)
	g.outages, g.activity = g.newOutages(), activity.NewDay()
	g.knowledge.activity = g.activity
	g.admin = service.NewAdmin(cfg.Metrics, g.ready)
	var err error
	if g.proxies, err = clientip.NewProxies(cfg.TrustedProxies, cfg.AddressHeader); err != nil {
		return g, err
	}
	if g.incoming, err = service.NewConnections(service.ConnectionLimits{
		Total: cfg.MaxConnections, Address: connectionsOfClient * cfg.AddressConnections, Exempt: g.proxies.Trusts,
	}, cfg.Logger, cfg.Metrics); err != nil {
		return g, err
	}
	if g.tokens, err = auth.Open(cfg.Tokens, cfg.Logger, cfg.Metrics); err != nil {
		return g, service.Setting("tokens", err)
	}
	stats := &sendqueue.Stats{}
	registerQueues(cfg.Metrics, stats)
	hub := g.newHub()
	limits := cfg.queueLimits()
	g.acceptor = endpoint.NewAcceptor(hub, ratelimit.NewGuard(cfg.addressLimits(), cfg.Metrics), g.tokens, cfg.Logger, cfg.Metrics)
	g.api = g.newAPI()
	g.stream = endpoint.NewStream(g.acceptor, &wsconn.Settings{
		MaxMessage: int64(cfg.MaxMessage), HandshakeTimeout: handshakeTimeout, Limits: &limits, Stats: stats,
	}, endpoint.HeartbeatSettings{Interval: cfg.PingInterval, Timeout: cfg.PingTimeout})
	g.socketIO, err = endpoint.NewSocketIO(g.acceptor, socketio.Config{Engine: engineio.Config{
		PingInterval: cfg.PingInterval,
		PingTimeout:  cfg.PingTimeout,
		MaxPayload:   cfg.MaxMessage,
		Queue:        limits,
		Stats:        stats,
		NewID:        rand.Text, // 128 random bits
		Logger:       cfg.Logger,
	}})
	return g, err
}

// newHub makes the hub and what its streams come from.
func (g *gateway) newHub() *session.Hub {
	hub := session.NewHub(session.Settings{
		Limits:        session.Limits{Clients: g.cfg.MaxClients, Subscriptions: g.cfg.MaxSubscriptions, Steps: g.cfg.AddressSteps},
		Measurements:  g.knowledge,
		CaughtUp:      g.knowledge.caughtUp,
		RefuseUnknown: g.cfg.UnknownMeasurements == refuseUnknown,
		Enricher:      g.knowledge,
		Replays:       g.replays(),
		Backlog:       g.cfg.Backlog,
		Behind: session.Behind{
			Time: g.cfg.BehindTime, Bytes: int64(g.cfg.BehindBytes),
			Readers: g.cfg.BehindReaders, ReadersOfAddress: g.cfg.AddressReaders, Horizon: eventlog.DefaultRepeatHorizon,
		},
		Cursors: g.cursorKeys,
		Logger:  g.cfg.Logger,
	}, g.cfg.Metrics)
	hub.AddSource(atlas.StreamResult, func(source *session.Source) session.Tails {
		return g.follow(atlas.StreamResult, eventlog.ResultsTopic, source, source)
	})
	hub.AddSource(atlas.StreamProbeStatus, func(source *session.Source) session.Tails {
		connections := g.follow(atlas.StreamProbeStatus, eventlog.ProbeStatusTopic, source, informed{source, g.knowledge.Catalog, g.activity, g.outages})
		g.connections = connections.Tails
		return connections
	})
	g.knowledge.hub = hub
	g.knowledge.metadata = hub.AddSource(atlas.StreamMetadata, session.Untailed)
	return hub
}

// follow has the records of a stream's topic delivered.
func (g *gateway) follow(stream atlas.Stream, topic string, source *session.Source, consumer eventlog.Consumer) *feed {
	g.newest[stream] = &newest{Consumer: consumer}
	tails := g.log.Tails(topic, eventlog.TailConfig{
		Gap: func(gap eventlog.Gap) {
			source.Gap(gap.Partition, gap.From, gap.To)
			if stream == atlas.StreamProbeStatus {
				g.outages.Restart()
				g.activity.Reset(gap.To)
				g.knowledge.ResetConnections(gap.To)
			}
		},
		PartitionsChange: func(change eventlog.PartitionsChange) {
			source.PartitionsChanged(change.Partition, change.From, change.Since, change.Err)
		},
	}, g.newest[stream])
	g.tails = append(g.tails, tails)
	return newFeed(tails, topic, g.log.History(), g.cfg.BehindTime)
}

// ready tells whether clients are well served here: Kafka answers, there is a key for cursors, and probes and measurements are known.
func (g *gateway) ready(ctx context.Context) error {
	if err := g.log.Check(ctx); err != nil {
		return err
	}
	if err := g.cursorKeys.Ready(); err != nil {
		return err
	}
	return g.knowledge.Ready(ctx)
}

// routes are the paths of the public door.
func (g *gateway) routes() http.Handler {
	mux := http.NewServeMux()
	client := web.SocketIOClient()
	mux.Handle("/stream/socket.io/", g.socketIO)
	mux.Handle("/stream/socket.io", g.socketIO)
	mux.Handle("/stream/{$}", g.stream)
	mux.Handle("/stream", g.stream)
	mux.Handle("/socket.io.js", client)
	mux.Handle("/stream/socket.io/socket.io.js", client)
	mux.Handle("/api/", g.api)
	mux.Handle("/", web.Pages())
	return g.proxies.Middleware(cors.Origins(g.cfg.Origins).Middleware(oneSlash(mux)))
}

func (g *gateway) run(ctx context.Context) error {
	public, admin, err := g.listen()
	if err != nil {
		return errors.Join(err, g.closeLog())
	}
	lasting := context.WithoutCancel(ctx) // what serves ends in its turn, not with ctx
	doors := service.StartTask(lasting, func(ctx context.Context) error {
		return service.ServeHTTP(ctx, g.server(), public, g.grace())
	})
	admins := service.StartTask(lasting, func(ctx context.Context) error { return g.admin.Serve(ctx, admin) })
	learning := service.StartTask(lasting, func(ctx context.Context) error { return g.knowledge.run(ctx, g.connections) })
	watching := service.StartTask(lasting, func(ctx context.Context) error { g.watch(ctx); return nil })
	select {
	case <-ctx.Done():
	case <-doors.Ended():
	case <-admins.Ended():
	}
	return g.stop(doors, learning, watching, admins)
}

// watch looks after what changes beside the clients and the records, until ctx ends.
func (g *gateway) watch(ctx context.Context) {
	var watches sync.WaitGroup
	watches.Go(func() { g.tokens.Watch(ctx, g.acceptor.RecheckTokens) })
	watches.Go(func() { g.log.Watch(ctx) })
	watches.Go(func() { g.knowledge.hub.SendCursors(ctx) })
	watches.Go(func() { g.watchOutages(ctx) })
	watches.Go(func() { g.cursorKeys.Watch(ctx) })
	watches.Go(func() { g.admin.Watch(ctx, g.cfg.Logger, g.cfg.OnReady) })
	watches.Wait()
}

// server has limits of time for requests; they are taken off a connection that becomes a WebSocket.
func (g *gateway) server() *http.Server {
	const readTimeout, writeTimeout = 10 * time.Second, 30 * time.Second
	complaints, _ := zap.NewStdLogAt(g.cfg.Logger, zap.WarnLevel) // fails for an unknown level only
	return &http.Server{Handler: g.routes(), ReadTimeout: readTimeout, WriteTimeout: writeTimeout, ErrorLog: complaints}
}

// grace is what requests and clients get of the time for stopping.
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

func (g *gateway) stop(doors, learning, watching, admins *service.Task) error {
	g.admin.Drain()
	return service.StopInOrder(g.cfg.Logger, g.cfg.StopTimeout,
		service.Part{Name: "clients", Stop: g.stopClients}, // before the door: who polls comes once more for the last words
		service.Part{Name: "public door", Stop: doors.Stop},
		service.Part{Name: "registries", Stop: learning.Stop},
		service.Part{Name: "watch over tokens and Kafka", Stop: watching.Stop},
		service.Part{Name: "event log", Stop: func(context.Context) error { return g.closeLog() }},
		service.Part{Name: "admin door", Stop: admins.Stop},
	)
}

// stopClients stops all doors at a time, which refuse newcomers from then on, and leaves time for the rest. What waits to be sent in arrays goes out first.
func (g *gateway) stopClients(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*g.grace())
	defer cancel()
	g.knowledge.hub.Drain()
	var doors sync.WaitGroup
	doors.Go(func() { g.api.Shutdown(ctx) })
	doors.Go(func() { g.socketIO.Shutdown(ctx) })
	doors.Go(func() { g.stream.Shutdown(ctx) })
	doors.Wait()
	return nil
}

func (g *gateway) closeLog() error {
	var faults []error
	for _, tails := range g.tails {
		faults = append(faults, tails.Close())
	}
	return errors.Join(append(faults, g.log.Close())...)
}
