//go:build compose

package compose

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/atlas"
	"atlasstream/pkg/jitter"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/realclient"
	"atlasstream/services/e2e/internal/testcluster"
	"atlasstream/services/e2e/internal/workload"
)

const (
	// measurement is none of the simulated network's.
	measurement    atlas.MeasurementID = 90_000_001
	perTransport                       = 4 // clients with cursors
	resultInterval                     = 50 * time.Millisecond
)

// load posts results to the collector one after the other, and has clients with cursors that must receive each of them once and in order.
type load struct {
	cluster *testcluster.Cluster
	running *errgroup.Group
	ctx     context.Context
	posted  atomic.Int64
	stopped atomic.Bool
	roamers []*workload.Roamer
	users   []*user
}

// user is a client that users have.
type user struct {
	*realclient.Client
	name   string
	number int64 // of the last result
	resets int   // how often it was disconnected
}

func startLoad(t *testing.T, cluster *testcluster.Cluster) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	l := &load{cluster: cluster}
	l.running, l.ctx = errgroup.WithContext(ctx)
	for i := range perTransport * len(connection.Transports) {
		roamer := l.startRoamer(connection.Transports[i%len(connection.Transports)])
		l.await(t, "the client is subscribed", roamer.Subscribed.Load) // one after the other, or the balancer, which looks the gateways up, sends all to one
	}
	for _, transports := range [][]string{{"websocket"}, {"polling"}, {"polling", "websocket"}} {
		client := realclient.StartNode(t, cluster, "4.8", transports...)
		client.SubscribeWith(t, fmt.Sprintf(`{"msm":%d,"cursor":""}`, measurement))
		l.users = append(l.users, &user{Client: client, name: fmt.Sprintf("socket.io-client 4.8, %v", transports)})
	}
	l.running.Go(l.post)
	return l
}

func (l *load) startRoamer(transport connection.Transport) *workload.Roamer {
	connects := 0
	roamer := &workload.Roamer{Transport: transport, Kind: "with cursors", Parameters: map[string]any{"msm": measurement, "cursor": ""}, Returns: true,
		Next: func(ctx context.Context) (string, error) {
			if connects++; connects > 1 {
				await.Duration(ctx, jitter.Around(time.Second)) // as socket.io-client does
			}
			return l.cluster.Public, ctx.Err()
		},
		Told: func(string) {},
	}
	l.roamers = append(l.roamers, roamer)
	l.running.Go(func() error { return roamer.Run(l.ctx) })
	return roamer
}

// post posts results until it is stopped, and then the last one. It repeats each until the collector has accepted it.
func (l *load) post() error {
	for number := int64(1); l.ctx.Err() == nil; number++ {
		last := l.stopped.Load()
		result := workload.NumberedResult(measurement, number, last)
		for {
			err := l.cluster.PostUntilAccepted([][]byte{result})
			if err == nil {
				break
			}
			if l.ctx.Err() != nil {
				return err
			}
		}
		l.posted.Store(number)
		if last {
			return nil
		}
		await.Duration(l.ctx, resultInterval)
	}
	return l.ctx.Err()
}

// awaitProgress waits until more results are accepted than when it is called, and all roamers have received them.
func (l *load) awaitProgress(t *testing.T, what string) (took time.Duration) {
	t.Helper()
	began, wanted := time.Now(), l.posted.Load()+20
	l.await(t, what, func() bool {
		return l.posted.Load() >= wanted && await.All(l.roamers, func(r *workload.Roamer) bool { return r.Number.Load() >= wanted })
	})
	return time.Since(began)
}

// await waits long, as a broker takes its time to start; it fails at once if a client has.
func (l *load) await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	eventually(t, what, func() bool {
		if l.ctx.Err() != nil {
			t.Fatalf("%s: %v", what, l.running.Wait())
		}
		return holds()
	})
}

// finish posts the last result, and checks that everybody has received all.
func (l *load) finish(t *testing.T, r *report) {
	t.Helper()
	l.stopped.Store(true)
	if err := l.running.Wait(); err != nil {
		t.Fatal(err)
	}
	failures := int64(0)
	for _, roamer := range l.roamers {
		failures += roamer.Failures.Load()
	}
	if failures == 0 {
		t.Error("no client has noticed that a gateway was killed")
	}
	r.add("  clients with cursors, five transports", "%d received %d results each once, in order; connections failed %d times", len(l.roamers), l.posted.Load(), failures)
	for _, user := range l.users {
		user.expectAll(t, l.posted.Load())
		r.add("  "+user.name, "received %d results each once, in order; was disconnected %d times", user.number, user.resets)
	}
}

func (u *user) expectAll(t *testing.T, count int64) {
	t.Helper()
	for u.number < count {
		switch event, payload := u.Receive(t); event {
		case "atlas_result":
			if u.number++; workload.NumberIn(payload, `"number":`) != u.number {
				t.Fatalf("%s received %.200s, want result %d", u.name, payload, u.number)
			}
		case "disconnect":
			u.resets++
		case "connect", "recovered", "upgrade", "atlas_subscribed":
		default:
			t.Fatalf("%s received %s %.200s", u.name, event, payload)
		}
	}
}
