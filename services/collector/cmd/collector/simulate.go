package main

import (
	"context"
	"time"

	"atlasstream/pkg/service"
	"atlasstream/services/collector"
)

type simulate struct {
	service.Logging
	topics

	Rate      float64       `help:"Results a second of the simulated network, over all measurements."`
	Seed      uint64        `help:"Seed of the simulated network: the same seed, rate, number of probes and incidents say the same." default:"1"`
	Probes    int           `help:"Number of probes of the simulated network."`
	Incidents string        `help:"What goes wrong in the simulated network: easy (an outage of a region every hour) or hard (outages of regions and providers, controllers, the platform)."`
	Truth     string        `help:"File to which is written what goes wrong in the simulated network, each hour's when it begins, as lines of JSON." placeholder:"FILE"`
	History   time.Duration `help:"How much of the past the simulated network fills in first, as far as Kafka does not have it already." default:"0s" env:"ATLAS_PAST"`
}

// Defaults are the simulation's own.
func (*simulate) Defaults() any { return collector.SimulateDefaults() }

// Run simulates until ctx ends.
func (s *simulate) Run(ctx context.Context) error {
	logger, err := s.Logger("simulate")
	if err != nil {
		return err
	}
	cfg := s.config()
	cfg.Logger = logger
	return collector.Simulate(ctx, cfg)
}

func (s *simulate) config() collector.SimulateConfig {
	return collector.SimulateConfig{
		Kafka:          s.Kafka,
		Security:       s.Security(),
		Rate:           s.Rate,
		Seed:           s.Seed,
		Probes:         s.Probes,
		Incidents:      s.Incidents,
		Truth:          s.Truth,
		History:        s.History,
		Partitions:     s.Partitions,
		Replication:    s.Replication,
		ExistingTopics: !s.CreateTopics,
	}
}
