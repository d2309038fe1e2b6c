// Package gateway is the service that streams records of the log to clients: Socket.IO and the plain WebSocket. A gateway has no state but its
// connections, so there can be any number of them.
package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/door"
	"atlasstream/services/gateway/internal/fanout"
	"atlasstream/services/gateway/internal/outbox"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/wsconn"
	"atlasstream/services/gateway/web"
)

// handshakeTimeout is for the answer to a WebSocket handshake.
const handshakeTimeout = 10 * time.Second

// Run serves until ctx ends and stops in order then: it refuses newcomers, tells its clients, gives them what waits for them, and closes everything. It
// starts without Kafka and is ready when Kafka is.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return fmt.Errorf("gateway settings: %w", err)
	}
	cfg = cfg.withDefaults()
	log, err := eventlog.Open(eventlog.Config{Brokers: cfg.Kafka, ClientID: "atlas-gateway"}, cfg.Logger, cfg.Metrics)
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
	cfg       Config
	log       *eventlog.Log
	tails     []*eventlog.Tails
	socketIO  *door.SocketIO
	webSocket *door.WebSocket
	admin     *service.Admin
}

func newGateway(cfg Config, log *eventlog.Log) (*gateway, error) {
	g := &gateway{cfg: cfg, log: log, admin: service.NewAdmin(cfg.Metrics, log.Check)}
	metrics := fanout.NewMetrics(cfg.Metrics)
	stats := &outbox.Stats{}
	registerQueues(cfg.Metrics, stats)
	hub := fanout.NewHub(map[atlas.Stream]fanout.Stream{
		atlas.StreamResult:      g.follow(atlas.StreamResult, eventlog.ResultsTopic, metrics),
		atlas.StreamProbeStatus: g.follow(atlas.StreamProbeStatus, eventlog.ProbeStatusTopic, metrics),
	}, fanout.Limits{Clients: cfg.MaxClients, Subscriptions: cfg.MaxSubscriptions}, cfg.Metrics)
	limits := cfg.queueLimits()
	g.webSocket = door.NewWebSocket(hub,
		&wsconn.Settings{
			MaxMessage: int64(cfg.MaxMessage), HandshakeTimeout: handshakeTimeout, Limits: &limits, Stats: stats, CheckOrigin: cfg.checkOrigin,
		},
		door.Patience{Interval: cfg.PingInterval, Timeout: cfg.PingTimeout}, cfg.Logger)
	var err error
	g.socketIO, err = door.NewSocketIO(hub, socketio.Config{Engine: engineio.Config{
		PingInterval: cfg.PingInterval,
		PingTimeout:  cfg.PingTimeout,
		MaxPayload:   cfg.MaxMessage,
		Queue:        limits,
		Stats:        stats,
		NewID:        rand.Text, // 128 random bits
		CheckOrigin:  cfg.checkOrigin,
		Logger:       cfg.Logger,
	}}, cfg.Logger)
	return g, err
}

// follow joins a topic with the fan-out of its records.
func (g *gateway) follow(stream atlas.Stream, topic string, metrics *fanout.Metrics) fanout.Stream {
	source := fanout.NewSource(stream, metrics)
	tails := g.log.Tails(topic, eventlog.TailConfig{
		Gap: func(gap eventlog.Gap) { source.Gap(gap.Partition, gap.From, gap.To) },
	}, source)
	g.tails = append(g.tails, tails)
	return fanout.Stream{Source: source, Feed: tails}
}

// routes are the paths of the public door.
func (g *gateway) routes() http.Handler {
	mux := http.NewServeMux()
	client := web.SocketIOClient()
	mux.Handle("/stream/socket.io/", g.socketIO)
	mux.Handle("/stream/socket.io", g.socketIO)
	mux.Handle("/stream/{$}", g.webSocket)
	mux.Handle("/stream", g.webSocket)
	mux.Handle("/socket.io.js", client)
	mux.Handle("/stream/socket.io/socket.io.js", client)
	mux.Handle("/", web.Page())
	return mux
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
	select {
	case <-ctx.Done():
	case <-doors.Ended():
	case <-admins.Ended():
	}
	return g.stop(doors, admins)
}

// server has limits of time for requests; they are taken off a connection that becomes a WebSocket.
func (g *gateway) server() *http.Server {
	const readTimeout, writeTimeout = 10 * time.Second, 30 * time.Second
	complaints, _ := zap.NewStdLogAt(g.cfg.Logger, zap.DebugLevel) // fails for an unknown level only
	return &http.Server{Handler: g.routes(), ReadTimeout: readTimeout, WriteTimeout: writeTimeout, ErrorLog: complaints}
}

// grace is what requests and clients get of the time for stopping.
func (g *gateway) grace() time.Duration { return g.cfg.StopTimeout / 4 }

func (g *gateway) listen() (public, admin net.Listener, err error) {
	if public, err = service.Listen(g.cfg.Listen, g.cfg.Listener); err != nil {
		return nil, nil, err
	}
	if admin, err = service.Listen(g.cfg.Admin, g.cfg.AdminListener); err != nil {
		return nil, nil, errors.Join(err, public.Close())
	}
	service.LogListening(g.cfg.Logger, "public", public)
	service.LogListening(g.cfg.Logger, "admin", admin)
	return public, admin, nil
}

func (g *gateway) stop(doors, admins *service.Task) error {
	g.admin.Drain()
	return service.StopInOrder(g.cfg.Logger, g.cfg.StopTimeout,
		service.Part{Name: "public door", Stop: doors.Stop},
		service.Part{Name: "clients", Stop: g.stopClients},
		service.Part{Name: "event log", Stop: func(context.Context) error { return g.closeLog() }},
		service.Part{Name: "admin door", Stop: admins.Stop},
	)
}

// stopClients stops both doors at a time, and leaves time for the rest.
func (g *gateway) stopClients(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*g.grace())
	defer cancel()
	var doors sync.WaitGroup
	doors.Go(func() { g.socketIO.Shutdown(ctx) })
	doors.Go(func() { g.webSocket.Shutdown(ctx) })
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
