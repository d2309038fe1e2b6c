package resume

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/netproxy"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/sample"
	"atlasstream/services/e2e/internal/testcluster"
)

// killedMeasurements are those that the clients of the killed gateway subscribe to, each to one.
var killedMeasurements = []atlas.MeasurementID{1001, 1003, 5001, 10301}

// A hundred clients stream live from a gateway that is killed under load. They reconnect to another one with their cursors, and receive every
// result exactly once and in order, although producers post some of them twice.
func TestGatewayIsKilledUnderLoad(t *testing.T) {
	t.Parallel()
	const perEntrance, fromNPM = 19, 5
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	cluster := testcluster.Start(t, kafka)
	gateway := testcluster.BuildGateway(t)
	first, second := gateway.StartGateway(t, kafka), gateway.StartGateway(t, kafka)
	ctx, cancel := context.WithTimeout(t.Context(), 2*await.Patience)
	defer cancel()
	surviving, ctx := errgroup.WithContext(ctx)
	var failovers []*failoverClient
	for i := range perEntrance * len(connection.Transports) {
		survivor := newFailoverClient(connection.Transports[i%len(connection.Transports)], i, first.Public, second.Public)
		failovers = append(failovers, survivor)
		surviving.Go(func() error { return survivor.run(ctx) })
	}
	clients, proxies := recoveringClients(t, fromNPM, first.Cluster)
	await.Condition(t, "all are subscribed", func() bool {
		return await.All(failovers, func(s *failoverClient) bool { return s.subscribed.Load() }) || ctx.Err() != nil
	})
	poster := &repeatingPoster{cluster: cluster, measurements: killedMeasurements}
	surviving.Go(func() error { return poster.run(ctx) })
	const some = 30
	await.Condition(t, "all have received some results", func() bool {
		return ctx.Err() != nil || await.All(failovers, func(s *failoverClient) bool { return s.received.Load() >= some }) && await.All(clients, func(c *realclient.Client) bool { return len(c.Received) >= some })
	})
	first.Kill(t)
	before := poster.posted.Load()
	for _, proxy := range proxies {
		proxy.ForwardTo(second.Public)
	}
	await.Condition(t, "all have reconnected and receive new results", func() bool {
		return ctx.Err() != nil || await.All(failovers, func(s *failoverClient) bool { return s.received.Load() >= before+some })
	})
	poster.stopped.Store(true)
	if err := surviving.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, client := range clients {
		checkRecovered(t, client, killedMeasurements[i%len(killedMeasurements)], int(poster.posted.Load()))
	}
	t.Logf("%d results of each measurement; %d of %d posts were repeated", poster.posted.Load(), poster.repeated, poster.posts)
}

// repeatingPoster posts numbered results, the same numbers of every measurement, and some of them twice: at once or after the next ones.
type repeatingPoster struct {
	cluster         *testcluster.Cluster
	measurements    []atlas.MeasurementID
	posted          atomic.Int64 // results of each measurement
	stopped         atomic.Bool
	posts, repeated int
	previous        [][]byte
}

func (p *repeatingPoster) run(ctx context.Context) error {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for !p.stopped.Load() {
		if err := p.post(4, false); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return p.post(1, true)
}

// post posts the next results of each measurement, the last ones if last.
func (p *repeatingPoster) post(count int, last bool) error {
	var results [][]byte
	for range count {
		number := p.posted.Add(1)
		for _, measurement := range p.measurements {
			results = append(results, fmt.Appendf(nil, `{"msm_id":%d,"prb_id":%d,"timestamp":%d,"type":"ping","last":%t}`, measurement, number, time.Now().Unix(), last))
		}
	}
	batches := [][][]byte{results}
	switch p.posts++; p.posts % 5 {
	case 1:
		batches = append(batches, results)
	case 3:
		batches = append(batches, p.previous)
	}
	p.previous = results
	p.repeated += len(batches) - 1
	for _, batch := range batches {
		if status, answer, err := p.cluster.Post(batch...); err != nil || status != http.StatusOK {
			return fmt.Errorf("posting: %d %+v %w", status, answer, err)
		}
	}
	return nil
}

// failoverClient connects to the next gateway when its own is gone.
type failoverClient struct {
	connection.Transport
	measurement atlas.MeasurementID
	recovers    bool // by PID and offset
	gateways    []string
	subscribed  atomic.Bool
	received    atomic.Int64 // results, which are numbered
	complete    bool
	cursor, pid string
}

func newFailoverClient(transport connection.Transport, number int, gateways ...string) *failoverClient {
	return &failoverClient{
		Transport: transport, measurement: killedMeasurements[number%len(killedMeasurements)], recovers: transport.SocketIO && number%10 >= len(connection.Transports), gateways: gateways,
	}
}

func (c *failoverClient) run(ctx context.Context) (err error) {
	for _, gateway := range c.gateways {
		if err = c.connectTo(ctx, gateway); err == nil {
			return nil
		}
		if _, cut := errors.AsType[goneError](err); !cut {
			break
		}
	}
	return fmt.Errorf("%s of measurement %d, recovering: %t, after %d results: %w", c.Name, c.measurement, c.recovers, c.received.Load(), err)
}

func (c *failoverClient) connectTo(ctx context.Context, gateway string) error {
	options := connection.Options{Gateway: gateway, Parameters: sample.JSON(map[string]any{"msm": c.measurement, "cursor": c.cursor})}
	if c.recovers && c.pid != "" {
		options.PID, options.Offset = c.pid, c.cursor
	}
	conn, err := c.Open(ctx, options)
	if err != nil {
		return err
	}
	defer conn.Close()
	if options.PID != "" && conn.PID != options.PID {
		return fmt.Errorf("reconnected with PID %s and offset %s, got PID %s", options.PID, options.Offset, conn.PID)
	}
	c.pid = conn.PID
	if conn.Send != nil && options.PID == "" {
		err = conn.Send("atlas_subscribe", options.Parameters)
	}
	if err == nil {
		_, err = conn.Expect(`["atlas_subscribed",`)
	}
	c.subscribed.Store(err == nil)
	for err == nil && !c.complete {
		err = c.receive(conn)
	}
	return err
}

// goneError is the error of a connection that the gateway no longer serves.
type goneError struct{ error }

func (c *failoverClient) receive(conn *connection.Connection) error {
	msg, err := conn.Receive()
	if err != nil {
		return goneError{err}
	}
	var traits sample.Fields
	if err := json.Unmarshal(msg.Payload, &traits); err != nil || traits.Probe != int(c.received.Load()+1) || traits.Measurement != int(c.measurement) {
		return fmt.Errorf("received %s", msg)
	}
	c.received.Add(1)
	c.cursor, c.complete = msg.Cursor(), traits.Last
	return nil
}

// recoveringClients starts clients from npm, each behind a proxy of its own.
func recoveringClients(t *testing.T, count int, gateway *testcluster.Cluster) (clients []*realclient.Client, proxies []*netproxy.Proxy) {
	t.Helper()
	for i := range count {
		proxy := netproxy.Start(t, gateway.Public)
		proxy.AllowUpgrades()
		proxied := gateway.At(proxy.Address)
		client := realclient.StartNode(t, proxied, "4.8", "websocket")
		client.SubscribeWith(t, fmt.Sprintf(`{"msm":%d,"cursor":""}`, killedMeasurements[i%len(killedMeasurements)]))
		clients, proxies = append(clients, client), append(proxies, proxy)
	}
	return clients, proxies
}

// checkRecovered checks what a client from npm received: every result once and in order, and between two of them that it was disconnected and recovered.
func checkRecovered(t *testing.T, c *realclient.Client, measurement atlas.MeasurementID, count int) {
	t.Helper()
	changes := []string{"disconnect", "connect", "recovered", "atlas_subscribed"}
	for number := 1; number <= count; {
		event, payload := c.Receive(t)
		if len(changes) > 0 && event == changes[0] {
			changes = changes[1:]
			continue
		}
		result, err := atlas.ParseResult(payload)
		if err != nil || event != "atlas_result" || result.Measurement != measurement || int(result.Probe) != number {
			t.Fatalf("received %s %s, want result %d of measurement %d, or %q", event, payload, number, measurement, changes)
		}
		number++
	}
	if len(changes) > 0 {
		t.Errorf("did not receive %q", changes)
	}
}
