//go:build fleet

package fleet

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/balancer"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

var duration = flag.Duration("duration", 5*time.Minute, "how long real clients receive, with two gateways and with three")

// Real clients of every version, on every transport, receive behind nginx, which sends each of their requests to the next gateway. Halfway one gateway is killed
// and another one takes its place. Clients with cursors receive every result once and in order; only sessions of the gateway that was killed are unknown to
// others; and session IDs that no gateway has made, which are sent all the time, never make one connect to another.
func TestEveryClientWhileAGatewayIsKilled(t *testing.T) {
	for _, count := range []int{2, 3} {
		t.Run(fmt.Sprintf("%d gateways", count), func(t *testing.T) {
			k := startKilled(t, count)
			k.forger.expectNoDials(t, "before clients come", k.All())
			k.follow(t)
			k.expectResults(t)
			k.expectUnknownSessionsOfKilled(t)
			k.expectOnlyGenuineSessionsPassedOn(t)
			k.forger.expectNoDials(t, "after clients have gone", k.All())
		})
	}
}

// killed is gateways one of which is killed, and their clients.
type killed struct {
	*balancer.Nginx
	kafka     []string
	peers     *testcluster.Peers
	gone      *testcluster.Process
	owners    map[string]*testcluster.Process // by the tag in session IDs
	forger    *forger
	followers []*follower
	answered  []balancer.Request // before clients were closed
}

func startKilled(t *testing.T, count int) *killed {
	t.Helper()
	k := &killed{kafka: testcluster.Brokers["apache"](t), owners: make(map[string]*testcluster.Process)}
	testcluster.Start(t, k.kafka)
	k.peers = testcluster.BuildGateway(t).NewPeers(t, k.kafka, count+1, append([]string{"--trusted-proxies", balancer.NginxAddress}, roomForOneAddress...)...)
	var gateways []*testcluster.Process
	for range count {
		gateways = append(gateways, k.startGateway(t))
	}
	k.Nginx = balancer.StartNginx(t, gateways...)
	k.forger = newForger(t, k.Address, gateways)
	return k
}

func (k *killed) startGateway(t *testing.T) *testcluster.Process {
	t.Helper()
	gateway := k.peers.Start(t)
	k.owners[tagOf(openSessionAt(t, gateway.Public))] = gateway
	return gateway
}

// follow has clients receive for the duration.
func (k *killed) follow(t *testing.T) {
	t.Helper()
	k.followers = startFollowers(t, k.Address)
	var following sync.WaitGroup
	for _, f := range k.followers {
		following.Go(f.run)
	}
	await.Condition(t, "all are subscribed", func() bool { return await.All(k.followers, func(f *follower) bool { return f.subscribed.Load() }) })
	writer := workload.NewWriter(t, k.kafka, 1001)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error { return k.forger.run(ctx) })
	running.Go(func() error { return writer.RunSlowly(ctx) })
	await.Duration(ctx, *duration/2)
	k.replaceKilled(t)
	await.Duration(ctx, *duration/2)
	writer.Stopped.Store(true)
	await.Condition(t, "all have received the last result", func() bool { return ctx.Err() != nil || await.All(k.followers, (*follower).hasEnded) })
	stop()
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
	k.answered = k.Requests(t)
	for _, f := range k.followers {
		f.client.Close()
	}
	following.Wait()
	known(t, "results", float64(writer.Written.Load()))
}

// replaceKilled kills a gateway, and starts another one.
func (k *killed) replaceKilled(t *testing.T) {
	t.Helper()
	k.gone = k.All()[0]
	known(t, "sessions of the gateway that is killed", clientsOf(k.gone))
	known(t, "tunnels through it to sessions of others", k.gone.Metric(t, "atlas_gateway_tunnels"))
	k.gone.Kill(t)
	k.Remove(k.gone)
	k.Add(k.startGateway(t))
}

// expectResults checks what clients have received.
func (k *killed) expectResults(t *testing.T) {
	t.Helper()
	var disconnects, withCursors, incomplete int
	var missed int64
	for _, f := range k.followers {
		disconnects += f.disconnects
		missed += f.missed
		if f.hasCursors {
			withCursors++
		}
		if f.fault != nil || !f.complete.Load() {
			incomplete++
			t.Errorf("%s, after result %d and %d disconnects: %v", f.Name, f.number, f.disconnects, f.fault)
		}
	}
	known(t, "clients", float64(len(k.followers)))
	known(t, "of these, with cursors", float64(withCursors))
	known(t, "disconnects", float64(disconnects))
	known(t, "results that clients without cursors missed while they reconnected", float64(missed))
	atMost(t, "clients that missed a result otherwise, or got one twice", float64(incomplete), 0)
	known(t, "forged session IDs refused so far", float64(k.forger.refused))
	known(t, "502 for forged session IDs, as the gateway that was killed was asked", float64(k.forger.failed))
	atMost(t, "forged session IDs answered otherwise", float64(len(k.forger.faults)), 0)
	for _, fault := range k.forger.faults[:min(5, len(k.forger.faults))] {
		t.Log(fault)
	}
}

// expectUnknownSessionsOfKilled checks whose sessions were unknown.
func (k *killed) expectUnknownSessionsOfKilled(t *testing.T) {
	t.Helper()
	var all, ofGone, ofOthers int
	others := make(map[int]int)
	for _, request := range k.answered {
		owner := k.owners[tagOf(request.SessionID)]
		switch {
		case request.SessionID == "" || k.forger.forged[request.SessionID]:
			continue
		case request.Status == http.StatusBadRequest && owner == k.gone:
			ofGone++
		case request.Status == http.StatusBadRequest:
			ofOthers++
		case request.Status >= http.StatusBadRequest:
			others[request.Status]++
		}
		all++
	}
	known(t, "requests of sessions", float64(all))
	known(t, "400 for sessions of the gateway that was killed", float64(ofGone))
	atMost(t, "400 for sessions of others", float64(ofOthers), 0)
	for _, status := range slices.Sorted(maps.Keys(others)) {
		known(t, fmt.Sprintf("%d for sessions", status), float64(others[status]))
	}
}

// expectOnlyGenuineSessionsPassedOn compares how many requests gateways have passed on with how many nginx has seen of sessions of others.
func (k *killed) expectOnlyGenuineSessionsPassedOn(t *testing.T) {
	t.Helper()
	await.Condition(t, "no tunnel is left", func() bool {
		return await.All(k.All(), func(g *testcluster.Process) bool { return g.Metric(t, "atlas_gateway_tunnels") == 0 })
	})
	requests := k.Requests(t)
	var passedOn, genuine, beyond float64
	for _, gateway := range k.All() {
		passed, expected := gateway.Sum(t, "atlas_gateway_passed_on_requests_total"), 0.0
		for _, request := range requests {
			owner, known := k.owners[tagOf(request.SessionID)]
			if request.Gateway == gateway.Public && known && owner != gateway && !k.forger.forged[request.SessionID] {
				expected++
			}
		}
		passedOn, genuine, beyond = passedOn+passed, genuine+expected, beyond+max(0, passed-expected)
	}
	known(t, "requests that gateways have passed on", passedOn)
	known(t, "connections between gateways for them", dialsOf(t, k.All()))
	atMost(t, "requests passed on beyond those of genuine sessions", beyond, 0)
}
