package catchup

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
	"atlasstream/services/gateway"
)

const (
	warmUp    = 4 * time.Second
	stallTime = 30 * time.Second
	// stallMemory is how many bytes a client that does not read may cost the gateway.
	stallMemory = 4 << 20
)

// Clients of every transport stop reading for half a minute at the same time. The gateway's memory grows little, a client that reads is delayed no more than a
// client of another gateway, and those that continue to read receive everything, once and in order.
func TestClientsStopReading(t *testing.T) {
	t.Parallel()
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	testcluster.Start(t, kafka)
	program := testcluster.BuildGateway(t)
	gateway, other := program.StartGateway(t, kafka), program.StartGateway(t, kafka)
	ctx, cancel := context.WithTimeout(t.Context(), stallTime+3*await.Patience)
	defer cancel()
	reading, ctx := errgroup.WithContext(ctx)
	stall := &workload.Stall{Begin: make(chan struct{}), End: make(chan struct{})}
	for _, transport := range connection.Transports {
		reader := workload.NewReader(connection.MustSubscribe(t, transport, stallOptions(gateway)), transport.Name)
		reading.Go(func() error { return reader.ReadExceptStall(ctx, stall) })
	}
	reader := workload.NewReader(connection.MustSubscribe(t, connection.WebSocket, stallOptions(gateway)), "a WebSocket that is read")
	control := workload.NewReader(connection.MustSubscribe(t, connection.WebSocket, stallOptions(other)), "a WebSocket of another gateway")
	reading.Go(reader.Read)
	reading.Go(control.Read)
	writer := workload.NewWriter(t, kafka, 1001)
	reading.Go(func() error { return writer.Run(ctx) })

	await.Duration(ctx, warmUp)
	memory, begin := gateway.Memory(t), time.Now()
	starved := await.WatchStarvation(t)
	close(stall.Begin)
	most := int64(0)
	for range 3 {
		await.Duration(ctx, stallTime/3)
		now := gateway.Memory(t)
		t.Logf("in the stall: %d KiB, %d KiB at first", now>>10, memory>>10)
		most = max(most, now)
	}
	if behind := gateway.Metric(t, "atlas_gateway_behind_clients"); int(behind) != len(connection.Transports) {
		t.Errorf("%v clients are behind, want %d", behind, len(connection.Transports))
	}
	end, noticeable := time.Now(), 250*time.Millisecond+starved()
	close(stall.End)
	await.Duration(ctx, time.Second)
	writer.Stopped.Store(true)
	if err := reading.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d results, received by all %s after the stall", writer.Written.Load(), time.Since(end).Round(time.Millisecond))
	if grown := (most - memory) / int64(len(connection.Transports)); grown >= stallMemory {
		t.Errorf("the gateway grew by %d KiB for each client that did not read, want less than %d", grown>>10, stallMemory>>10)
	}
	checkLatency(t, percentile99(reader, begin, end), percentile99(control, begin, end), noticeable)
	await.Condition(t, "no client is behind any more", func() bool { return gateway.Metric(t, "atlas_gateway_behind_clients") == 0 })
}

func stallOptions(gateway *testcluster.Process) connection.Options {
	return connection.Options{Gateway: gateway.Public, Parameters: json.RawMessage(`{"msm":1001}`)}
}

// checkLatency compares a client of the gateway with stalled clients with a client of another gateway. Other load on the machine delays both.
func checkLatency(t *testing.T, here, elsewhere, noticeable time.Duration) {
	t.Helper()
	t.Logf("in the stall, 99 of 100 results took %s at most, and %s at another gateway; %s more would fail", here, elsewhere, noticeable)
	if here > 2*elsewhere+noticeable {
		t.Errorf("in the stall, 99 of 100 results took %s at most, and %s at another gateway", here, elsewhere)
	}
}

// percentile99 is how long 99 of 100 results that arrived in an interval took at most.
func percentile99(reader *workload.Reader, begin, end time.Time) time.Duration {
	var took []time.Duration
	for i, at := range reader.Arrived {
		if at.After(begin) && at.Before(end) {
			took = append(took, reader.Took[i])
		}
	}
	if len(took) == 0 {
		return stallTime
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

// Heartbeats become due while the queues of clients are full of results. No client loses its connection: heartbeats and results arrive once there is room.
func TestHeartbeatsOfClientsThatAreBehind(t *testing.T) {
	t.Parallel()
	const interval = 5 * time.Second // enough for the queues to be full when the first is due
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	testcluster.Start(t, kafka)
	slow := testcluster.StartGateway(t, kafka, gateway.Config{QueueBytes: 1 << 20, QueueMessages: 40, PingInterval: interval})
	writer := workload.NewWriter(t, kafka, 1001)
	readers := workload.StartBehind(t, slow, writer)
	await.Duration(t.Context(), interval+time.Second)
	if connected := slow.Metric(t, "atlas_gateway_clients"); int(connected) != len(readers) {
		t.Errorf("%v clients are left of %d", connected, len(readers))
	}
	if err := writer.Write(t.Context(), 1, true); err != nil {
		t.Fatal(err)
	}
	workload.StartReading(t, readers)()
}
