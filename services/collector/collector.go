// Package collector is the service that takes in measurement results, probe-status events and the registries of probes and measurements, and puts them into
// Kafka: Run opens its doors, Import brings files, Simulate a network that is made up.
package collector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"atlasstream/pkg/clientip"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/service"
	"atlasstream/services/collector/internal/ingest"
	"atlasstream/services/collector/internal/publish"
)

// Run serves until ctx ends and stops in order then: it refuses newcomers, finishes the requests that run, and waits for Kafka to have their records. It
// starts without Kafka and is ready when Kafka is; until then the doors refuse what they get.
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
	log, err := eventlog.Open(cfg.log(), cfg.Logger, registry)
	if err != nil {
		return err
	}
	return newCollector(cfg, proxies, log, registry).run(ctx)
}

// collector is the parts of a running collector.
type collector struct {
	cfg      Config
	proxies  *clientip.Proxies
	registry *prometheus.Registry
	log      *eventlog.Log
	writer   *eventlog.Writer
	gate     *gate
	http     *ingest.HTTP
	grpc     *ingest.GRPC
	admin    *service.Admin
}

func newCollector(cfg Config, proxies *clientip.Proxies, log *eventlog.Log, registry *prometheus.Registry) *collector {
	c := &collector{cfg: cfg, proxies: proxies, registry: registry, log: log, writer: log.Writer(cfg.writer())}
	c.gate = &gate{log: c.writer}
	limits := cfg.limits()
	load, repeats := ingest.NewLoad(limits, proxies, registry), publish.NewRepeats(eventlog.DefaultRepeatHorizon)
	c.http = ingest.NewHTTP(c.publisher("http", repeats, registry), limits, load, cfg.Logger, registry)
	c.grpc = ingest.NewGRPC(c.publisher("grpc", repeats, registry), limits, load, cfg.Logger, registry)
	c.admin = service.NewAdmin(registry, c.ready)
	return c
}

// publisher is that of a door.
func (c *collector) publisher(door string, repeats *publish.Repeats, registry *prometheus.Registry) *publish.Publisher {
	publisher := publish.New(c.gate, c.cfg.MaxRecord, door, registry)
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
	lasting := context.WithoutCancel(ctx) // what serves ends in its turn, not with ctx
	tasks := tasks{
		topics:   service.StartTask(lasting, c.keepTopics),
		keys:     service.StartTask(lasting, c.keepKeys),
		watching: service.StartTask(lasting, func(ctx context.Context) error { c.watch(ctx); return nil }),
		http: service.StartTask(lasting, func(ctx context.Context) error {
			return service.ServeHTTP(ctx, &http.Server{Handler: c.http, Protocols: protocols()}, listeners.http, c.grace())
		}),
		grpc:  service.StartTask(lasting, func(ctx context.Context) error { return c.grpc.Serve(ctx, listeners.grpc, c.grace()) }),
		admin: service.StartTask(lasting, func(ctx context.Context) error { return c.serveAdmin(ctx, listeners.admin) }),
	}
	tasks.wait(ctx)
	return c.stop(tasks)
}

func (c *collector) watch(ctx context.Context) {
	var watches sync.WaitGroup
	watches.Go(func() { c.log.Watch(ctx) })
	watches.Go(func() { c.admin.Watch(ctx, c.cfg.Logger, c.cfg.OnReady) })
	watches.Wait()
}

// protocols are HTTP/1.1, and HTTP/2 by prior knowledge: whoever sends much has one connection do with it.
func protocols() *http.Protocols {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	return &protocols
}

// keepTopics has the gate open while Kafka has the topics as they must be, and makes those that are missing.
func (c *collector) keepTopics(ctx context.Context) error {
	tell := func(reason error) {
		c.gate.set(reason)
		c.grpc.SetReady(reason == nil)
	}
	if err := c.log.KeepTopics(ctx, tell, c.cfg.topics()...); err != nil {
		return fmt.Errorf("making the topics: %w", err)
	}
	return nil
}

func (c *collector) serveAdmin(ctx context.Context, listener net.Listener) error {
	if listener == nil {
		<-ctx.Done()
		return nil
	}
	return c.admin.Serve(ctx, listener)
}
