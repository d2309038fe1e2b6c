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
			c := startFailover(t, count)
			c.forger.expectNoDials(t, "before clients come", c.All())
			c.follow(t)
			c.expectResults(t)
			c.expectUnknownSessionsOfKilled(t)
			c.expectOnlyGenuineSessionsPassedOn(t)
			c.forger.expectNoDials(t, "after clients have gone", c.All())
		})
	}
}

// failover is gateways one of which is killed, and their clients.
type failover struct {
	*balancer.Nginx
	kafka     []string
	peers     *testcluster.Peers
	killed    *testcluster.Process
	owners    map[string]*testcluster.Process // by the tag in session IDs
	forger    *forger
	followers []*follower
	answered  []balancer.Request // before clients were closed
}

func startFailover(t *testing.T, count int) *failover {
	t.Helper()
	c := &failover{kafka: testcluster.Brokers["apache"](t), owners: make(map[string]*testcluster.Process)}
	testcluster.Start(t, c.kafka)
	c.peers = testcluster.BuildGateway(t).NewPeers(t, c.kafka, count+1, append([]string{"--trusted-proxies", balancer.NginxAddress}, roomForOneAddress...)...)
	var gateways []*testcluster.Process
	for range count {
		gateways = append(gateways, c.startGateway(t))
	}
	c.Nginx = balancer.StartNginx(t, gateways...)
	c.forger = newForger(t, c.Address, gateways)
	return c
}

func (c *failover) startGateway(t *testing.T) *testcluster.Process {
	t.Helper()
	gateway := c.peers.Start(t)
	c.owners[tagOf(openSessionAt(t, gateway.Public))] = gateway
	return gateway
}

// follow has clients receive for the duration.
func (c *failover) follow(t *testing.T) {
	t.Helper()
	c.followers = startFollowers(t, c.Address)
	var following sync.WaitGroup
	for _, f := range c.followers {
		following.Go(f.run)
	}
	await.Condition(t, "all are subscribed", func() bool { return await.All(c.followers, func(f *follower) bool { return f.subscribed.Load() }) })
	writer := workload.NewWriter(t, c.kafka, 1001)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error { return c.forger.run(ctx) })
	running.Go(func() error { return writer.RunSlowly(ctx) })
	await.Duration(ctx, *duration/2)
	c.replaceKilled(t)
	await.Duration(ctx, *duration/2)
	writer.Stopped.Store(true)
	await.Condition(t, "all have received the last result", func() bool { return ctx.Err() != nil || await.All(c.followers, (*follower).hasEnded) })
	stop()
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
	c.answered = c.Requests(t)
	for _, f := range c.followers {
		f.client.Close()
	}
	following.Wait()
	known(t, "results", float64(writer.Written.Load()))
}

// replaceKilled kills a gateway, and starts another one.
func (c *failover) replaceKilled(t *testing.T) {
	t.Helper()
	c.killed = c.All()[0]
	known(t, "sessions of the gateway that is killed", clientsOf(c.killed))
	known(t, "tunnels through it to sessions of others", c.killed.Metric(t, "atlas_gateway_tunnels"))
	c.killed.Kill(t)
	c.Remove(c.killed)
	c.Add(c.startGateway(t))
}

// expectResults checks what clients have received.
func (c *failover) expectResults(t *testing.T) {
	t.Helper()
	var disconnects, withCursors, incomplete int
	var missed int64
	for _, f := range c.followers {
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
	known(t, "clients", float64(len(c.followers)))
	known(t, "of these, with cursors", float64(withCursors))
	known(t, "disconnects", float64(disconnects))
	known(t, "results that clients without cursors missed while they reconnected", float64(missed))
	atMost(t, "clients that missed a result otherwise, or got one twice", float64(incomplete), 0)
	known(t, "forged session IDs refused so far", float64(c.forger.refused))
	known(t, "502 for forged session IDs, as the gateway that was killed was asked", float64(c.forger.failed))
	atMost(t, "forged session IDs answered otherwise", float64(len(c.forger.faults)), 0)
	for _, fault := range c.forger.faults[:min(5, len(c.forger.faults))] {
		t.Log(fault)
	}
}

// expectUnknownSessionsOfKilled checks whose sessions were unknown.
func (c *failover) expectUnknownSessionsOfKilled(t *testing.T) {
	t.Helper()
	var all, ofKilled, ofOthers int
	others := make(map[int]int)
	for _, request := range c.answered {
		owner := c.owners[tagOf(request.SessionID)]
		switch {
		case request.SessionID == "" || c.forger.forged[request.SessionID]:
			continue
		case request.Status == http.StatusBadRequest && owner == c.killed:
			ofKilled++
		case request.Status == http.StatusBadRequest:
			ofOthers++
		case request.Status >= http.StatusBadRequest:
			others[request.Status]++
		}
		all++
	}
	known(t, "requests of sessions", float64(all))
	known(t, "400 for sessions of the gateway that was killed", float64(ofKilled))
	atMost(t, "400 for sessions of others", float64(ofOthers), 0)
	for _, status := range slices.Sorted(maps.Keys(others)) {
		known(t, fmt.Sprintf("%d for sessions", status), float64(others[status]))
	}
}

// expectOnlyGenuineSessionsPassedOn compares how many requests gateways have passed on with how many nginx has seen of sessions of others.
func (c *failover) expectOnlyGenuineSessionsPassedOn(t *testing.T) {
	t.Helper()
	await.Condition(t, "no tunnel is left", func() bool {
		return await.All(c.All(), func(g *testcluster.Process) bool { return g.Metric(t, "atlas_gateway_tunnels") == 0 })
	})
	requests := c.Requests(t)
	var passedOn, genuine, beyond float64
	for _, gateway := range c.All() {
		passed, expected := gateway.Sum(t, "atlas_gateway_passed_on_requests_total"), 0.0
		for _, request := range requests {
			owner, genuineTag := c.owners[tagOf(request.SessionID)]
			if request.Gateway == gateway.Public && genuineTag && owner != gateway && !c.forger.forged[request.SessionID] {
				expected++
			}
		}
		passedOn, genuine, beyond = passedOn+passed, genuine+expected, beyond+max(0, passed-expected)
	}
	known(t, "requests that gateways have passed on", passedOn)
	if passedOn == 0 {
		t.Error("no request was passed on: round robin should have sent most to other gateways than their session's")
	}
	known(t, "connections between gateways for them", dialsOf(t, c.All()))
	atMost(t, "requests passed on beyond those of genuine sessions", beyond, 0)
}
