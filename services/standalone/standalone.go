package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/service"
	"atlasstream/services/collector"
	"atlasstream/services/gateway"
)

// maxPast is more than anybody wants to wait for.
const maxPast = 365 * 24 * time.Hour

// ingestConnections leaves the descriptors of the one process to the gateway. Whoever posts here is on the same machine, and may have them all.
const ingestConnections = 128

// partitions are fewer than a real network's: one process serves them all.
const partitions = 8

// listeners are the doors of the process but the broker's, which has its own.
type listeners struct{ public, ingest, grpc, admin net.Listener }

func (s *settings) listen() (l listeners, err error) {
	for _, door := range []struct {
		setting, address string
		into             *net.Listener
	}{{"listen", s.Listen, &l.public}, {"ingest", s.Ingest, &l.ingest}, {"grpc", s.GRPC, &l.grpc}, {"admin", s.Admin, &l.admin}} {
		if *door.into, err = service.Listen(door.address, nil); err != nil {
			return l, errors.Join(service.Setting(door.setting, err), l.close())
		}
	}
	return l, nil
}

func (l listeners) close() (err error) {
	for _, listener := range []net.Listener{l.public, l.ingest, l.grpc, l.admin} {
		if listener != nil {
			err = errors.Join(err, listener.Close())
		}
	}
	return err
}

// check joins every fault of the settings.
func (s *settings) check() error {
	faults := []error{service.CheckAddresses(
		service.Address{Setting: "listen", Value: s.Listen}, service.Address{Setting: "ingest", Value: s.Ingest}, service.Address{Setting: "grpc", Value: s.GRPC},
		service.Address{Setting: "admin", Value: s.Admin}, service.Address{Setting: "kafka-listen", Value: s.KafkaListen},
	)}
	if s.Past < 0 || s.Past > maxPast {
		faults = append(faults, service.Setting("past", fmt.Errorf("got %s, want 0 to %s", s.Past, maxPast)))
	}
	if s.Simulate {
		faults = append(faults, s.simulation([]string{"localhost:9092"}).Check()) // any broker, as ours does not run yet
	}
	return errors.Join(faults...)
}

// simulation is what is simulated on a broker.
func (s *settings) simulation(kafka []string) collector.SimulateConfig {
	return collector.SimulateConfig{Kafka: kafka, SimulatedNetwork: s.SimulatedNetwork, TopicSettings: collector.TopicSettings{Partitions: partitions}}
}

// run starts the broker, then all that lives on it, and stops the broker last.
func run(ctx context.Context, s *settings, logger *zap.Logger) error {
	if err := s.check(); err != nil {
		return service.Settings("standalone", err)
	}
	doors, err := s.listen()
	if err != nil {
		return err
	}
	broker, err := embedded.Start(embedded.Config{Listen: s.KafkaListen, Dir: s.Data, Logger: logger.Named("kafka")})
	if err != nil {
		return errors.Join(s.faultOfBroker(err), doors.close())
	}
	logger.Info("listening", zap.String("door", "kafka"), zap.Strings("addresses", broker.Addrs()))
	return errors.Join(s.runOn(ctx, broker.Addrs(), doors, logger), broker.Close())
}

// faultOfBroker tells which setting keeps the broker from starting: it needs no more than an address and a folder.
func (s *settings) faultOfBroker(err error) error {
	if _, ok := errors.AsType[*fs.PathError](err); ok || errors.Is(err, embedded.ErrInUse) || errors.Is(err, embedded.ErrDamaged) {
		return service.Setting("data", err)
	}
	return service.Setting("kafka-listen", err)
}

// runOn runs the services until ctx ends or one of them fails.
func (s *settings) runOn(ctx context.Context, kafka []string, doors listeners, logger *zap.Logger) error {
	metrics := service.NewRegistry() // of the whole process, on the gateway's admin port
	group, ctx := errgroup.WithContext(ctx)
	collecting, serving, simulating := make(chan struct{}), make(chan struct{}), make(chan struct{})
	group.Go(func() error {
		return named("collector", collector.Run(ctx, collector.Config{
			Kafka: kafka, Listener: doors.ingest, GRPCListener: doors.grpc, Metrics: metrics, Logger: logger.Named("collector"),
			TopicSettings:  collector.TopicSettings{Partitions: partitions},
			MaxConnections: ingestConnections, AddressConnections: ingestConnections, OnReady: func() { close(collecting) },
		}))
	})
	group.Go(func() error {
		return named("gateway", gateway.Run(ctx, gateway.Config{
			Kafka: kafka, Listener: doors.public, AdminListener: doors.admin, History: gateway.HistoryOpen, Metrics: metrics, Logger: logger.Named("gateway"),
			OnReady: func() { close(serving) },
		}))
	})
	if s.Simulate {
		group.Go(func() error {
			simulation := s.simulation(kafka)
			simulation.History, simulation.OnReady = s.Past, func() { close(simulating) }
			simulation.Metrics, simulation.Logger = metrics, logger.Named("simulator")
			return named("simulator", collector.Simulate(ctx, simulation))
		})
	} else {
		close(simulating)
	}
	group.Go(func() error {
		if awaitAll(ctx, collecting, serving, simulating); ctx.Err() == nil {
			logger.Info("ready, open "+urlOf(doors.public.Addr()), zap.String("post", urlOf(doors.ingest.Addr())+"/v1/results"))
		}
		return nil
	})
	return group.Wait()
}

func named(part string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", part, err)
	}
	return nil
}
