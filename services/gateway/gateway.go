// Package gateway is the service that streams records of the log to clients over Socket.IO, WebSocket and plain HTTP, and serves the read API and the pages.
// A gateway has no state but its connections, so there can be any number of them.
//
//   - gateway.go: the parts of a gateway, made and joined.
//   - peering.go: what it has for other gateways; balancing.go: having clients go to those that have fewer.
//   - saturation.go: how much of what it may have is in use.
//   - serve.go: how the parts start, serve and stop.
//   - config.go: the settings.
//   - kafka.go, kafkahistory.go: adapters between eventlog, which is Kafka, and the interfaces of the packages in internal, which have all rules.
//   - kafkaerrors.go: what the log cannot give, as those packages know it.
package gateway

import (
	"context"
	"errors"
	"time"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/clientip"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway/internal/answerscan"
	"atlasstream/services/gateway/internal/api"
	"atlasstream/services/gateway/internal/auth"
	"atlasstream/services/gateway/internal/catalog"
	"atlasstream/services/gateway/internal/catalogsync"
	"atlasstream/services/gateway/internal/cursorkey"
	"atlasstream/services/gateway/internal/cursorseal"
	"atlasstream/services/gateway/internal/endpoint"
	"atlasstream/services/gateway/internal/loadratio"
	"atlasstream/services/gateway/internal/outage"
	"atlasstream/services/gateway/internal/outagewatch"
	"atlasstream/services/gateway/internal/passon"
	"atlasstream/services/gateway/internal/probeactivity"
	"atlasstream/services/gateway/internal/queuebudget"
	"atlasstream/services/gateway/internal/ratelimit"
	"atlasstream/services/gateway/internal/reorder"
	"atlasstream/services/gateway/internal/replay"
	"atlasstream/services/gateway/internal/sendqueue"
	"atlasstream/services/gateway/internal/session"
	"atlasstream/services/gateway/internal/socketio"
	"atlasstream/services/gateway/internal/socketio/engineio"
	"atlasstream/services/gateway/internal/speedlimit"
	"atlasstream/services/gateway/internal/topicrange"
	"atlasstream/services/gateway/internal/volume"
	"atlasstream/services/gateway/internal/wsconn"
)

// handshakeTimeout is for the answer to a WebSocket handshake.
const handshakeTimeout = 10 * time.Second

// Run serves until ctx ends and stops in order then: it refuses new clients, tells those that it has, sends them what is queued, and closes everything. It
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
	g, err := newGateway(cfg, log)
	if err != nil {
		return errors.Join(err, g.peering.close(), g.closeLog())
	}
	return g.run(ctx)
}

// gateway is the parts of a running gateway.
type gateway struct {
	cfg         Config
	log         *eventlog.Log
	tails       []*eventlog.Tails
	catalog     *catalogsync.Sync
	cursorKeys  *cursorkey.Keys
	ranges      *topicrange.Finder
	speeds      *speedlimit.Estimator
	connections *eventlog.Tails
	socketIO    *endpoint.SocketIO
	passOn      *passon.Handler // nil without peers
	stream      *endpoint.Stream
	api         *api.API
	scans       *answerscan.Scans
	outages     *outagewatch.Watch
	activity    *probeactivity.Day
	newest      map[atlas.Stream]*newestConsumer
	proxies     *clientip.Proxies
	incoming    *service.Connections
	tokens      *auth.Tokens
	acceptor    *endpoint.Acceptor
	peering     *peering   // nil without peers
	balancing   *balancing // nil where clients may stay for as long as they like
	hub         *session.Hub
	queues      *queuebudget.Stats
	processors  loadratio.Processors
	admin       *service.Admin
}

func newGateway(cfg Config, log *eventlog.Log) (*gateway, error) {
	g := &gateway{
		cfg: cfg, log: log, activity: probeactivity.NewDay(), newest: make(map[atlas.Stream]*newestConsumer),
	}
	g.catalog = catalogsync.New(catalogTopics{connectionTopic{g}}, g.activity, cfg.Logger, cfg.Metrics)
	g.catalog.LimitMeasurements(cfg.MaxMeasurements)
	g.cursorKeys = cursorkey.New(&cursorseal.Codec{}, cfg.cursorKeys(log), cfg.Logger)
	g.ranges = g.newRanges()
	g.speeds = g.newSpeeds()
	g.scans = answerscan.New(log.History(), cfg.Metrics)
	g.outages = g.newOutages()
	g.admin = service.NewAdmin("gateway", cfg.Metrics, g.ready)
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
	if g.peering, err = newPeering(cfg); err != nil {
		return g, err
	}
	g.queues = &queuebudget.Stats{Limit: cfg.TotalQueueBytes}
	g.hub = g.newHub()
	g.registerSaturation()
	limits := cfg.queueLimits()
	g.acceptor = endpoint.NewAcceptor(g.hub, g.queues, ratelimit.NewGuard(cfg.addressLimits(), cfg.Metrics), g.tokens, cfg.Logger, cfg.Metrics)
	if g.balancing = g.newBalancing(); g.balancing != nil {
		g.acceptor.Rebalance(g.balancing.rebalancer)
	}
	g.api = g.newAPI()
	g.stream = endpoint.NewStream(g.acceptor, &wsconn.Settings{
		MaxMessage: int64(cfg.MaxMessage), HandshakeTimeout: handshakeTimeout, Limits: &limits, Stats: g.queues,
	}, endpoint.HeartbeatSettings{Interval: cfg.PingInterval, Timeout: cfg.PingTimeout})
	g.socketIO, err = g.newSocketIO(limits)
	g.passOn = g.newPassOn()
	return g, err
}

func (g *gateway) newSocketIO(limits sendqueue.Limits) (*endpoint.SocketIO, error) {
	return endpoint.NewSocketIO(g.acceptor, socketio.Config{Engine: engineio.Config{
		PingInterval: g.cfg.PingInterval,
		PingTimeout:  g.cfg.PingTimeout,
		MaxPayload:   g.cfg.MaxMessage,
		Queue:        limits,
		Stats:        g.queues,
		NewID:        g.newSessionID(),
		Logger:       g.cfg.Logger,
	}})
}

// newHub makes the hub and what its streams come from.
func (g *gateway) newHub() *session.Hub {
	hub := session.NewHub(session.Settings{
		Limits:        session.Limits{Clients: g.cfg.MaxClients, Subscriptions: g.cfg.MaxSubscriptions, Steps: g.cfg.AddressSteps},
		Measurements:  g.catalog,
		CaughtUp:      g.catalog.MeasurementsKnown(),
		RefuseUnknown: g.cfg.UnknownMeasurements == refuseUnknown,
		Enricher:      g.catalog,
		Replays:       g.replays(),
		Backlog:       g.cfg.Backlog,
		Behind: session.Behind{
			Time: g.cfg.BehindTime, Bytes: int64(g.cfg.BehindBytes),
			Readers: g.cfg.BehindReaders, ReadersOfAddress: g.cfg.AddressReaders, Horizon: eventlog.DefaultRepeatHorizon,
		},
		Cursors: g.cursorKeys,
		Logger:  g.cfg.Logger,
	}, g.cfg.Metrics)
	hub.AddStream(atlas.StreamResult, func(stream *session.Stream) session.Tails {
		return g.follow(atlas.StreamResult, eventlog.ResultsTopic, stream, stream)
	})
	hub.AddStream(atlas.StreamProbeStatus, func(stream *session.Stream) session.Tails {
		connections := g.follow(atlas.StreamProbeStatus, eventlog.ProbeStatusTopic, stream, connectionConsumer{stream, g.catalog.Catalog, g.activity, g.outages})
		g.connections = connections.Tails
		return connections
	})
	g.catalog.Inform(hub, hub.AddStream(atlas.StreamMetadata, session.Untailed))
	return hub
}

// follow has the records of a stream's topic delivered.
func (g *gateway) follow(name atlas.Stream, topic string, stream *session.Stream, consumer eventlog.Consumer) *liveTopic {
	g.newest[name] = &newestConsumer{Consumer: consumer}
	tails := g.log.Tails(topic, eventlog.TailConfig{
		Begin: func(last atlas.Position, id atlas.EventID) {
			stream.BeginBehind(last.Partition, last.Offset, id.Identity())
		},
		Gap: func(gap eventlog.Gap) {
			stream.Gap(gap.Partition, gap.From, gap.To)
			if name == atlas.StreamProbeStatus {
				g.outages.ReadAgain()
				g.activity.Reset(gap.To)
				g.catalog.ResetConnections(gap.To)
			}
		},
		PartitionsChange: func(change eventlog.PartitionsChange) {
			stream.PartitionsChanged(change.Partition, change.From, change.Since, change.Err)
		},
		Flushed: stream.Flushed,
	}, g.newest[name])
	g.tails = append(g.tails, tails)
	return newLiveTopic(tails, topic, g.log.History(), g.cfg.BehindTime)
}

// newRanges makes what finds records in the log for all clients.
func (g *gateway) newRanges() *topicrange.Finder {
	return topicrange.NewFinder(topicrange.Settings{Log: historyLog{g.log.History()}, Topics: topics, Lateness: g.cfg.HistoryLateness}, g.cfg.Metrics)
}

// newSpeeds makes what limits the speed of replays.
func (g *gateway) newSpeeds() *speedlimit.Estimator {
	return speedlimit.New(speedlimit.Settings{
		Ranges:       g.ranges,
		Measurements: g.catalog,
		Limits:       speedlimit.Limits{Results: float64(g.cfg.HistoryResults), Scanned: float64(g.cfg.HistoryScanned)},
	})
}

// replays is how the past is replayed; nil if nobody may have it.
func (g *gateway) replays() *session.Replays {
	planner := replay.NewPlanner(replay.PlannerSettings{
		Log:          historyLog{g.log.History()},
		Ranges:       g.ranges,
		Speeds:       g.speeds,
		Measurements: g.catalog,
		Window:       reorder.Bounds{Span: g.cfg.HistoryWindow, Bytes: g.cfg.HistoryWindowBytes},
		MaxAge:       g.cfg.HistoryBack,
	}, g.cfg.Metrics)
	if g.cfg.History == HistoryOff {
		return nil
	}
	return &session.Replays{
		Planner:   planner,
		Enricher:  pastEnricher{g.catalog.Catalog},
		NeedRight: g.cfg.History == HistoryToken,
		OfClient:  g.cfg.ClientReplays,
		OfAddress: g.cfg.AddressReplays,
		OfHub:     g.cfg.MaxReplays,
	}
}

func (g *gateway) newOutages() *outagewatch.Watch {
	return outagewatch.New(outagewatch.Settings{
		Log:     connectionTopic{g},
		Probes:  func() map[atlas.ProbeID]outage.ProbeInfo { return outagewatch.ProbesOf(g.catalog.Catalog) },
		Changes: g.catalog.ProbeChanges,
		Horizon: eventlog.DefaultRepeatHorizon,
		Scans:   g.scans,
		Logger:  g.cfg.Logger,
	})
}

// newAPI makes what answers beside the streams.
func (g *gateway) newAPI() *api.API {
	history := g.log.History()
	return api.New(api.Settings{
		Acceptor:      g.acceptor,
		History:       api.HistoryPolicy{Mode: g.cfg.History, MaxAge: g.cfg.HistoryBack},
		Facts:         g.cfg.facts(),
		Kafka:         g.log.Availability,
		Newest:        func(stream atlas.Stream) time.Time { return g.newest[stream].Time() },
		Catalog:       g.catalog.Catalog,
		Ranges:        g.ranges,
		Speeds:        g.speeds,
		Log:           apiLog{history},
		Scans:         g.scans,
		Volumes:       volume.New(history, g.scans, g.cfg.HistoryLateness),
		Outages:       g.outages,
		Activity:      g.activity,
		Topics:        topics,
		RefuseUnknown: g.cfg.UnknownMeasurements == refuseUnknown,
		WriteTimeout:  g.cfg.WriteTimeout,
		Logger:        g.cfg.Logger,
	}, g.cfg.Metrics)
}

// pastEnricher enriches records with what was so at their time, as far as that is known.
type pastEnricher struct{ catalog *catalog.Catalog }

// Enrich implements subscription.Enricher.
func (p pastEnricher) Enrich(record *atlas.Record) []byte { return p.catalog.EnrichPast(record) }
