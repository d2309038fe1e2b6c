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
	Listen      string `help:"Address that serves clients: Socket.IO, WebSocket, plain HTTP, the read API and the web pages." default:":8080"`
	Ingest      string `help:"Address that takes records over HTTP: POST /v1/results and /v1/probestatus, PUT /v1/probes and /v1/measurements." default:"127.0.0.1:8081"`
	GRPC        string `name:"grpc" help:"Address that takes records over gRPC, by ingest.v1." default:"127.0.0.1:8082"`
	Admin       string `help:"Address that serves /metrics, /healthz, /readyz and, to clients on this machine only, /debug/pprof/." default:"127.0.0.1:9090"`
	KafkaListen string `help:"Address of the embedded Kafka broker, for Kafka tools." default:"127.0.0.1:9092"`
	Data        string `help:"Folder that keeps the broker's log across restarts; by default, the log is kept in memory." placeholder:"DIR"`
	collector.SourceSettings
	Simulate bool `help:"Simulate a network." default:"true" negatable:""`
	collector.SimulatedNetwork
	Past time.Duration `help:"How much of its past the simulated network publishes first, as far as Kafka does not have it already." default:"10m" zero:""`
}

// maxPast is more than anybody wants to wait for.
const maxPast = 365 * 24 * time.Hour

// check joins every fault of the settings.
func (c *Config) check() error {
	faults := []error{service.CheckAddresses(
		service.Address{Setting: "listen", Value: c.Listen}, service.Address{Setting: "ingest", Value: c.Ingest}, service.Address{Setting: "grpc", Value: c.GRPC},
		service.Address{Setting: "admin", Value: c.Admin}, service.Address{Setting: "kafka-listen", Value: c.KafkaListen},
	)}
	faults = append(faults, c.Check(service.Address{Setting: "ingest", Value: c.Ingest}, service.Address{Setting: "grpc", Value: c.GRPC}))
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
