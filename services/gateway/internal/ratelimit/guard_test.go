package ratelimit

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	home      = "192.0.2.1:1000"
	elsewhere = "192.0.2.2:1000"
)

func newGuard() *Guard {
	return NewGuard(Limits{Connections: 2, Subscriptions: 3, SubscriptionBytes: 1000, Messages: 4, ConnectionMessages: 2}, prometheus.NewRegistry())
}

func addConnection(t *testing.T, guard *Guard, remote string) (remove func()) {
	t.Helper()
	allowance, err := guard.OpenAllowance(remote)
	if err != nil {
		t.Fatal(err)
	}
	return allowance.Close
}

func expectKnown(t *testing.T, guard *Guard, known, remembered int) {
	t.Helper()
	guard.mu.Lock()
	defer guard.mu.Unlock()
	if len(guard.addresses) != known || guard.remembered != remembered {
		t.Errorf("%d addresses are known and %d of them remembered, want %d and %d", len(guard.addresses), guard.remembered, known, remembered)
	}
}

func TestConnectionsOfAnAddress(t *testing.T) {
	guard := newGuard()
	remove := addConnection(t, guard, home)
	addConnection(t, guard, "192.0.2.1:2000")
	_, err := guard.OpenAllowance("[::ffff:192.0.2.1]:3000")
	if !errors.Is(err, ErrTooManyConnections) || !strings.Contains(err.Error(), "there are 2 from this address") {
		t.Errorf("got %v", err)
	}
	addConnection(t, guard, elsewhere)
	remove()
	addConnection(t, guard, home)
	if refused := testutil.ToFloat64(guard.metrics.connections); refused != 1 {
		t.Errorf("counted %v refusals", refused)
	}
}

func TestAnIPv6ClientHasItsWholeSite(t *testing.T) {
	guard := newGuard()
	addConnection(t, guard, "[2001:db8:0:1::1]:1")
	addConnection(t, guard, "[2001:db8:0:1:ffff::2]:1")
	if _, err := guard.OpenAllowance("[2001:db8:0:1:eeee::3]:1"); !errors.Is(err, ErrTooManyConnections) {
		t.Errorf("got %v", err)
	}
	addConnection(t, guard, "[2001:db8:0:2::1]:1")
}

// A site has a /48, and with it 65,536 subnets: together they have four times the limits of an address.
func TestAbuseOfTheSubnetsOfASite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard() // an address may have 2 connections and 3 subscriptions, and send 40 messages at once
		connections, subscriptions, messages := 0, 0, 0
		for subnet := range 100 {
			remote := fmt.Sprintf("[2001:db8:0:%x::1]:1", subnet)
			if allowance, err := guard.OpenAllowance(remote); err == nil {
				connections++
				for range 2 {
					if allowance.Reserve(0) == nil {
						subscriptions++
					}
				}
			} else if !errors.Is(err, ErrTooManyConnections) || !strings.Contains(err.Error(), "there are 8 from 2001:db8::/48") {
				t.Fatal(err)
			}
			for range 20 {
				if guard.ChargeMessage(remote) == nil {
					messages++
				}
			}
		}
		if connections != 8 || subscriptions != 12 || messages != 160 {
			t.Errorf("a site got %d connections, %d subscriptions and %d messages, want 8, 12 and 160", connections, subscriptions, messages)
		}
		neighbour := openAllowance(t, guard, "[2001:db8:1::1]:1") // of another site
		if err := neighbour.Reserve(0); err != nil || neighbour.Message(1) != Pass {
			t.Errorf("another site: %v", err)
		}
	})
}

func TestSubscriptionsOfAnAddress(t *testing.T) {
	guard := newGuard()
	first, second := openAllowance(t, guard, home), openAllowance(t, guard, home)
	reserve := func(allowance *Allowance, want error) {
		t.Helper()
		if err := allowance.Reserve(0); !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	reserve(first, nil)
	first.Settle(truly(1))
	reserve(first, nil)
	first.Settle(truly(1)) // it existed already
	reserve(first, nil)
	first.Settle(truly(2))
	reserve(second, nil)
	second.Settle(truly(1))
	reserve(second, ErrTooManySubscriptions)
	reserve(openAllowance(t, guard, elsewhere), nil)
	first.Settle(truly(1))
	reserve(second, nil)
	second.Settle(truly(2))
	reserve(first, ErrTooManySubscriptions)
	second.Close()
	reserve(first, nil)
	reserve(first, nil)
	reserve(first, ErrTooManySubscriptions)
}

func openAllowance(t testing.TB, guard *Guard, remote string) *Allowance {
	t.Helper()
	if err := guard.ChargeMessage(remote); err != nil {
		t.Fatal(err)
	}
	allowance, err := guard.OpenAllowance(remote)
	if err != nil {
		t.Fatal(err)
	}
	return allowance
}

// sendMessages sends messages at once and returns how many had each verdict.
func sendMessages(allowance *Allowance, messages int) (verdicts [Disconnect + 1]int) {
	for range messages {
		verdicts[allowance.Message(100)]++
	}
	return verdicts
}

func TestMessagesOfAConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		allowance := openAllowance(t, newGuard(), home)
		defer allowance.Close()
		for _, step := range []struct {
			pause    time.Duration
			messages int
			want     [Disconnect + 1]int
		}{
			{0, 20, [Disconnect + 1]int{Pass: 20}},
			{0, 5, [Disconnect + 1]int{Warn: 1, Drop: 4}},
			{500 * time.Millisecond, 5, [Disconnect + 1]int{Pass: 1, Drop: 4}},
			{warnInterval, 30, [Disconnect + 1]int{Pass: 20, Warn: 1, Drop: 9}},
			{time.Hour, 20 + 200 + 5, [Disconnect + 1]int{Pass: 20, Warn: 1, Drop: 199, Disconnect: 5}},
		} {
			time.Sleep(step.pause)
			if got := sendMessages(allowance, step.messages); got != step.want {
				t.Fatalf("%d messages after %v: got %v, want %v", step.messages, step.pause, got, step.want)
			}
		}
	})
}

func TestMessagesOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard()
		guard.limits.Connections = 3
		late := openAllowance(t, guard, home)
		for _, want := range []int{20, 17} { // of the address's 40, connecting took one each
			if got := sendMessages(openAllowance(t, guard, home), 20); got[Pass] != want {
				t.Fatalf("got %v, want %d to pass", got, want)
			}
		}
		if err := guard.ChargeMessage(home); !errors.Is(err, ErrTooManyMessages) {
			t.Errorf("coming in: got %v", err)
		}
		if got := sendMessages(late, 2); got != [Disconnect + 1]int{Warn: 1, Drop: 1} {
			t.Errorf("got %v", got)
		}
		time.Sleep(time.Second)
		if got := sendMessages(late, 5); got[Pass] != 4 {
			t.Errorf("a second later: got %v", got)
		}
		if got := sendMessages(openAllowance(t, guard, elsewhere), 1); got[Pass] != 1 {
			t.Errorf("elsewhere: got %v", got)
		}
	})
}

// An address without connections is forgotten, but not so soon that reconnecting gives another burst.
func TestAddressesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard()
		for _, want := range []int{20, 18} {
			remove, allowance := addConnection(t, guard, home), openAllowance(t, guard, home)
			if got := sendMessages(allowance, 20); got[Pass] != want {
				t.Errorf("got %v, want %d to pass", got, want)
			}
			allowance.Close()
			remove()
		}
		if err := guard.ChargeMessage(home); !errors.Is(err, ErrTooManyMessages) {
			t.Errorf("coming again: got %v", err)
		}
		time.Sleep(2 * burstSeconds * time.Second)
		time.Sleep(burstSeconds*time.Second - 1)
		for range 3 {
			addConnection(t, guard, home)()
			time.Sleep(burstSeconds * time.Second * 2 / 3)
			expectKnown(t, guard, 1, 1)
		}
		remove := addConnection(t, guard, home)
		time.Sleep(burstSeconds * time.Second)
		expectKnown(t, guard, 1, 0)
		remove()
		time.Sleep(burstSeconds*time.Second - 1)
		synctest.Wait()
		expectKnown(t, guard, 1, 1)
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		expectKnown(t, guard, 0, 0)
	})
}

// A refused client is remembered like one that was connected.
func TestRefusedClientsAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard()
		for range 40 {
			if err := guard.ChargeMessage(home); err != nil {
				t.Fatal(err)
			}
		}
		if err := guard.ChargeMessage(home); !errors.Is(err, ErrTooManyMessages) {
			t.Errorf("got %v", err)
		}
		expectKnown(t, guard, 1, 1)
		time.Sleep(time.Second)
		for _, want := range []error{nil, nil, nil, nil, ErrTooManyMessages} {
			if err := guard.ChargeMessage(home); !errors.Is(err, want) {
				t.Errorf("a second later: got %v, want %v", err, want)
			}
		}
		if refused := testutil.ToFloat64(guard.metrics.messages); refused != 2 {
			t.Errorf("counted %v refusals", refused)
		}
		time.Sleep(burstSeconds * time.Second)
		synctest.Wait()
		expectKnown(t, guard, 0, 0)
	})
}

func TestMemoryOfAddressesIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		guard := newGuard()
		for i := range 2 * maxRemembered {
			addConnection(t, guard, fmt.Sprintf("10.%d.%d.%d:1", i>>16, i>>8&255, i&255))()
		}
		expectKnown(t, guard, maxRemembered, maxRemembered)
		time.Sleep(burstSeconds * time.Second)
		synctest.Wait()
		expectKnown(t, guard, 0, 0)
	})
}

func TestGuardFromManyGoroutines(t *testing.T) {
	guard := newGuard()
	var clients sync.WaitGroup
	for i := range 50 {
		clients.Go(func() {
			remote := fmt.Sprintf("192.0.2.%d:1", i%5)
			for range 100 {
				allowance, err := guard.OpenAllowance(remote)
				if err != nil {
					continue
				}
				if guard.ChargeMessage(remote) == nil {
					allowance.Message(100)
					if allowance.Reserve(0) == nil {
						allowance.Settle(truly(1))
					}
				}
				allowance.Close()
			}
		})
	}
	clients.Wait()
	for site, address := range guard.addresses {
		if address.references != 0 || address.connections != 0 || address.usage.Subscriptions != 0 {
			t.Errorf("%v: %d references, %d connections, %d subscriptions are left", site, address.references, address.connections, address.usage.Subscriptions)
		}
	}
}

func BenchmarkMessage(b *testing.B) {
	allowance := openAllowance(b, NewGuard(Limits{Connections: 100, Messages: 1 << 30, ConnectionMessages: 1 << 30}, prometheus.NewRegistry()), home)
	b.ReportAllocs()
	for b.Loop() {
		if allowance.Message(100) != Pass {
			b.Fatal("a message was dropped")
		}
	}
}

// The queues of all clients of an address are counted together, and so are those of all addresses of a /48.
func TestQueuesOfAnAddress(t *testing.T) {
	guard := NewGuard(Limits{Connections: 100, Messages: 4, ConnectionMessages: 2, QueuedBytes: 1000}, prometheus.NewRegistry())
	allowanceOf := func(remote string) *Allowance {
		allowance := openAllowance(t, guard, remote)
		t.Cleanup(allowance.Close)
		return allowance
	}
	first, second, other := allowanceOf(home), allowanceOf(home), allowanceOf(elsewhere)
	first.QueueBudget().Add(600)
	second.QueueBudget().Add(401)
	if !first.QueueBudget().IsSpent() || other.QueueBudget().IsSpent() {
		t.Error("1001 bytes exceed the budget of an address, and of no other")
	}
	second.QueueBudget().Add(-1)
	if first.QueueBudget().IsSpent() {
		t.Error("1000 bytes exceed the budget")
	}
	for _, remote := range []string{"[2001:db8:1:1::1]:1", "[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1", "[2001:db8:1:4::1]:1", "[2001:db8:1:5::1]:1"} {
		allowanceOf(remote).QueueBudget().Add(1000)
	}
	if !allowanceOf("[2001:db8:1:6::1]:1").QueueBudget().IsSpent() || allowanceOf("[2001:db8:2:1::1]:1").QueueBudget().IsSpent() {
		t.Error("5000 bytes exceed the budget of a /48, and of no other")
	}
}
