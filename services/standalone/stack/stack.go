// Package stack runs an embedded Kafka broker, a collector, a gateway and a simulated network in one process. The program standalone adds its command line;
// tests across services run it as it is.
package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/service"
	"atlasstream/services/collector"
	"atlasstream/services/gateway"
)

// ingestConnections leaves the descriptors of the one process to the gateway. Clients that post here are on the same machine, and may have them all.
const ingestConnections = 128

// partitions are fewer than a real network's: one process serves them all.
const partitions = 8

// Run starts the broker, then everything that needs it, and stops the broker last.
func Run(ctx context.Context, c Config, logger *zap.Logger) error {
	if err := c.check(); err != nil {
		return service.Settings("standalone", err)
	}
	l, err := c.listen()
	if err != nil {
		return err
	}
	broker, err := embedded.Start(embedded.Config{Listen: c.KafkaListen, Dir: c.Data, Logger: logger.Named("kafka")})
	if err != nil {
		return errors.Join(brokerFault(err), l.close())
	}
	logger.Info("listening", zap.String("listener", "kafka"), zap.Strings("addresses", broker.Addrs()))
	return errors.Join(c.runServices(ctx, broker.Addrs(), l, logger), broker.Close())
}

// brokerFault names the setting that keeps the broker from starting: it needs no more than an address and a folder.
func brokerFault(err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok || errors.Is(err, embedded.ErrInUse) || errors.Is(err, embedded.ErrDamaged) {
		return service.Setting("data", err)
	}
	return service.Setting("kafka-listen", err)
}

// runServices runs the services until ctx ends or one of them fails.
func (c *Config) runServices(ctx context.Context, kafka []string, l listeners, logger *zap.Logger) error {
	metrics := service.NewRegistry() // of the whole process, on the gateway's admin port
	ctx, end := context.WithCancel(ctx)
	defer end()
	group, ctx := errgroup.WithContext(ctx)
	collecting, serving, simulating := make(chan struct{}), make(chan struct{}), make(chan struct{})
	group.Go(func() error {
		return named("collector", collector.Run(ctx, collector.Config{
			Kafka: kafka, Listener: l.ingest, GRPCListener: l.grpc, Metrics: metrics, Logger: logger.Named("collector"),
			TopicSettings:  collector.TopicSettings{Partitions: partitions},
			SourceSettings: c.SourceSettings,
			MaxConnections: ingestConnections, AddressConnections: ingestConnections, OnReady: func() { close(collecting) },
		}))
	})
	group.Go(func() error {
		defer end() // POST /drain on the admin port ends the gateway, and so everything
		return named("gateway", gateway.Run(ctx, gateway.Config{
			Kafka: kafka, Listener: l.public, AdminListener: l.admin, History: gateway.HistoryOpen, Metrics: metrics, Logger: logger.Named("gateway"),
			OnReady: func() { close(serving) },
		}))
	})
	if c.Simulate {
		group.Go(func() error {
			simulation := c.simulation(kafka)
			simulation.History, simulation.OnReady = c.Past, func() { close(simulating) }
			simulation.Metrics, simulation.Logger = metrics, logger.Named("simulator")
			return named("simulator", collector.Simulate(ctx, simulation))
		})
	} else {
		close(simulating)
	}
	group.Go(func() error {
		if awaitAll(ctx, collecting, serving, simulating); ctx.Err() == nil {
			logger.Info("ready, open "+urlOf(l.public.Addr()), zap.String("post", urlOf(l.ingest.Addr())+"/v1/results"))
		}
		return nil
	})
	return group.Wait()
}

// awaitAll returns when every part is ready, or ctx ends.
func awaitAll(ctx context.Context, parts ...<-chan struct{}) {
	for _, ready := range parts {
		select {
		case <-ready:
		case <-ctx.Done():
		}
	}
}

func named(part string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	return nil
}
