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

	Rate    float64       `help:"Results per second, over all measurements." default:"50"`
	Seed    uint64        `help:"Seed of the network: the same seed, rate and number of probes say the same." default:"1"`
	Probes  int           `help:"Number of probes." default:"300"`
	History time.Duration `help:"How much of the past to publish first, as far as Kafka does not have it already." default:"0s"`
}

// Run simulates until ctx ends.
func (s *simulate) Run(ctx context.Context) error {
	logger, err := s.Logger("simulate")
	if err != nil {
		return err
	}
	return collector.Simulate(ctx, collector.SimulateConfig{
		Kafka:       s.Kafka,
		Rate:        s.Rate,
		Seed:        s.Seed,
		Probes:      s.Probes,
		History:     s.History,
		Partitions:  s.Partitions,
		Replication: s.Replication,
		Logger:      logger,
	})
}
