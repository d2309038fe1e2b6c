package matrix

import (
	"context"
	"math/rand/v2"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/pkg/footprint"
	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

const (
	crowdSize = 200
	// heapMargin is how many bytes the heap may have grown by when all clients are gone. The log of the embedded broker, which is in memory, and results that
	// are being posted use some of them.
	heapMargin = 4 << 20
)

// For a minute, clients of every kind connect, subscribe and vanish without a message. They leave no memory, no goroutine and no error.
func TestClientsThatVanishLeaveNothing(t *testing.T) {
	started := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		var left error
		defer func() {
			if left != nil {
				t.Error(left)
			}
		}()
		await.Condition(t, "no goroutine is left", func() bool { left = goleak.Find(started); return left == nil })
	})
	errorsOnly, entries := observer.New(zapcore.ErrorLevel)
	cluster := startWithTimeouts(t, 3*time.Second, zap.New(errorsOnly))
	stop := keepPosting(t, cluster)
	defer stop()
	crowd := &crowd{cluster: cluster, seed: 1}
	crowd.run(t, 3*time.Second) // allocates what is allocated once
	crowd.awaitGone(t)
	heap, goroutines := footprint.Heap(), runtime.NumGoroutine()

	crowd.run(t, time.Minute)
	crowd.awaitGone(t)
	await.Condition(t, "goroutines are as few as before", func() bool { return runtime.NumGoroutine() <= goroutines+crowdSize/10 })
	await.Condition(t, "the heap is as small as before", func() bool { return footprint.Heap()-heap <= heapMargin })
	t.Logf("heap: %d KiB at first, %d KiB in the end; goroutines: %d, %d", heap>>10, footprint.Heap()>>10, goroutines, runtime.NumGoroutine())
	for _, entry := range entries.All() {
		t.Errorf("logged as an error: %s %v", entry.Message, entry.ContextMap())
	}
	for _, kind := range rawKinds {
		if received := crowd.received[kind.name].Load(); received < crowdSize {
			t.Errorf("%s: received %d results in total, want more", kind.name, received)
		}
	}
}

const pingInterval = 2 * time.Second

// startWithTimeouts starts a cluster whose gateway soon closes connections that are dead. Nil logs to the test.
func startWithTimeouts(t *testing.T, pingTimeout time.Duration, logger *zap.Logger) *testcluster.Cluster {
	t.Helper()
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	return testcluster.StartWith(t, kafka, collector.Config{Logger: logger}, gateway.Config{
		Logger: logger, PingInterval: pingInterval, PingTimeout: pingTimeout, WriteTimeout: pingTimeout,
	})
}

// churnMeasurements is the number of measurements that the crowd subscribes to.
const churnMeasurements = 8

// keepPosting posts a result of each measurement ten times a second until it is stopped.
func keepPosting(t *testing.T, cluster *testcluster.Cluster) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var posting sync.WaitGroup
	posting.Go(func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for number := 1; ctx.Err() == nil; number++ {
			var results [][]byte
			for measurement := range churnMeasurements {
				results = append(results, sample.Numbered(atlas.MeasurementID(1001+measurement), number))
			}
			if status, _, err := cluster.Post(results...); err != nil || status != http.StatusOK {
				t.Errorf("posting: %d %v", status, err)
				return
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
	})
	return func() {
		cancel()
		posting.Wait()
	}
}

// crowd is a number of clients that connect and vanish.
type crowd struct {
	cluster  *testcluster.Cluster
	seed     uint64
	received map[string]*atomic.Int64 // results, by kind of client
	silent   []*churnClient           // clients that have fallen silent
}

// run lets clients connect and vanish for a while.
func (c *crowd) run(t *testing.T, duration time.Duration) {
	t.Helper()
	c.received = map[string]*atomic.Int64{}
	for _, kind := range rawKinds {
		c.received[kind.name] = &atomic.Int64{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	var count atomic.Int64
	last := make([]*churnClient, crowdSize)
	var roaming sync.WaitGroup
	for i := range crowdSize {
		c.seed++
		random := rand.New(rand.NewPCG(c.seed, c.seed))
		roaming.Go(func() {
			for ctx.Err() == nil {
				client := c.runClient(ctx, random)
				last[i].closeAll() // a silent client keeps its connections until the next one has vanished
				last[i] = client
				count.Add(1)
			}
		})
	}
	roaming.Wait()
	c.silent = last
	t.Logf("%d clients in %s", count.Load(), duration)
	for name, received := range c.received {
		t.Logf("%s: received %d results", name, received.Load())
	}
}

// runClient runs a client of a random kind, which vanishes at a random time.
func (c *crowd) runClient(ctx context.Context, random *rand.Rand) *churnClient {
	kind := rawKinds[random.IntN(len(rawKinds))]
	ctx, cancel := context.WithTimeout(ctx, time.Duration(random.ExpFloat64()*float64(time.Second)))
	defer cancel()
	client := &churnClient{gateway: c.cluster.Public, measurement: 1001 + random.IntN(churnMeasurements), received: c.received[kind.name], departure: departure(random.IntN(departures))}
	defer context.AfterFunc(ctx, client.vanish)()
	kind.act(ctx, client)
	client.vanish()
	return client
}

// awaitGone waits until the gateway has noticed that all clients are gone, including the silent ones.
func (c *crowd) awaitGone(t *testing.T) {
	t.Helper()
	for _, name := range []string{"atlas_gateway_clients", "atlas_gateway_queued_messages", "atlas_gateway_queued_bytes"} {
		await.Condition(t, name+" is 0", func() bool { return c.cluster.Metric(t, name) == 0 })
	}
	for _, client := range c.silent {
		client.closeAll()
	}
	c.silent = nil
}
