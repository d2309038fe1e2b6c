package testcluster

import (
	"context"
	"net"
	"net/http"
	"slices"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/gateway"
)

// Partitions is the number of partitions of the topics of results and connection events.
const Partitions = 8

// Cluster has the addresses of a collector and a gateway on one broker. Those of a service that is not there are empty.
type Cluster struct {
	Public, Ingest, Kafka string   // host:port
	Admins                []string // of the gateway and of the collector, or of the process that runs both
}

// Start starts a collector and a gateway with their defaults and waits until they are ready.
func Start(t *testing.T, kafka []string) *Cluster {
	t.Helper()
	return StartWith(t, kafka, collector.Config{}, gateway.Config{})
}

// StartWith is Start with settings of the services. Kafka, listeners and partitions are filled in, and loggers where there are none.
func StartWith(t *testing.T, kafka []string, c collector.Config, g gateway.Config) *Cluster {
	t.Helper()
	cluster := StartUnready(t, kafka, c, g)
	cluster.AwaitReady(t)
	return cluster
}

// StartUnready is StartWith, but does not wait.
func StartUnready(t *testing.T, kafka []string, c collector.Config, g gateway.Config) *Cluster {
	t.Helper()
	c.Kafka, c.Partitions = kafka, Partitions
	c.Listener, c.GRPCListener, c.AdminListener = Listen(t), Listen(t), Listen(t)
	g.Kafka, g.Listener, g.AdminListener = kafka, Listen(t), Listen(t)
	if c.Logger == nil {
		c.Logger = warnings(t).Named("collector")
	}
	if g.Logger == nil {
		g.Logger = warnings(t).Named("gateway")
	}
	runUntilTestEnds(t, "collector", func(ctx context.Context) error { return collector.Run(ctx, c) })
	runUntilTestEnds(t, "gateway", func(ctx context.Context) error { return gateway.Run(ctx, g) })
	return &Cluster{
		Public: g.Listener.Addr().String(), Ingest: c.Listener.Addr().String(), Kafka: kafka[0],
		Admins: []string{g.AdminListener.Addr().String(), c.AdminListener.Addr().String()},
	}
}

// warnings logs warnings and errors to the test.
func warnings(t *testing.T) *zap.Logger { return zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)) }

// runUntilTestEnds runs a service until the test ends, and fails the test if the service does not stop in order.
func runUntilTestEnds(t *testing.T, name string, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	})
}

// At returns the cluster as clients see it through a proxy at an address.
func (c *Cluster) At(address string) *Cluster {
	proxied := *c
	proxied.Public = address
	return &proxied
}

// AwaitReady waits until every admin port reports that its service is ready.
func (c *Cluster) AwaitReady(t *testing.T) {
	t.Helper()
	await.Condition(t, "the services are ready", func() bool { return c.AllAnswer("/readyz") })
}

// AllAnswer reports whether every admin port answers 200 on a path.
func (c *Cluster) AllAnswer(path string) bool {
	return !slices.ContainsFunc(c.Admins, func(admin string) bool { return !AnswersOK(admin, path) })
}

// AnswersOK reports whether an admin port answers 200 on a path.
func AnswersOK(admin, path string) bool {
	response, err := http.Get("http://" + admin + path)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// OtherMeasurement returns another measurement, whose results are in the same partition or in another one.
func OtherMeasurement(measurement atlas.MeasurementID, samePartition bool) atlas.MeasurementID {
	other := measurement + 1
	for (eventlog.PartitionOf(other, Partitions) == eventlog.PartitionOf(measurement, Partitions)) != samePartition {
		other++
	}
	return other
}

// Listen opens a listener on a free port of this machine.
func Listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// FreeAddresses returns addresses that nothing listens on, for services that open their listeners themselves.
func FreeAddresses(t *testing.T, count int) []string {
	t.Helper()
	addresses, err := kafkatest.FreeAddresses(count)
	if err != nil {
		t.Fatal(err)
	}
	return addresses
}
