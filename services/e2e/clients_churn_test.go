package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"strconv"
	"strings"
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
		eventually(t, "no goroutine is left", func() bool { left = goleak.Find(started); return left == nil })
	})
	errorsOnly, complaints := observer.New(zapcore.ErrorLevel)
	house := openBusyHouse(t, 3*time.Second, zap.New(errorsOnly))
	stop := keepPosting(t, house)
	defer stop()
	crowd := &crowd{house: house, seed: 1}
	crowd.roam(t, 3*time.Second) // what is made once is made now
	crowd.leave(t)
	heap, goroutines := footprint.Heap(), runtime.NumGoroutine()

	crowd.roam(t, time.Minute)
	crowd.leave(t)
	eventually(t, "goroutines are as few as before", func() bool { return runtime.NumGoroutine() <= goroutines+crowdSize/10 })
	eventually(t, "the heap is as small as before", func() bool { return footprint.Heap()-heap <= heapMargin })
	t.Logf("heap: %d KiB at first, %d KiB in the end; goroutines: %d, %d", heap>>10, footprint.Heap()>>10, goroutines, runtime.NumGoroutine())
	for _, complaint := range complaints.All() {
		t.Errorf("logged as an error: %s %v", complaint.Message, complaint.ContextMap())
	}
	for _, kind := range rawKinds {
		if heard := crowd.heard[kind.name].Load(); heard < crowdSize {
			t.Errorf("%s: heard %d results in all, want more", kind.name, heard)
		}
	}
}

const pingInterval = 2 * time.Second

// openBusyHouse starts a collector and a gateway that soon gives up a client which gives no sign of life.
func openBusyHouse(t *testing.T, pingTimeout time.Duration, logger *zap.Logger) *house {
	t.Helper()
	kafka := startEmbedded(t, embedded.Config{}).Addrs()
	ingest, grpc, collectorAdmin, public, gatewayAdmin := listen(t), listen(t), listen(t), listen(t), listen(t)
	runUntilTheEnd(t, "collector", func(ctx context.Context) error {
		return collector.Run(ctx, collector.Config{
			Kafka: kafka, Listener: ingest, GRPCListener: grpc, AdminListener: collectorAdmin, TopicSettings: collector.TopicSettings{Partitions: partitions}, Logger: logger,
		})
	})
	runUntilTheEnd(t, "gateway", func(ctx context.Context) error {
		return gateway.Run(ctx, gateway.Config{
			Kafka: kafka, Listener: public, AdminListener: gatewayAdmin, Logger: logger,
			PingInterval: pingInterval, PingTimeout: pingTimeout, WriteTimeout: pingTimeout,
		})
	})
	h := &house{
		public: public.Addr().String(), ingest: ingest.Addr().String(), kafka: kafka[0],
		admins: []string{gatewayAdmin.Addr().String(), collectorAdmin.Addr().String()},
	}
	h.awaitReady(t)
	return h
}

// churned are the measurements that the crowd subscribes to.
const churned = 8

// keepPosting posts a result of each measurement ten times a second until it is stopped.
func keepPosting(t *testing.T, h *house) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var posting sync.WaitGroup
	posting.Go(func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for number := 1; ctx.Err() == nil; number++ {
			var results [][]byte
			for measurement := range churned {
				results = append(results, numbered(atlas.MeasurementID(1001+measurement), number))
			}
			if status, _, err := h.post(results...); err != nil || status != http.StatusOK {
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
	house  *house
	seed   uint64
	heard  map[string]*atomic.Int64 // results, by kind of client
	silent []*stay                  // who has neither closed nor says anything
}

// roam has every client come and go until the time is over.
func (c *crowd) roam(t *testing.T, duration time.Duration) {
	t.Helper()
	c.heard = map[string]*atomic.Int64{}
	for _, kind := range rawKinds {
		c.heard[kind.name] = &atomic.Int64{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	var stays atomic.Int64
	last := make([]*stay, crowdSize)
	var roaming sync.WaitGroup
	for i := range crowdSize {
		c.seed++
		chance := rand.New(rand.NewPCG(c.seed, c.seed))
		roaming.Go(func() {
			for ctx.Err() == nil {
				stay := c.visit(ctx, chance)
				last[i].forget() // a silent client hangs on until the same one has come again
				last[i] = stay
				stays.Add(1)
			}
		})
	}
	roaming.Wait()
	c.silent = last
	t.Logf("%d visits in %s", stays.Load(), duration)
	for name, heard := range c.heard {
		t.Logf("%s: heard %d results", name, heard.Load())
	}
}

// visit lets a client of any kind do what it does, until it vanishes in whatever it is about.
func (c *crowd) visit(ctx context.Context, chance *rand.Rand) *stay {
	kind := rawKinds[chance.IntN(len(rawKinds))]
	ctx, cancel := context.WithTimeout(ctx, time.Duration(chance.ExpFloat64()*float64(time.Second)))
	defer cancel()
	stay := &stay{gateway: c.house.public, measurement: 1001 + chance.IntN(churned), heard: c.heard[kind.name], end: ending(chance.IntN(endings))}
	defer context.AfterFunc(ctx, stay.vanish)()
	kind.act(ctx, stay)
	stay.vanish()
	return stay
}

// leave waits until the gateway has noticed that everybody is gone, be it that they have fallen silent.
func (c *crowd) leave(t *testing.T) {
	t.Helper()
	for _, name := range []string{"atlas_gateway_clients", "atlas_gateway_queued_messages", "atlas_gateway_queued_bytes"} {
		eventually(t, name+" is 0", func() bool { return c.house.metric(t, name) == 0 })
	}
	for _, stay := range c.silent {
		stay.forget()
	}
	c.silent = nil
}

// metric reads a metric of the gateway.
func (h *house) metric(t *testing.T, name string) float64 {
	t.Helper()
	value, err := gauge(h.admins[0], name)
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// gauge reads a metric that an admin port tells.
func gauge(admin, name string) (float64, error) {
	response, err := http.Get("http://" + admin + "/metrics")
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), name+" "); found {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, fmt.Errorf("%s: %w", name, io.ErrUnexpectedEOF)
}
