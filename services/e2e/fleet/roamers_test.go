//go:build fleet

package fleet

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/jitter"
	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/connection"
	"atlasstream/services/e2e/internal/workload"
)

// roamers are the clients.
type roamers struct {
	running *errgroup.Group
	ctx     context.Context
	roll    atomic.Int64 // which gateway is being replaced
	all     []*roamer

	mu         sync.Mutex
	reconnects []time.Time
}

// roamer counts how often it was told to reconnect.
type roamer struct {
	*workload.Roamer
	replaced   [replicas]int // by gateways that were replaced, one after the other
	rebalanced int
}

// startClients starts clients and waits until all are subscribed.
func (f *fleet) startClients(t *testing.T) *roamers {
	t.Helper()
	r := &roamers{}
	r.running, r.ctx = errgroup.WithContext(t.Context())
	transports := slices.Concat(connection.Transports, []connection.Transport{connection.Upgrading})
	for number := range *clientCount {
		kind, parameters := "with cursors", map[string]any{"msm": 1001, "cursor": ""}
		if number/len(transports)%2 == 0 {
			kind, parameters = "without cursors", map[string]any{"msm": 1001}
		}
		r.start(f.Address, transports[number%len(transports)], kind, parameters)
	}
	await.Condition(t, "all are subscribed", func() bool {
		return r.ctx.Err() != nil || await.All(r.all, func(c *roamer) bool { return c.Subscribed.Load() })
	})
	return r
}

func (r *roamers) start(address string, transport connection.Transport, kind string, parameters map[string]any) {
	client := &roamer{}
	connects := 0
	client.Roamer = &workload.Roamer{Transport: transport, Kind: kind, Parameters: parameters,
		Next: func(ctx context.Context) (string, error) {
			if connects++; connects > 1 {
				await.Duration(ctx, jitter.Around(time.Second)) // as socket.io-client does
				r.count()
			}
			return address, ctx.Err()
		},
		Told: func(code string) {
			if code == workload.PleaseReconnect {
				client.rebalanced++
				return
			}
			client.replaced[r.roll.Load()]++
		},
	}
	r.all = append(r.all, client)
	r.running.Go(func() error { return client.Run(r.ctx) })
}

func (r *roamers) count() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reconnects = append(r.reconnects, time.Now())
}

// expectEvenReconnects checks that clients reconnected evenly from the beginning of a drain on.
func (r *roamers) expectEvenReconnects(t *testing.T, began time.Time) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	counts, all, most := make(map[time.Duration]int), 0, 0
	for _, at := range r.reconnects {
		if at.Before(began) {
			continue
		}
		all++
		second := at.Sub(began) / time.Second
		counts[second]++
		most = max(most, counts[second])
	}
	known(t, "clients that reconnected", float64(all))
	atMost(t, "reconnects in the busiest second, in means", float64(most)/(float64(all)/drainTime.Seconds()), 3)
}

// expectFewReconnects checks that each gateway that was replaced sent each client elsewhere once at most.
func (r *roamers) expectFewReconnects(t *testing.T) {
	t.Helper()
	replaced, rebalanced, most := 0, 0, 0
	for _, client := range r.all {
		rebalanced += client.rebalanced
		for _, count := range client.replaced {
			replaced += count
			most = max(most, count)
		}
	}
	known(t, "clients", float64(len(r.all)))
	known(t, "reconnects as gateways were replaced", float64(replaced))
	known(t, "reconnects as others had fewer clients", float64(rebalanced))
	atMost(t, "reconnects of a client for one gateway that was replaced", float64(most), 1)
}

// expectComplete checks that each client with cursors has received every result. They have compared each number with the last one, so none came twice.
func (r *roamers) expectComplete(t *testing.T, written int64) {
	t.Helper()
	incomplete, withCursors := 0, 0
	for _, client := range r.all {
		if _, has := client.Parameters["cursor"]; has {
			withCursors++
			if client.Number.Load() != written {
				incomplete++
			}
		}
	}
	known(t, "results", float64(written))
	known(t, "clients with cursors", float64(withCursors))
	atMost(t, "of these, clients that missed a result or got one twice", float64(incomplete), 0)
}
