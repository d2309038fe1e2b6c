// Command standalone runs the whole service in one process: an embedded Kafka broker, a collector, a gateway and, unless told otherwise, a simulated
// network whose results it streams.
package main

import (
	"context"
	"time"

	"atlasstream/pkg/service"
)

type settings struct {
	service.Logging

	Listen      string        `help:"Address of the gateway's public door: pages, Socket.IO and WebSocket." default:":8080"`
	Ingest      string        `help:"Address of the collector's HTTP door, which asks nobody who they are." default:"127.0.0.1:8081"`
	GRPC        string        `name:"grpc" help:"Address of the collector's gRPC door, which asks nobody who they are." default:"127.0.0.1:8082"`
	Admin       string        `help:"Address of /metrics, /healthz and /readyz, and of /debug/pprof/ for this machine alone." default:"127.0.0.1:9090"`
	KafkaListen string        `help:"Address of the embedded broker, where Kafka tools reach it." default:"127.0.0.1:9092"`
	Data        string        `help:"Folder of the broker's log, which survives a restart; without it all is kept in memory." placeholder:"DIR"`
	Simulate    bool          `help:"Simulate a network." default:"true" negatable:""`
	Rate        float64       `help:"Results a second of the simulated network." default:"50"`
	Seed        uint64        `help:"Seed of the simulated network: the same seed makes the same network." default:"1"`
	Past        time.Duration `help:"How much of the past the simulated network fills in first, where there is none." default:"10m"`
}

// Run runs everything until ctx ends.
func (s *settings) Run(ctx context.Context) error {
	logger, err := s.Logger("standalone")
	if err != nil {
		return err
	}
	return run(ctx, s, logger)
}

func main() {
	service.Main("standalone", "Collector, gateway, embedded Kafka broker and a simulated network in one process.", &settings{})
}
