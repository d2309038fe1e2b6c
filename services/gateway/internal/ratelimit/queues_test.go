package ratelimit

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// What waits for the clients of an address is counted together, and that of all addresses of a /48 as well.
func TestQueuesOfAnAddress(t *testing.T) {
	guard := NewGuard(Limits{Messages: 4, ConnectionMessages: 2, QueuedBytes: 1000}, prometheus.NewRegistry())
	enter := func(remote string) *Allowance {
		allowance := guard.OpenAllowance(remote)
		t.Cleanup(allowance.Close)
		return allowance
	}
	first, second, other := enter(home), enter(home), enter(elsewhere)
	first.QueueBudget().Waits(600)
	second.QueueBudget().Waits(401)
	if !first.QueueBudget().IsSpent() || other.QueueBudget().IsSpent() {
		t.Error("1001 bytes are too much for those that share an address, and nobody else")
	}
	second.QueueBudget().Waits(-1)
	if first.QueueBudget().IsSpent() {
		t.Error("1000 bytes are too much")
	}
	for _, remote := range []string{"[2001:db8:1:1::1]:1", "[2001:db8:1:2::1]:1", "[2001:db8:1:3::1]:1", "[2001:db8:1:4::1]:1", "[2001:db8:1:5::1]:1"} {
		enter(remote).QueueBudget().Waits(1000)
	}
	if !enter("[2001:db8:1:6::1]:1").QueueBudget().IsSpent() || enter("[2001:db8:2:1::1]:1").QueueBudget().IsSpent() {
		t.Error("5000 bytes are too much for a /48, and nobody else")
	}
}
