package resume

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/eventlog/embedded"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

const (
	drainDelay = 3 * time.Second
	drainTime  = 6 * time.Second
	replaying  = "replaying" // the kind of clients that do not receive what comes live
)

// A gateway drains under clients of each kind: by every transport, live, catching up and replaying, with cursors and without. Each is told, one after the other, and goes to
// another gateway; those with cursors receive every result exactly once and in order. Newcomers are served during the delay and sent elsewhere after that.
func TestGatewayDrainsUnderClientsOfEachKind(t *testing.T) {
	t.Parallel()
	kafka := testcluster.StartBroker(t, embedded.Config{}).Addrs()
	cluster := testcluster.Start(t, kafka)
	program := testcluster.BuildGateway(t)
	settings := []string{"--history", "open", "--queue-bytes", "1048576"}
	first := program.StartGateway(t, kafka, append(settings, "--drain-delay", drainDelay.String(), "--drain", drainTime.String())...)
	second := program.StartGateway(t, kafka, settings...)
	writer, replayed := workload.NewWriter(t, kafka, 1001), postReplayed(t, cluster)

	awake := make(chan struct{})
	clients, behind := drainedClients(awake, replayed, first.Public, second.Public)
	running, ctx := errgroup.WithContext(t.Context())
	for _, client := range clients {
		running.Go(func() error { return client.Run(ctx) })
	}
	await.Condition(t, "all are subscribed", func() bool {
		return ctx.Err() != nil || await.All(clients, func(c *drainedClient) bool { return c.Subscribed.Load() })
	})
	await.Condition(t, "clients that do not read are behind", func() bool {
		if err := writer.Write(t.Context(), 500, false); err != nil {
			t.Fatal(err)
		}
		return ctx.Err() != nil || int(first.Metric(t, "atlas_gateway_behind_clients")) >= behind
	})
	running.Go(func() error { return writer.RunSlowly(ctx) })

	began := time.Now()
	if err := first.Command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await.Condition(t, "the gateway is not ready", func() bool { return !testcluster.AnswersOK(first.Admins[0], "/readyz") })
	expectNewcomerIsServed(t, first, began)
	close(awake)
	await.Condition(t, "a client is told to leave", func() bool {
		return ctx.Err() != nil || !await.All(clients, func(c *drainedClient) bool { return c.toldAt.Load() == nil })
	})
	if newcomer, err := connection.OpenEvents(t.Context(), connection.Options{Gateway: first.Public, Parameters: []byte(`{"msm":1001}`)}); err == nil {
		newcomer.Close()
		t.Error("a newcomer is served while others are told to leave")
	}
	await.Condition(t, "the gateway has ended", func() bool { return !testcluster.AnswersOK(first.Admins[0], "/healthz") })
	written := writer.Written.Load()
	await.Condition(t, "all are at the other gateway", func() bool {
		return ctx.Err() != nil || await.All(clients, func(c *drainedClient) bool { return c.Kind == replaying || c.Number.Load() > written })
	})
	writer.Stopped.Store(true)
	if err := running.Wait(); err != nil {
		t.Fatal(err)
	}
	expectSpread(t, clients, began)
}

// postReplayed posts results of 50 minutes, which a replay at a hundred times their speed takes half a minute for.
func postReplayed(t *testing.T, cluster *testcluster.Cluster) (parameters map[string]any) {
	t.Helper()
	const count, apart = 600, 5
	measurement := testcluster.OtherMeasurement(1001, false)
	begin := time.Now().Unix() - count*apart
	var results [][]byte
	for number := 1; number <= count; number++ {
		results = append(results, fmt.Appendf(nil, `{"msm_id":%d,"prb_id":1,"timestamp":%d,"type":"ping","number":%d,"last":%t}`,
			measurement, begin+int64(number*apart), number, number == count))
	}
	cluster.MustPost(t, results...)
	return map[string]any{"msm": measurement, "startTime": begin + apart, "endTime": begin + count*apart, "speed": 100, "cursor": ""}
}

// drainedClient goes from one gateway to the next when it is told to.
type drainedClient struct {
	*workload.Roamer
	toldAt   atomic.Pointer[time.Time]
	gateways []string // that it has not been at
}

func newDrainedClient(transport connection.Transport, kind string, parameters map[string]any, gateways []string) *drainedClient {
	c := &drainedClient{gateways: gateways}
	c.Roamer = &workload.Roamer{Transport: transport, Kind: kind, Parameters: parameters, Next: c.next, Told: func(string) {
		now := time.Now()
		c.toldAt.Store(&now)
	}}
	return c
}

func (c *drainedClient) next(context.Context) (gateway string, err error) {
	if len(c.gateways) == 0 {
		return "", errors.New("there is no further gateway")
	}
	gateway, c.gateways = c.gateways[0], c.gateways[1:]
	return gateway, nil
}

// drainedClients are clients of every transport and kind; behind of them do not read until they are awake.
func drainedClients(awake <-chan struct{}, replayed map[string]any, gateways ...string) (clients []*drainedClient, behind int) {
	live := map[string]any{"msm": atlas.MeasurementID(1001), "cursor": ""}
	for _, transport := range connection.Transports {
		catchingUp := newDrainedClient(transport, "catching up", live, gateways)
		catchingUp.Awake, catchingUp.Pause = awake, time.Millisecond
		clients = append(clients, catchingUp,
			newDrainedClient(transport, "live", live, gateways),
			newDrainedClient(transport, "live as well", live, gateways),
			newDrainedClient(transport, replaying, replayed, gateways),
			newDrainedClient(transport, "without cursors", map[string]any{"msm": atlas.MeasurementID(1001)}, gateways))
		behind++
	}
	return clients, behind
}

// expectNewcomerIsServed subscribes at a draining gateway. A machine that is too slow for that learns nothing.
func expectNewcomerIsServed(t *testing.T, draining *testcluster.Process, began time.Time) {
	t.Helper()
	newcomer, err := connection.OpenEvents(t.Context(), connection.Options{Gateway: draining.Public, Parameters: []byte(`{"msm":1001}`)})
	if err == nil {
		defer newcomer.Close()
		_, err = newcomer.Expect(`["atlas_subscribed",`)
	}
	if err != nil && time.Since(began) < drainDelay {
		t.Errorf("a newcomer is refused during the delay: %v", err)
	}
	var status *connection.RefusedError
	if errors.As(err, &status) && status.Status != http.StatusServiceUnavailable {
		t.Errorf("a newcomer is refused with %v", err)
	}
}

// expectSpread checks that no client was told during the delay, and that they were not told at the same time.
func expectSpread(t *testing.T, clients []*drainedClient, began time.Time) {
	t.Helper()
	earliest, latest := time.Duration(1<<62), time.Duration(0)
	for _, client := range clients {
		told := client.toldAt.Load()
		if told == nil {
			t.Errorf("%s was not told to leave", client)
			continue
		}
		earliest, latest = min(earliest, told.Sub(began)), max(latest, told.Sub(began))
	}
	if earliest < drainDelay || latest-earliest < drainTime/2 {
		t.Errorf("clients were told to leave from %s to %s after the signal, want them spread over %s after %s", earliest, latest, drainTime, drainDelay)
	}
}
