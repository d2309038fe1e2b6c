//go:build fleet

package fleet

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

const (
	tunnelRounds  = 7
	tunnelWindow  = 5 * time.Second
	tunnelClients = 100
)

// A result that goes to its client through a tunnel takes both gateways together at most 2.2 times the processor time that one takes to deliver it directly.
// Rounds of both kinds take turns, and the median counts.
func TestTunnelCost(t *testing.T) {
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	testcluster.Start(t, kafka)
	peers := testcluster.BuildGateway(t).NewPeers(t, kafka, 2, roomForOneAddress...)
	gateways := []*testcluster.Process{peers.Start(t), peers.Start(t)}
	writer := workload.NewWriter(t, kafka, 1001)
	running, ctx := errgroup.WithContext(t.Context())
	running.Go(func() error { return writer.RunSlowly(ctx) })
	var direct, tunnelled, ratios []float64
	for range tunnelRounds {
		direct = append(direct, costOf(t, gateways, 0))
		tunnelled = append(tunnelled, costOf(t, gateways, 1))
		ratios = append(ratios, tunnelled[len(tunnelled)-1]/direct[len(direct)-1])
	}
	writer.Stopped.Store(true)
	if err := running.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("ratios of the rounds: %.2f", ratios)
	known(t, "processor time of a direct delivery, µs", median(direct))
	known(t, "processor time of a tunnelled delivery, µs", median(tunnelled))
	atMost(t, "tunnelled to direct", median(ratios), 2.2)
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// costOf measures the processor time of all gateways for a delivery to clients whose session the first gateway holds, and which upgrade at another one. It is
// in microseconds.
func costOf(t *testing.T, gateways []*testcluster.Process, upgradeAt int) float64 {
	t.Helper()
	var received atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var receiving errgroup.Group
	options := connection.Options{Gateway: gateways[0].Public, UpgradeAt: gateways[upgradeAt].Public, Parameters: sample.JSON(map[string]any{"msm": 1001})}
	for range tunnelClients {
		conn, err := connection.Upgrading.Open(ctx, options)
		if err == nil {
			err = conn.Subscribe(string(options.Parameters))
		}
		if err != nil {
			t.Fatal(err)
		}
		receiving.Go(func() error { return countResults(ctx, conn, &received) })
	}
	await.Duration(ctx, time.Second)
	before, count := processorTime(t, gateways), received.Load()
	await.Duration(ctx, tunnelWindow)
	used := processorTime(t, gateways) - before
	count = received.Load() - count
	if tunnels := gateways[upgradeAt].Metric(t, "atlas_gateway_tunnels"); int(tunnels) != upgradeAt*tunnelClients {
		t.Errorf("%v tunnels", tunnels)
	}
	if count == 0 {
		t.Fatal("nothing was delivered")
	}
	cancel()
	if err := receiving.Wait(); err != nil {
		t.Fatal(err)
	}
	await.Condition(t, "the clients are gone", func() bool { return gateways[0].Metric(t, "atlas_gateway_clients") == 0 })
	return used / float64(count) * 1e6
}

// countResults counts results until ctx ends, which closes the connection.
func countResults(ctx context.Context, conn *connection.Connection, count *atomic.Int64) error {
	defer conn.Close()
	for {
		if _, err := conn.Receive(); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		count.Add(1)
	}
}

// processorTime is what gateways have used so far, in seconds.
func processorTime(t *testing.T, gateways []*testcluster.Process) (sum float64) {
	t.Helper()
	for _, gateway := range gateways {
		sum += gateway.Metric(t, "process_cpu_seconds_total")
	}
	return sum
}
