package ratelimit

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// The queues of all clients of an address are counted together, and so are those of all addresses of a /48.
func TestQueuesOfAnAddress(t *testing.T) {
	guard := NewGuard(Limits{Messages: 4, ConnectionMessages: 2, QueuedBytes: 1000}, prometheus.NewRegistry())
	enter := func(remote string) *Allowance {
		allowance := guard.OpenAllowance(remote)
		t.Cleanup(allowance.Close)
		return allowance
	}
	first, second, other := enter(home), enter(home), enter(elsewhere)
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
		enter(remote).QueueBudget().Add(1000)
	}
	if !enter("[2001:db8:1:6::1]:1").QueueBudget().IsSpent() || enter("[2001:db8:2:1::1]:1").QueueBudget().IsSpent() {
		t.Error("5000 bytes exceed the budget of a /48, and of no other")
	}
}
