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
	// heapMargin is by how many bytes the heap may have grown when the crowd has gone. The embedded broker's log, which is in memory, takes some of them,
	// and so does what is being posted at the time.
	heapMargin = 4 << 20
)

// Clients of every kind come, subscribe and vanish without a word, for a minute: nothing of them stays behind, and nothing is an error.
func TestNothingStaysOfClientsThatVanish(t *testing.T) {
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
	errorsOnly, complaints := observer.New(zapcore.ErrorLevel)
	cluster := startWithTimeouts(t, 3*time.Second, zap.New(errorsOnly))
	stop := keepPosting(t, cluster)
	defer stop()
	crowd := &crowd{cluster: cluster, seed: 1}
	crowd.run(t, 3*time.Second) // what is made once is made now
	crowd.awaitGone(t)
	heap, goroutines := footprint.Heap(), runtime.NumGoroutine()

	crowd.run(t, time.Minute)
	crowd.awaitGone(t)
	await.Condition(t, "goroutines are as few as before", func() bool { return runtime.NumGoroutine() <= goroutines+crowdSize/10 })
	await.Condition(t, "the heap is as small as before", func() bool { return footprint.Heap()-heap <= heapMargin })
	t.Logf("heap: %d KiB at first, %d KiB in the end; goroutines: %d, %d", heap>>10, footprint.Heap()>>10, goroutines, runtime.NumGoroutine())
	for _, complaint := range complaints.All() {
		t.Errorf("logged as an error: %s %v", complaint.Message, complaint.ContextMap())
	}
	for _, kind := range rawKinds {
		if heard := crowd.received[kind.name].Load(); heard < crowdSize {
			t.Errorf("%s: heard %d results in all, want more", kind.name, heard)
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

// churnMeasurements are the measurements that the crowd subscribes to.
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

// crowd is a number of clients that come and go.
type crowd struct {
	cluster  *testcluster.Cluster
	seed     uint64
	received map[string]*atomic.Int64 // results, by kind of client
	silent   []*churnClient           // who has neither closed nor says anything
}

// run has every client come and go until the time is over.
func (c *crowd) run(t *testing.T, duration time.Duration) {
	t.Helper()
	c.received = map[string]*atomic.Int64{}
	for _, kind := range rawKinds {
		c.received[kind.name] = &atomic.Int64{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	var stays atomic.Int64
	last := make([]*churnClient, crowdSize)
	var roaming sync.WaitGroup
	for i := range crowdSize {
		c.seed++
		random := rand.New(rand.NewPCG(c.seed, c.seed))
		roaming.Go(func() {
			for ctx.Err() == nil {
				client := c.runClient(ctx, random)
				last[i].closeAll() // a silent client hangs on until the same one has come again
				last[i] = client
				stays.Add(1)
			}
		})
	}
	roaming.Wait()
	c.silent = last
	t.Logf("%d visits in %s", stays.Load(), duration)
	for name, heard := range c.received {
		t.Logf("%s: heard %d results", name, heard.Load())
	}
}

// runClient lets a client of any kind do what it does, until it vanishes in whatever it is about.
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

// awaitGone waits until the gateway has noticed that everybody is gone, be it that they have fallen silent.
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
