package rebalance

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// gateway has clients that leave when they are asked to.
type gateway struct {
	*Rebalancer
	clients int
	fewest  int  // clients of another gateway
	known   bool // whether there is one
	asked   []time.Duration
	began   time.Time
}

// newGateway makes a gateway whose clients have just connected.
func newGateway(maxAge time.Duration, clients, fewest int) *gateway {
	g := &gateway{fewest: fewest, known: true, began: time.Now()}
	g.Rebalancer = New(Settings{
		MaxAge: maxAge, Clients: func() int { return g.clients }, Fewest: func() (int, bool) { return g.fewest, g.known },
		Asked: prometheus.NewCounter(prometheus.CounterOpts{Name: "asked_total", Help: "Clients asked to reconnect."}),
	})
	for range clients {
		g.connect()
	}
	return g
}

func (g *gateway) connect() {
	g.clients++
	var remove func()
	remove = g.Add(func() {
		g.clients--
		g.asked = append(g.asked, time.Since(g.began))
		remove()
	})
}

// run compares gateways for a while, and returns how many clients were asked to reconnect meanwhile.
func (g *gateway) run(ctx context.Context, duration time.Duration) int {
	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	before := len(g.asked)
	g.Run(ctx)
	return len(g.asked) - before
}

//notices:rebalance-young
func TestOnlyOldClientsReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(time.Hour, 1000, 0)
		if asked := g.run(t.Context(), 30*time.Minute-time.Second); asked > 0 {
			t.Errorf("%d clients were asked before half of the age", asked)
		}
		if asked := g.run(t.Context(), 61*time.Minute); asked < 900 {
			t.Errorf("%d of 1000 clients were asked within one and a half of the age", asked)
		}
		if g.run(t.Context(), time.Hour); g.clients > 0 {
			t.Errorf("%d of 1000 clients were never asked", g.clients)
		}
	})
}

//notices:rebalance-always
func TestClientsReconnectOnlyWhileAnotherGatewayIsEmptier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(time.Minute, 1000, 800)
		if asked := g.run(t.Context(), time.Hour); asked > 0 {
			t.Errorf("%d clients were asked while the other gateway has four fifths", asked)
		}
		g.fewest = 700
		if asked := g.run(t.Context(), time.Hour); asked != 126 && asked != 125 {
			t.Errorf("%d clients were asked, want as many as bring 1000 to five quarters of 700", asked)
		}
		g.known = false
		g.fewest = 0
		if asked := g.run(t.Context(), time.Hour); asked > 0 {
			t.Errorf("%d clients were asked though no other gateway is known", asked)
		}
	})
}

//notices:rebalance-unbounded
func TestFewClientsReconnectInASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(time.Second, 10_000, 0)
		g.run(t.Context(), 10*time.Minute)
		counts := make(map[time.Duration]int)
		for _, after := range g.asked {
			counts[after/time.Second]++
		}
		for second, count := range counts {
			if count > 51 {
				t.Errorf("%d of 10000 clients were asked in second %d", count, second)
			}
		}
		if len(g.asked) < 9000 {
			t.Errorf("%d were asked in ten minutes, half a percent a second", len(g.asked))
		}
		few := newGateway(time.Second, 10, 0)
		if asked := few.run(t.Context(), time.Minute); asked < 1 || asked > 4 {
			t.Errorf("%d of 10 clients were asked in a minute", asked)
		}
	})
}

func TestClientsThatAreGoneAreNotAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(time.Second, 1000, 0)
		remove := g.Add(func() { t.Error("a client that is gone was asked to reconnect") })
		remove()
		g.run(t.Context(), time.Hour)
	})
}
