// Command standalone runs the whole service in one process: an embedded Kafka broker, a collector, a gateway and, unless told otherwise, a simulated
// network whose results it streams.
package main

import (
	"context"

	"atlasstream/pkg/service"
	"atlasstream/services/standalone/stack"
)

type settings struct {
	service.Logging
	stack.Config
}

// Run runs everything until ctx ends.
func (s *settings) Run(ctx context.Context) error {
	logger, err := s.Logger("standalone")
	if err != nil {
		return err
	}
	return stack.Run(ctx, s.Config, logger)
}

func main() {
	service.Main("standalone", "Collector, gateway, embedded Kafka broker and a simulated network in one process.", &settings{})
}
