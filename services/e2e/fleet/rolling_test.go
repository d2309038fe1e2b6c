//go:build fleet

package fleet

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/balancer"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

var clientCount = flag.Int("clients", 1000, "how many clients there are while gateways are replaced")

const (
	replicas   = 3
	drainDelay = 5 * time.Second
	drainTime  = 30 * time.Second
	// evenWithin is after how long clients must be spread, if gateways have them reconnect.
	evenWithin = 5 * time.Minute
)

// Three gateways are replaced one after the other under a thousand clients, by six transports, half of them with cursors. These receive every result once and
// in order. Every client reconnects once at most for each gateway that is replaced, spread over the drain, and no gateway has far more than its share. So it is
// behind a balancer of connections, where gateways have clients reconnect as long as they are uneven, and behind one of requests, where they have not.
func TestGatewaysAreReplacedOneAfterAnother(t *testing.T) {
	t.Run("rebalancing", func(t *testing.T) {
		startFleet(t, startTCP, "--max-age", "30s").replaceAll(t, true)
	})
	t.Run("behind nginx", func(t *testing.T) {
		startFleet(t, startNginx, "--trusted-proxies", balancer.NginxAddress).replaceAll(t, false)
	})
}

func startTCP(t *testing.T, gateways ...*testcluster.Process) *balancer.Balancer {
	t.Helper()
	return balancer.StartTCP(t, gateways...)
}

func startNginx(t *testing.T, gateways ...*testcluster.Process) *balancer.Balancer {
	t.Helper()
	return balancer.StartNginx(t, gateways...).Balancer
}

func (f *fleet) replaceAll(t *testing.T, rebalancing bool) {
	clients := f.startClients(t)
	writer := workload.NewWriter(t, f.kafka, 1001)
	clients.running.Go(func() error { return writeSteadily(clients.ctx, writer) })
	stopSampling := f.sampleShares(t)
	for number := range replicas {
		clients.roll.Store(int64(number))
		f.replace(t, clients)
	}
	share := float64(*clientCount) / replicas
	atMost(t, "most clients of a gateway, in shares, while gateways were replaced", stopSampling()/share, 2)
	f.awaitShare(t, 1.5, time.Minute)
	if rebalancing {
		f.awaitShare(t, 1.25, evenWithin)
	}
	writer.Stopped.Store(true)
	if err := clients.running.Wait(); err != nil {
		t.Fatal(err)
	}
	clients.expectFewReconnects(t)
	clients.expectComplete(t, writer.Written.Load()-lastResults+1)
}

// lastResults is how many results are marked as the last one: clients without cursors may be about to reconnect when the first of them comes.
const lastResults = 10

// writeSteadily writes three results a second until the writer is stopped, and then last ones for a while.
func writeSteadily(ctx context.Context, writer *workload.Writer) error {
	for !writer.Stopped.Load() {
		if err := writer.Write(ctx, 1, false); err != nil {
			return err
		}
		await.Duration(ctx, time.Second/3)
	}
	for range lastResults {
		if err := writer.Write(ctx, 1, true); err != nil {
			return err
		}
		await.Duration(ctx, time.Second)
	}
	return nil
}

// fleet is the gateways and what is in front of them.
type fleet struct {
	*balancer.Balancer
	kafka []string
	peers *testcluster.Peers
}

func startFleet(t *testing.T, startBalancer func(*testing.T, ...*testcluster.Process) *balancer.Balancer, arguments ...string) *fleet {
	t.Helper()
	f := &fleet{kafka: testcluster.StartBroker(t, embedded.Config{}).Addrs()}
	testcluster.Start(t, f.kafka)
	f.peers = testcluster.BuildGateway(t).NewPeers(t, f.kafka, 2*replicas, slices.Concat(roomForOneAddress, arguments,
		[]string{"--drain-delay", drainDelay.String(), "--drain", drainTime.String()})...)
	var gateways []*testcluster.Process
	for range replicas {
		gateways = append(gateways, f.peers.Start(t))
	}
	f.Balancer = startBalancer(t, gateways...)
	return f
}

// roomForOneAddress are settings for gateways all of whose clients come from one address.
var roomForOneAddress = []string{"--address-connections", "5000", "--address-messages", "100000", "--address-readers", "64", "--address-steps", "10000000"}

// replace starts a gateway, and ends the oldest one once the balancer knows it.
func (f *fleet) replace(t *testing.T, clients *roamers) {
	t.Helper()
	oldest, replacement := f.All()[0], f.peers.Start(t)
	f.Add(replacement)
	await.Condition(t, "the balancer knows the new gateway", func() bool { return f.IsReady(replacement) })
	known(t, "clients of the gateway that was replaced", clientsOf(oldest))
	known(t, "tunnels through it to sessions of others", oldest.Metric(t, "atlas_gateway_tunnels"))
	if err := oldest.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	await.Condition(t, "the old gateway ends", func() bool {
		return clients.ctx.Err() != nil || !testcluster.AnswersOK(oldest.Admins[0], "/healthz")
	})
	f.Remove(oldest)
	clients.expectEvenReconnects(t, began.Add(drainDelay))
}

// sampleShares returns a function that tells how many clients the fullest gateway had until then.
func (f *fleet) sampleShares(t *testing.T) (stop func() (most float64)) {
	t.Helper()
	most, ended := 0.0, make(chan struct{})
	var sampling sync.WaitGroup
	sampling.Go(func() {
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				most = max(most, f.fullest())
			case <-ended:
				return
			}
		}
	})
	return func() float64 {
		close(ended)
		sampling.Wait()
		return most
	}
}

// fullest is how many clients the gateway has that has most of them.
func (f *fleet) fullest() (most float64) {
	for _, gateway := range f.All() {
		most = max(most, clientsOf(gateway))
	}
	return most
}

// awaitShare waits until no gateway has more than so many times its share.
func (f *fleet) awaitShare(t *testing.T, times float64, limit time.Duration) {
	t.Helper()
	share := float64(*clientCount) / replicas
	began := time.Now()
	for ; time.Since(began) < limit; time.Sleep(time.Second) {
		connected := 0.0
		for _, gateway := range f.All() {
			connected += clientsOf(gateway)
		}
		if f.fullest() <= times*share && connected > 0.9*float64(*clientCount) {
			break
		}
	}
	atMost(t, fmt.Sprintf("seconds until no gateway has more than %.2f times its share", times), time.Since(began).Seconds(), limit.Seconds())
}

// clientsOf is how many clients a gateway has; none if it has ended.
func clientsOf(gateway *testcluster.Process) float64 {
	clients, err := testcluster.ReadMetric(gateway.Admins[0], "atlas_gateway_clients")
	if err != nil {
		return 0
	}
	return clients
}
