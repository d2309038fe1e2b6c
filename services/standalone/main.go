// Command standalone runs the whole service in one process: an embedded Kafka broker, a collector, a gateway and, unless told otherwise, a simulated
// network whose results it streams.
package main

import (
	"context"
	"time"

	"atlasstream/pkg/service"
	"atlasstream/services/collector"
)

type settings struct {
	service.Logging

	Listen      string `help:"Address for clients of the gateway: Socket.IO, WebSocket, plain HTTP and pages." default:":8080"`
	Ingest      string `help:"Address of the collector for HTTP: POST /v1/results and /v1/probestatus, PUT /v1/probes and /v1/measurements. Clients are not authenticated." default:"127.0.0.1:8081"`
	GRPC        string `name:"grpc" help:"Address of the collector for gRPC: ingest.v1. Clients are not authenticated." default:"127.0.0.1:8082"`
	Admin       string `help:"Address of /metrics, /healthz and /readyz, and, for clients on this machine only, of /debug/pprof/." default:"127.0.0.1:9090"`
	KafkaListen string `help:"Address of the embedded broker, where Kafka tools reach it." default:"127.0.0.1:9092"`
	Data        string `help:"Folder of the broker's log, which survives a restart; without it all is kept in memory." placeholder:"DIR"`
	Simulate    bool   `help:"Simulate a network." default:"true" negatable:""`
	collector.SimulatedNetwork
	Past time.Duration `help:"How much of the past the simulated network fills in first, as far as Kafka does not have it already." default:"10m" zero:""`
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
