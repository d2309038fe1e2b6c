package drain

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// told is when a client was told to reconnect, after the beginning of the drain.
type told struct {
	client int
	after  time.Duration
}

// endpoint has clients 0, 1, 2, ….
type endpoint struct {
	clients int
	gone    func(client int) bool
	began   time.Time
	refuses bool
	told    []told
}

func newEndpoint(clients int) *endpoint {
	return &endpoint{clients: clients, gone: func(int) bool { return false }, began: time.Now()}
}

func (e *endpoint) Refuse() { e.refuses = true }

func (e *endpoint) Departures() []func() bool {
	departures := make([]func() bool, e.clients)
	for client := range departures {
		departures[client] = func() bool {
			if e.gone(client) {
				return false
			}
			e.told = append(e.told, told{client, time.Since(e.began)})
			return true
		}
	}
	return departures
}

func (e *endpoint) clientsInOrder() (clients []int) {
	for _, each := range e.told {
		clients = append(clients, each.client)
	}
	return clients
}

// perSecond counts those that were told in each second.
func (e *endpoint) perSecond() map[int]int {
	counts := make(map[int]int)
	for _, each := range e.told {
		counts[int(each.after/time.Second)]++
	}
	return counts
}

func TestClientsLeaveEvenly(t *testing.T) {
	for _, clients := range []int{40, 333, 20_000} {
		synctest.Test(t, func(t *testing.T) {
			e := newEndpoint(clients)
			Run(t.Context(), 30*time.Second, e)
			if len(e.told) != clients || time.Since(e.began) > 30*time.Second {
				t.Fatalf("%d of %d were told in %s", len(e.told), clients, time.Since(e.began))
			}
			mean := clients / 30
			for second, count := range e.perSecond() {
				if second >= 30 || count < mean-1 || count > mean+2 {
					t.Errorf("%d of %d in second %d, want %d", count, clients, second, mean)
				}
			}
		})
	}
}

//notices:drain-slower-than-one-a-second
func TestAtLeastOneLeavesEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(5)
		Run(t.Context(), 30*time.Second, e)
		for i, each := range e.told {
			if want := time.Duration(i) * time.Second; each.after != want {
				t.Errorf("client %d was told after %s, want %s", i, each.after, want)
			}
		}
		if took := time.Since(e.began); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

//notices:drain-in-order
func TestClientsOfAllEndpointsLeaveInRandomOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const clients = 100
		first, second := newEndpoint(clients), newEndpoint(clients)
		Run(t.Context(), time.Minute, first, second)
		if slices.IsSorted(first.clientsInOrder()) {
			t.Error("the clients of an endpoint left in its order")
		}
		if first.told[clients-1].after < second.told[0].after {
			t.Error("one endpoint was drained after the other")
		}
		if !first.refuses || !second.refuses {
			t.Error("newcomers are not refused")
		}
	})
}

// Those that leave by themselves take no time: the others are spread over what remains, and the end comes when nobody is left.
func TestClientsThatLeaveByThemselvesAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(1000)
		e.gone = func(int) bool { return time.Since(e.began) >= 10*time.Second }
		Run(t.Context(), 30*time.Second, e)
		if took := time.Since(e.began); took > 11*time.Second {
			t.Errorf("it took %s, though all left after 10 s", took)
		}
		half := newEndpoint(1000)
		half.gone = func(client int) bool { return client%2 == 0 }
		Run(t.Context(), 30*time.Second, half)
		if took := time.Since(half.began); len(half.told) != 500 || took < 28*time.Second || took > 30*time.Second {
			t.Errorf("%d were told in %s", len(half.told), took)
		}
	})
}

func TestNobodyIsToldOnceTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		e := newEndpoint(300)
		Run(ctx, 30*time.Second, e)
		if took := time.Since(e.began); took != 10*time.Second || len(e.told) < 90 || len(e.told) > 110 {
			t.Errorf("%d were told in %s", len(e.told), took)
		}
	})
}

func TestNobodyIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newEndpoint(0)
		Run(t.Context(), 30*time.Second, e)
		if took := time.Since(e.began); took > 0 || !e.refuses {
			t.Errorf("it took %s, newcomers are refused: %v", took, e.refuses)
		}
	})
}
