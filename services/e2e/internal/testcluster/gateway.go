package testcluster

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/gateway"
)

// Unlimited is the highest limit of what replays may read.
const Unlimited = 1<<31 - 1

// StartPair starts a cluster on an embedded broker, and a second gateway on it that also replays. Both take results at the same collector.
func StartPair(t *testing.T) (cluster, other *Cluster) {
	t.Helper()
	kafka := StartBroker(t, embedded.Config{}).Addrs()
	cluster = Start(t, kafka)
	other = StartGateway(t, kafka, gateway.Config{History: gateway.HistoryOpen, HistoryResults: Unlimited, HistoryScanned: Unlimited})
	other.Ingest = cluster.Ingest
	return cluster, other
}

// StartGateway starts a gateway and waits until it is ready.
func StartGateway(t *testing.T, kafka []string, cfg gateway.Config) *Cluster {
	t.Helper()
	cfg.Kafka, cfg.Listener, cfg.AdminListener = kafka, Listen(t), Listen(t)
	runUntilTestEnds(t, "gateway", func(ctx context.Context) error { return gateway.Run(ctx, cfg) })
	cluster := &Cluster{Public: cfg.Listener.Addr().String(), Kafka: kafka[0], Admins: []string{cfg.AdminListener.Addr().String()}}
	cluster.AwaitReady(t)
	return cluster
}

// StoppableGateway is a gateway that can be stopped before the test ends.
type StoppableGateway struct {
	Address string
	Stop    func()
}

// StartStoppable starts a gateway on the listener of its configuration and waits until it is ready.
func StartStoppable(t *testing.T, cfg gateway.Config) *StoppableGateway {
	t.Helper()
	cfg.AdminListener, cfg.Logger = Listen(t), warnings(t).Named("gateway")
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- gateway.Run(ctx, cfg) }()
	started := &StoppableGateway{Address: cfg.Listener.Addr().String(), Stop: sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("gateway: %v", err)
		}
	})}
	t.Cleanup(started.Stop)
	(&Cluster{Admins: []string{cfg.AdminListener.Addr().String()}}).AwaitReady(t)
	return started
}

// WriteTokens writes a file of tokens for a gateway and returns its path.
func WriteTokens(t *testing.T, tokens string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tokens.json")
	if err := os.WriteFile(path, []byte(tokens), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
