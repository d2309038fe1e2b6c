package resume

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog"
	"atlasstream/pkg/eventlog/kafkatest"
	"atlasstream/services/collector"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/gateway"
)

// quietBehindTime is how old the cursors of TestQuietSubscriptionsKeepTheirPlace may be.
const quietBehindTime = 7 * time.Second

// Clients stay connected for five times as long as cursors last, and nothing matches their subscriptions, though other records come. Then all connections break,
// results come in, and the clients resume at another gateway: they miss nothing and get nothing twice.
func TestQuietSubscriptionsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	env := startQuietEnvironment(t)
	env.startBusyProducer(t)
	clients := env.startClients(t)
	env.hold(t, clients, 5*quietBehindTime)
	env.interrupt(t, clients, 1)
}

// each does something with every client, in a test of its own, unless it has failed already.
func each(t *testing.T, clients []quietClient, what string, do func(quietClient, *testing.T)) {
	t.Helper()
	for _, client := range clients {
		if client.traits().failed {
			continue
		}
		client.traits().failed = !t.Run(client.traits().name+" "+what, func(t *testing.T) { do(client, t) })
	}
}

// quietEnvironment has two gateways on Apache Kafka, of which clients know a proxy, and a measurement that often has a new result.
type quietEnvironment struct {
	cluster, other *testcluster.Cluster
	proxy          *netproxy.Proxy
	busy, last     atlas.MeasurementID // the last one that is taken
	probe          int
}

func startQuietEnvironment(t *testing.T) *quietEnvironment {
	t.Helper()
	kafka := kafkatest.Start(t, 1).Addrs()
	settings := gateway.Config{BehindTime: quietBehindTime, Backlog: time.Second}
	env := &quietEnvironment{busy: 1001, last: 1001, probe: 1000}
	env.cluster = testcluster.StartWith(t, kafka, collector.Config{}, settings)
	env.other = testcluster.StartGateway(t, kafka, settings)
	env.other.Ingest = env.cluster.Ingest
	env.proxy = netproxy.Start(t, env.cluster.Public)
	env.proxy.AllowUpgrades()
	return env
}

// startClients starts the raw clients first: they are the first to resume, as their cursors get old meanwhile.
func (e *quietEnvironment) startClients(t *testing.T) []quietClient {
	t.Helper()
	return append(e.startRawClients(t), e.startRealClients(t)...)
}

// interrupt breaks all connections and has clients resume at the other gateway. They receive the three results that were posted meanwhile, from a number on, and
// then the next one.
func (e *quietEnvironment) interrupt(t *testing.T, clients []quietClient, first int) {
	t.Helper()
	e.proxy.Cut()
	e.cluster, e.other = e.other, e.cluster
	e.proxy.ForwardTo(e.cluster.Public)
	each(t, clients, "disconnects", quietClient.awaitDisconnect)
	e.post(t, clients, first, first+2)
	e.proxy.Restore()
	each(t, clients, "resumes", quietClient.resume)
	each(t, clients, "receives what it has missed", func(client quietClient, t *testing.T) { client.expect(t, first, first+2) })
	e.exchange(t, clients, "receives what is new", first+3, first+3) // what arrives twice is before it
}

// startBusyProducer posts results of the busy measurement until the test ends.
func (e *quietEnvironment) startBusyProducer(t *testing.T) {
	t.Helper()
	cluster := e.cluster
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		for number := 1; ctx.Err() == nil; number++ {
			if _, answer, err := cluster.Post(quietResult(e.busy, 1, number)); err != nil || answer.Accepted != 1 {
				t.Errorf("posting result %d: %+v %v", number, answer, err)
				return
			}
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
}

func quietResult(measurement atlas.MeasurementID, probe, number int) []byte {
	return fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"number":%d,"timestamp":%d,"type":"ping"}`, measurement, probe, number, time.Now().Unix())
}

// quietSubscription is one that nothing matches before its results are posted.
type quietSubscription struct {
	measurement atlas.MeasurementID
	parameters  map[string]any
	result      func(number int) []byte
}

// with are the parameters with a cursor.
func (q quietSubscription) with(cursor string) json.RawMessage {
	all := maps.Clone(q.parameters)
	all["cursor"] = cursor
	return sample.JSON(all)
}

// quietSubscriptions are quiet for different reasons.
var quietSubscriptions = map[string]func(*quietEnvironment) quietSubscription{
	"other measurements of the partition have results": func(e *quietEnvironment) quietSubscription { return e.subscriptionIn(true) },
	"the partition has no results":                     func(e *quietEnvironment) quietSubscription { return e.subscriptionIn(false) },
	"other probes have results": func(e *quietEnvironment) quietSubscription {
		e.probe++
		probe := e.probe
		return quietSubscription{
			e.busy, map[string]any{"msm": e.busy, "prb": probe}, func(number int) []byte { return quietResult(e.busy, probe, number) },
		}
	},
}

// subscriptionIn is one to a measurement of its own, in the partition of the busy one or in another one.
func (e *quietEnvironment) subscriptionIn(busyPartition bool) quietSubscription {
	measurement := e.last + 1
	for (eventlog.PartitionOf(measurement, testcluster.Partitions) == eventlog.PartitionOf(e.busy, testcluster.Partitions)) != busyPartition {
		measurement++
	}
	e.last = measurement
	return quietSubscription{measurement, map[string]any{"msm": measurement}, func(number int) []byte { return quietResult(measurement, 1, number) }}
}

// hold has all clients connected for a while.
func (e *quietEnvironment) hold(t *testing.T, clients []quietClient, duration time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	var holding errgroup.Group
	for _, client := range clients {
		holding.Go(func() error {
			if err := client.hold(ctx); err != nil {
				return fmt.Errorf("%s: %w", client.traits().name, err)
			}
			return nil
		})
	}
	if err := holding.Wait(); err != nil {
		t.Fatal(err)
	}
}

// exchange posts results of all subscriptions and has clients receive them.
func (e *quietEnvironment) exchange(t *testing.T, clients []quietClient, what string, first, last int) {
	t.Helper()
	e.post(t, clients, first, last)
	each(t, clients, what, func(client quietClient, t *testing.T) { client.expect(t, first, last) })
}

// post posts results of all subscriptions.
func (e *quietEnvironment) post(t *testing.T, clients []quietClient, first, last int) {
	t.Helper()
	var results [][]byte
	for number := first; number <= last; number++ {
		for _, client := range clients {
			for _, quiet := range client.traits().subscriptions {
				results = append(results, quiet.result(number))
			}
		}
	}
	e.cluster.MustPostUntilAccepted(t, results)
}

// expectGaps has all clients told once of each partition that they have lost something.
func (e *quietEnvironment) expectGaps(t *testing.T, clients []quietClient) {
	t.Helper()
	each(t, clients, "is told", func(client quietClient, t *testing.T) {
		partitions := map[int]bool{}
		for _, quiet := range client.traits().subscriptions {
			partitions[eventlog.PartitionOf(quiet.measurement, testcluster.Partitions)] = true
		}
		client.expectErrors(t, len(partitions), "gap")
	})
}
