package catchup

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"atlasstream/pkg/eventlog"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
)

// Clients of every transport that read slowly, disconnect and reconnect to another gateway with their cursors receive exactly what the log has for them, once
// and in order. ATLAS_SEEDS has the seeds of other scenarios, separated by commas.
func TestEveryClientReceivesWhatTheLogHas(t *testing.T) {
	for broker, start := range testcluster.Brokers {
		for _, seed := range seeds(t) {
			t.Run(fmt.Sprintf("%s, seed %d", broker, seed), func(t *testing.T) { runScenario(t, startEnvironment(t, start(t)), seed) })
		}
	}
}

func seeds(t *testing.T) (seeds []uint64) {
	t.Helper()
	given := os.Getenv("ATLAS_SEEDS")
	if given == "" {
		return []uint64{1}
	}
	for text := range strings.SplitSeq(given, ",") {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, seed)
	}
	return seeds
}

func runScenario(t *testing.T, env *environment, seed uint64) {
	const perTransport = 5
	var clients []*simulatedClient
	for range perTransport {
		for _, transport := range connection.Transports {
			clients = append(clients, env.newClient(seed, uint64(len(clients)+1), transport))
		}
	}
	for _, client := range clients[:len(connection.Transports)] { // one of each transport receives the pair at the horizon
		client.subscriptions[0].subscription = subscription{measurement: chaosMeasurements[0], cursors: true}
		client.subscriptions = client.subscriptions[:1]
	}
	behind, starved := env.watchBehind(t), await.WatchStarvation(t)
	env.run(t, seed, clients)
	lag := tailLag + starved()
	if most := behind(); most == 0 {
		t.Error("no client was ever behind")
	}
	model := readLog(t, env.kafka, eventlog.ResultsTopic, env.archive)
	coverage := coverage{}
	for number, client := range clients {
		for _, sub := range client.subscriptions {
			coverage.count(sub)
			if err := sub.check(model, lag); err != nil {
				t.Errorf("client %d, %s: %v", number, client.Name, err)
			}
		}
	}
	t.Logf("seed %d: %+v; the live tail may have lagged by %s", seed, coverage, lag)
}

// coverage counts what a scenario has tried.
type coverage struct{ results, segments, resumed, complete int }

func (c *coverage) count(sub *simulatedSubscription) {
	for _, segment := range sub.segments {
		c.segments++
		c.results += len(segment.received)
		if segment.resumesAfter != nil {
			c.resumed++
		}
		if segment.complete {
			c.complete++
		}
	}
}

// watchBehind watches how many clients are behind, until the function that it returns is called, which returns the highest number.
func (e *environment) watchBehind(t *testing.T) (most func() int64) {
	t.Helper()
	var greatest atomic.Int64
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			for _, gateway := range e.gateways {
				if behind, err := testcluster.ReadMetric(gateway.Admins[0], "atlas_gateway_behind_clients"); err == nil && int64(behind) > greatest.Load() {
					greatest.Store(int64(behind))
				}
			}
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-ended
		return greatest.Load()
	}
}
