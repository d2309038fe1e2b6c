package main

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/service"
	"atlasstream/services/collector"
	"atlasstream/services/gateway"
)

// ingestConnections leaves the descriptors of the one process to the gateway. Whoever posts here is on the same machine, and may have them all.
const ingestConnections = 128

// partitions are fewer than a real network's: one process serves them all.
const partitions = 8

// run starts the broker, then all that lives on it, and stops the broker last.
func run(ctx context.Context, s *settings, logger *zap.Logger) error {
	broker, err := embedded.Start(embedded.Config{Listen: s.KafkaListen, Dir: s.Data, Logger: logger.Named("kafka")})
	if err != nil {
		return err
	}
	logger.Info("listening", zap.String("door", "kafka"), zap.Strings("addresses", broker.Addrs()))
	return errors.Join(s.runOn(ctx, broker.Addrs(), logger), broker.Close())
}

// runOn runs the services until ctx ends or one of them fails.
func (s *settings) runOn(ctx context.Context, kafka []string, logger *zap.Logger) error {
	metrics := service.NewRegistry() // of the whole process, on the gateway's admin port
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return named("collector", collector.Run(ctx, collector.Config{
			Kafka: kafka, Listen: s.Ingest, GRPC: s.GRPC, Metrics: metrics, Partitions: partitions, Logger: logger.Named("collector"),
			MaxConnections: ingestConnections, AddressConnections: ingestConnections,
		}))
	})
	group.Go(func() error {
		return named("gateway", gateway.Run(ctx, gateway.Config{
			Kafka: kafka, Listen: s.Listen, Admin: s.Admin, History: gateway.HistoryOpen, Metrics: metrics, Logger: logger.Named("gateway"),
		}))
	})
	if s.Simulate {
		group.Go(func() error {
			return named("simulator", collector.Simulate(ctx, collector.SimulateConfig{
				Kafka: kafka, Rate: s.Rate, Seed: s.Seed, History: s.Past, Partitions: partitions, Metrics: metrics, Logger: logger.Named("simulator"),
			}))
		})
	}
	return group.Wait()
}

func named(part string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	return nil
}
