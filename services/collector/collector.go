// Package collector writes measurement results, probe-status events and the registries of probes and measurements to Kafka: Run takes them over HTTP and gRPC,
// Import from files, Simulate from a simulated network.
package collector

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/ingest"
	"atlasstream/services/collector/internal/publish"
	"atlasstream/services/collector/internal/servertls"
	"atlasstream/services/collector/internal/sources"
)

// Run serves until ctx ends, and for the drain's delay after that. Then it refuses new connections, finishes running requests, and waits for Kafka to have
// their records. It starts without Kafka, and refuses requests until Kafka is ready. The error of invalid settings joins all of them.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Check(); err != nil {
		return service.Settings("collector", err)
	}
	cfg = cfg.withDefaults()
	registry := cfg.Metrics
	if registry == nil {
		registry = service.NewRegistry()
	}
	proxies, err := clientip.NewProxies(cfg.TrustedProxies, cfg.AddressHeader)
	if err != nil {
		return err
	}
	certificates, tlsFault := servertls.Open(cfg.files(), cfg.Logger, registry)
	from, sourcesFault := sources.Open(cfg.Sources, cfg.ClientCA != "", cfg.Logger, registry)
	if err := errors.Join(tlsFault, service.Setting("sources", sourcesFault)); err != nil {
		return service.Settings("collector", err)
	}
	log, err := eventlog.Open(cfg.log(), cfg.Logger, registry)
	if err != nil {
		return err
	}
	c := &collector{cfg: cfg, proxies: proxies, certificates: certificates, sources: from, registry: registry, log: log}
	c.build()
	return c.run(ctx)
}

// collector has the parts of a running collector.
type collector struct {
	cfg          Config
	proxies      *clientip.Proxies
	certificates *servertls.Certificates // nil without TLS
	sources      *sources.Sources
	registry     *prometheus.Registry
	log          *eventlog.Log
	writer       *eventlog.Writer
	gate         *topicGate
	http         *ingest.HTTP
	grpc         *ingest.GRPC
	admin        *service.Admin
}

// build makes the parts that the others are for.
func (c *collector) build() {
	c.writer = c.log.Writer(c.cfg.writer())
	c.gate = &topicGate{log: c.writer}
	limits := c.cfg.limits()
	load, repeats := ingest.NewLoad(limits, c.sources, c.proxies, c.registry), publish.NewRepeatCounter(eventlog.DefaultRepeatHorizon)
	c.http = ingest.NewHTTP(c.publisher("http", repeats), limits, load, c.cfg.Logger, c.registry)
	var encryption *tls.Config
	if c.certificates != nil {
		encryption = servertls.Config(c.certificates)
	}
	c.grpc = ingest.NewGRPC(c.publisher("grpc", repeats), limits, load, encryption, c.cfg.Logger, c.registry)
	c.admin = service.NewAdmin("collector", c.registry, c.ready)
}

// publisher is that of a protocol, http or grpc, which is a label of its metrics.
func (c *collector) publisher(protocol string, repeats *publish.RepeatCounter) *publish.Publisher {
	publisher := publish.New(c.gate, c.cfg.MaxRecord, protocol, c.registry)
	publisher.CountLate(c.cfg.HistoryLateness)
	publisher.CountRepeats(repeats)
	return publisher
}

func (c *collector) ready(ctx context.Context) error {
	if err := c.gate.closed(); err != nil {
		return err
	}
	return c.log.Check(ctx)
}

func (c *collector) run(ctx context.Context) error {
	listeners, err := c.listen()
	if err != nil {
		return errors.Join(err, c.close(ctx))
	}
	lasting := context.WithoutCancel(ctx) // tasks are stopped in order, not when ctx ends
	tasks := tasks{
		topics:   service.StartTask(lasting, c.keepTopics),
		keys:     service.StartTask(lasting, c.keepKeys),
		watching: service.StartTask(lasting, func(ctx context.Context) error { c.watch(ctx); return nil }),
		http: service.StartTask(lasting, func(ctx context.Context) error {
			server := &http.Server{Handler: c.admin.CloseConnections(c.http), Protocols: protocols(), ConnContext: c.http.ConnContext}
			return service.ServeHTTP(ctx, server, listeners.http, c.grace())
		}),
		grpc:  service.StartTask(lasting, func(ctx context.Context) error { return c.grpc.Serve(ctx, listeners.grpc, c.grace()) }),
		admin: service.StartTask(lasting, func(ctx context.Context) error { return c.serveAdmin(ctx, listeners.admin) }),
	}
	tasks.wait(ctx, c.admin.DrainAsked())
	service.RunBeside(lasting, func(lasting context.Context) { c.drain(lasting, service.Interrupted(ctx)) }, tasks.all()...)
	return c.stop(tasks)
}

func (c *collector) watch(ctx context.Context) {
	var watches sync.WaitGroup
	watches.Go(func() { c.log.Watch(ctx) })
	watches.Go(func() { c.admin.Watch(ctx, c.cfg.Logger, c.cfg.OnReady) })
	watches.Go(func() { c.sources.Watch(ctx) })
	if c.certificates != nil {
		watches.Go(func() { c.certificates.Watch(ctx, func() {}) })
	}
	watches.Wait()
}

// protocols are HTTP/1.1 and HTTP/2, without TLS by prior knowledge, with which one connection serves a busy client.
func protocols() *http.Protocols {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &protocols
}

func (c *collector) serveAdmin(ctx context.Context, listener net.Listener) error {
	if listener == nil {
		<-ctx.Done()
		return nil
	}
	return c.admin.Serve(ctx, listener)
}
