// Command clients has all clients of a server under test. They only count what they receive and its latency, so they take little of the machine.
package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"atlasstream/pkg/service"
	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/payload"
)

const (
	connectingAtOnce = 32
	handshakeTimeout = 30 * time.Second
	// longestDelay is how long after the window late deliveries are waited for.
	longestDelay = 10 * time.Second
)

type settings struct {
	Address      []string `help:"host:port of each server; clients spread over several at random." required:""`
	Protocol     string   `help:"What it speaks." enum:"websocket,engineio3,engineio4" required:""`
	Clients      int      `help:"How many clients." required:""`
	Measurements int      `help:"How many measurements they share out among them." required:""`
	First        int      `help:"Number of the first of them." default:"1"`
	Filtered     bool     `help:"Give each client a filter of its own, which one result in a hundred passes."`
	Cursors      bool     `help:"Have each message carry a cursor."`
	Stalled      bool     `help:"Have the clients read nothing once they are subscribed."`
	MissedUntil  int64    `help:"Have the clients receive their backlogs only, and count the results sent up to this time, in microseconds since 1970." placeholder:"TIME"`
}

// Run connects and subscribes all clients, reports when each has received something, and what they received of the load within the window of the parent.
func (s *settings) Run(ctx context.Context) error {
	parent := ipc.Parent()
	group, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer group.close()
	if err := parent.Send(ipc.Ready{Count: s.Clients}); err != nil {
		return err
	}
	if s.Stalled {
		parent.AwaitEnd()
		return nil
	}
	if s.MissedUntil != 0 {
		return parent.Send(group.catchUp(s.MissedUntil))
	}
	group.listen(func(receiving int) {
		if receiving == s.Clients {
			_ = parent.Send(ipc.Ready{Count: receiving}) // a parent that is gone is noticed below
		}
	})
	return group.measure(ctx, parent)
}

func (s *settings) connect(ctx context.Context) (*clientGroup, error) {
	all, addresses := &clientGroup{clients: make([]*client, s.Clients)}, s.addresses()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(connectingAtOnce)
	for i := range all.clients {
		group.Go(func() error {
			client, err := dial(ctx, addresses[i], protocols[s.Protocol], s.subscription(i), s.Stalled)
			if err != nil {
				return fmt.Errorf("client %d: %w", i, err)
			}
			all.clients[i] = client
			return nil
		})
	}
	return all, group.Wait()
}

// addresses gives each client a server, in each run the same.
func (s *settings) addresses() []string {
	random, addresses := rand.New(rand.NewPCG(1, 1)), make([]string, s.Clients)
	for i := range addresses {
		addresses[i] = s.Address[random.IntN(len(s.Address))]
	}
	return addresses
}

// subscription is what a client asks for. Everything was sent later than the filter demands, so no two filters are equal and all of a turn match.
func (s *settings) subscription(client int) string {
	wanted := fmt.Sprintf(`"stream_type":"result","msm":%d`, s.First+client%s.Measurements)
	if s.Filtered {
		wanted += fmt.Sprintf(`,"equalsTo":{"turn":%d},"greaterTo":{"sent":%d}`, client%payload.Turns, client)
	}
	if s.Cursors {
		wanted += `,"cursor":""`
	}
	if s.MissedUntil != 0 {
		wanted += `,"sendBacklog":true`
	}
	return "{" + wanted + "}"
}

// clientGroup has all clients.
type clientGroup struct {
	clients    []*client
	reading    errgroup.Group
	window     atomic.Pointer[ipc.Window]
	receiving  atomic.Int64 // clients that have received something
	deliveries atomic.Int64 // of what was sent within the window
	lost       atomic.Int64
	closing    atomic.Bool
}

func (c *clientGroup) listen(progress func(receiving int)) {
	for _, client := range c.clients {
		c.reading.Go(func() error {
			client.read(c, progress)
			if !c.closing.Load() {
				c.lost.Add(1)
			}
			return nil
		})
	}
}

// measure receives the window, and later the number of deliveries to expect.
func (c *clientGroup) measure(ctx context.Context, parent *ipc.Channel) error {
	if err := parent.ReceiveWindow(c.window.Store); err != nil {
		return err
	}
	var expected ipc.Expected
	if err := parent.Receive(&expected); err != nil {
		return err
	}
	c.await(ctx, int64(expected.Deliveries))
	c.close()
	return parent.Send(c.received())
}

func (c *clientGroup) await(ctx context.Context, deliveries int64) {
	ctx, cancel := context.WithTimeout(ctx, longestDelay)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for c.deliveries.Load() < deliveries {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return
		}
	}
}

// close closes all connections and waits for their readers.
func (c *clientGroup) close() {
	c.closing.Store(true)
	for _, client := range c.clients {
		if client != nil {
			_ = client.conn.Close()
		}
	}
	_ = c.reading.Wait()
}

func main() {
	service.Main("clients", "Many clients that count what they receive.", &settings{})
}
