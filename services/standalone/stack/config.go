package stack

import (
	"errors"
	"fmt"
	"time"

	"atlasstream/pkg/service"
	"atlasstream/services/collector"
)

// Config has the settings of the program.
type Config struct {
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

// maxPast is more than anybody wants to wait for.
const maxPast = 365 * 24 * time.Hour

// check joins every fault of the settings.
func (c *Config) check() error {
	faults := []error{service.CheckAddresses(
		service.Address{Setting: "listen", Value: c.Listen}, service.Address{Setting: "ingest", Value: c.Ingest}, service.Address{Setting: "grpc", Value: c.GRPC},
		service.Address{Setting: "admin", Value: c.Admin}, service.Address{Setting: "kafka-listen", Value: c.KafkaListen},
	)}
	if c.Past < 0 || c.Past > maxPast {
		faults = append(faults, service.Setting("past", fmt.Errorf("got %s, want 0 to %s", c.Past, maxPast)))
	}
	if c.Simulate {
		faults = append(faults, c.simulation([]string{"localhost:9092"}).Check()) // any broker, as ours does not run yet
	}
	return errors.Join(faults...)
}

// simulation configures the simulated network, whose results go to a broker.
func (c *Config) simulation(kafka []string) collector.SimulateConfig {
	return collector.SimulateConfig{Kafka: kafka, SimulatedNetwork: c.SimulatedNetwork, TopicSettings: collector.TopicSettings{Partitions: partitions}}
}
