// Command gateway streams measurement results and probe-status events from Kafka to clients.
package main

import (
	"context"

	"atlasstream/pkg/kafkasettings"
	"atlasstream/pkg/service"
	"atlasstream/services/gateway"
)

type settings struct {
	service.Logging
	kafkasettings.Flags
	Config gateway.Config `embed:""`
}

// Run serves until ctx ends.
func (s *settings) Run(ctx context.Context) error {
	logger, err := s.Logger("gateway")
	if err != nil {
		return err
	}
	cfg := s.Config
	cfg.Kafka, cfg.Security, cfg.Logger = s.Kafka, s.Security(), logger
	return gateway.Run(ctx, cfg)
}

func main() {
	service.Main("gateway", "Streams measurement results and probe-status events from Kafka to clients.", &settings{})
}
