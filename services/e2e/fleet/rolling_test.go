//go:build fleet

package fleet

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/jitter"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

const (
	replicas    = 3
	clientCount = 1000
	drainDelay  = 5 * time.Second
	drainTime   = 30 * time.Second
	// evenWithin is after how long clients must be spread, if gateways have them reconnect.
	evenWithin = 5 * time.Minute
)

// Three gateways are replaced one after the other under a thousand clients, by four transports, half of them with cursors. These receive every result once and
// in order. Every client reconnects once at most for each gateway that is replaced, spread over the drain, and no gateway has far more than its share.
func TestGatewaysAreReplacedOneAfterAnother(t *testing.T) {
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	testcluster.Start(t, kafka)
	fleet := startFleet(t, kafka)
	clients := fleet.startClients(t)
	writer := workload.NewWriter(t, kafka, 1001)
	clients.running.Go(func() error { return writeSteadily(clients.ctx, writer) })
	stopSampling := fleet.sampleShares(t)
	for number := range replicas {
		clients.roll.Store(int64(number))
		fleet.replace(t, number)
	}
	share := float64(clientCount) / replicas
	most := stopSampling()
	t.Logf("the fullest gateway had %.2f times its share while gateways were replaced", most/share)
	if most > 2*share {
		t.Errorf("a gateway had %.0f clients of %d", most, clientCount)
	}
	fleet.awaitShare(t, 1.5, time.Minute)
	took := fleet.awaitShare(t, 1.25, evenWithin)
	t.Logf("a gateway has at most 1.25 times its share %s after the last one was replaced", took.Round(time.Second))
	writer.Stopped.Store(true)
	if err := clients.running.Wait(); err != nil {
		t.Fatal(err)
	}
	clients.expectFewReconnects(t)
}

// writeSteadily writes three results a second until the writer is stopped, and then last ones for a while: clients without cursors may be about to reconnect.
func writeSteadily(ctx context.Context, writer *workload.Writer) error {
	for !writer.Stopped.Load() {
		if err := writer.Write(ctx, 1, false); err != nil {
			return err
		}
		await.Duration(ctx, time.Second/3)
	}
	for range 10 {
		if err := writer.Write(ctx, 1, true); err != nil {
			return err
		}
		await.Duration(ctx, time.Second)
	}
	return nil
}

// fleet is the gateways and what is before them.
type fleet struct {
	*balancer
	start func(number int) *testcluster.Process
}

func startFleet(t *testing.T, kafka []string) *fleet {
	t.Helper()
	program := testcluster.BuildGateway(t)
	program.Lifetime = 20 * time.Minute
	peers := testcluster.FreeAddresses(t, 2*replicas)
	f := &fleet{start: func(number int) *testcluster.Process {
		return program.StartGateway(t, kafka, "--drain-delay", drainDelay.String(), "--drain", drainTime.String(),
			"--peers", strings.Join(peers, ","), "--peer-listen", peers[number], "--peer-key", "the secret of the fleet", "--max-age", "30s",
			// all the clients come from one address
			"--address-connections", "5000", "--address-messages", "100000", "--address-readers", "64", "--address-steps", "10000000")
	}}
	var gateways []*testcluster.Process
	for number := range replicas {
		gateways = append(gateways, f.start(number))
	}
	f.balancer = startBalancer(t, gateways...)
	return f
}

// replace starts a gateway, and ends the oldest one once the balancer knows it.
func (f *fleet) replace(t *testing.T, number int) {
	t.Helper()
	oldest, replacement := f.all()[0], f.start(replicas+number)
	f.add(replacement)
	await.Condition(t, "the balancer knows the new gateway", func() bool { return f.isReady(replacement) })
	leaving := clientsOf(oldest)
	if err := oldest.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	await.Condition(t, "the old gateway ends", func() bool { return !testcluster.AnswersOK(oldest.Admins[0], "/healthz") })
	t.Logf("gateway %d had %.0f clients and ended after %s", number, leaving, time.Since(began).Round(time.Second))
	f.remove(oldest)
	f.expectEvenReconnects(t, began.Add(drainDelay))
}

// expectEvenReconnects checks that connections came evenly from the beginning of a drain on.
func (f *fleet) expectEvenReconnects(t *testing.T, began time.Time) {
	t.Helper()
	counts := make(map[time.Duration]int)
	came := f.acceptedSince(began)
	most := 0
	for _, at := range came {
		second := at.Sub(began) / time.Second
		counts[second]++
		most = max(most, counts[second])
	}
	mean := float64(len(came)) / drainTime.Seconds()
	t.Logf("%d connections came, %.1f a second on average, and %d in the busiest second", len(came), mean, most)
	if float64(most) > 3*mean {
		t.Errorf("%d connections came in a second, and %.1f on average", most, mean)
	}
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
	for _, gateway := range f.all() {
		most = max(most, clientsOf(gateway))
	}
	return most
}

// awaitShare waits until no gateway has more than so many times its share.
func (f *fleet) awaitShare(t *testing.T, times float64, limit time.Duration) (took time.Duration) {
	t.Helper()
	most := times * clientCount / replicas
	for began := time.Now(); ; time.Sleep(time.Second) {
		fullest, connected := f.fullest(), 0.0
		for _, gateway := range f.all() {
			connected += clientsOf(gateway)
		}
		took = time.Since(began)
		if fullest <= most && connected > clientCount*0.9 {
			t.Logf("after %s the fullest gateway has %.2f times its share", took.Round(time.Second), fullest*replicas/clientCount)
			return took
		}
		if took > limit {
			t.Errorf("after %s a gateway has %.0f clients of %d, want %.0f", took, fullest, clientCount, most)
			return took
		}
	}
}

// clientsOf is how many clients a gateway has; none if it has ended.
func clientsOf(gateway *testcluster.Process) float64 {
	clients, err := testcluster.ReadMetric(gateway.Admins[0], "atlas_gateway_clients")
	if err != nil {
		return 0
	}
	return clients
}

// roamers are the clients.
type roamers struct {
	running *errgroup.Group
	ctx     context.Context
	roll    atomic.Int64 // which gateway is being replaced
	all     []*roamer
}

// roamer counts how often it was told to reconnect.
type roamer struct {
	*workload.Roamer
	replaced   [replicas]int // by gateways that were replaced, one after the other
	rebalanced int
}

// startClients starts clients and waits until all are subscribed.
func (f *fleet) startClients(t *testing.T) *roamers {
	t.Helper()
	r := &roamers{}
	r.running, r.ctx = errgroup.WithContext(t.Context())
	transports := connection.Transports[:4] // those with one TCP connection, which the balancer forwards
	for number := range clientCount {
		kind, parameters := "with cursors", map[string]any{"msm": 1001, "cursor": ""}
		if number/len(transports)%2 == 0 {
			kind, parameters = "without cursors", map[string]any{"msm": 1001}
		}
		r.start(f.address, transports[number%len(transports)], kind, parameters)
	}
	await.Condition(t, "all are subscribed", func() bool {
		return r.ctx.Err() != nil || await.All(r.all, func(c *roamer) bool { return c.Subscribed.Load() })
	})
	return r
}

func (r *roamers) start(address string, transport connection.Transport, kind string, parameters map[string]any) {
	client := &roamer{}
	connects := 0
	client.Roamer = &workload.Roamer{Transport: transport, Kind: kind, Parameters: parameters,
		Next: func(ctx context.Context) (string, error) {
			if connects++; connects > 1 {
				await.Duration(ctx, jitter.Around(time.Second)) // as socket.io-client does
			}
			return address, ctx.Err()
		},
		Told: func(code string) {
			if code == workload.PleaseReconnect {
				client.rebalanced++
				return
			}
			client.replaced[r.roll.Load()]++
		},
	}
	r.all = append(r.all, client)
	r.running.Go(func() error { return client.Run(r.ctx) })
}

// expectFewReconnects checks that each gateway that was replaced sent each client elsewhere once at most.
func (r *roamers) expectFewReconnects(t *testing.T) {
	t.Helper()
	replaced, rebalanced := 0, 0
	for _, client := range r.all {
		rebalanced += client.rebalanced
		for number, count := range client.replaced {
			replaced += count
			if count > 1 {
				t.Errorf("%s reconnected %d times while gateway %d was replaced", client, count, number)
			}
		}
	}
	t.Logf("%d clients reconnected %d times as gateways were replaced, and %d times as others had fewer clients", len(r.all), replaced, rebalanced)
}
