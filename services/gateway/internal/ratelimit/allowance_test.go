package ratelimit

import (
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func truly(count int) func() Usage { return func() Usage { return Usage{Subscriptions: count} } }

func TestEndedSubscriptions(t *testing.T) {
	guard := newGuard() // an address may have three
	first, second := openAllowance(t, guard, home), openAllowance(t, guard, home)
	expect := func(want int) {
		t.Helper()
		if got := first.networks[0].usage.Subscriptions; got != want {
			t.Fatalf("the address has %d subscriptions, want %d", got, want)
		}
	}
	for count := range 2 {
		if err := first.Reserve(0); err != nil {
			t.Fatal(err)
		}
		first.Settle(truly(count + 1))
	}
	if err := second.Reserve(0); err != nil {
		t.Fatal(err)
	}
	first.Recount(truly(1))
	second.Recount(truly(0)) // the one that is beginning stays
	expect(2)
	second.Settle(truly(1))
	second.Recount(truly(0))
	expect(1)
	first.Close()
	first.Recount(truly(1)) // which comes too late
	expect(0)
}

// A long message counts as several, but one that counts as more than the burst can be sent all the same.
func TestLongMessagesCountByTheirLength(t *testing.T) {
	for _, test := range []struct{ bytes, want int }{{0, 10}, {4096, 10}, {4097, 5}, {100_000, 1}} {
		allowance := openAllowance(t, NewGuard(Limits{Connections: 1, Messages: 100, ConnectionMessages: 1}, prometheus.NewRegistry()), home)
		got := 0
		for allowance.Message(test.bytes) == Pass {
			got++
		}
		if got != test.want {
			t.Errorf("%d messages of %d bytes passed, want %d", got, test.bytes, test.want)
		}
	}
}

// A message that stands for several counts as they would, but for at most half of the burst.
func TestAbuseMessagesThatStandForSeveral(t *testing.T) {
	const burst = 10
	for _, test := range []struct{ further, left int }{{-1, burst}, {0, burst}, {4, 6}, {5, 5}, {1000, 5}} {
		allowance := openAllowance(t, NewGuard(Limits{Connections: 1, Messages: 100, ConnectionMessages: 1}, prometheus.NewRegistry()), home)
		if err := allowance.FurtherMessages(test.further); err != nil {
			t.Errorf("%d further ones: %v", test.further, err)
		}
		left := 0
		for allowance.Message(0) == Pass {
			left++
		}
		if left != test.left {
			t.Errorf("%d messages are left after %d further ones, want %d", left, test.further, test.left)
		}
		if err := allowance.FurtherMessages(1); !errors.Is(err, ErrTooManyMessages) {
			t.Errorf("one too many: got %v", err)
		}
	}
}

// A flood ends with a disconnection, sooner if the messages are long.
func TestAbuseLongMessages(t *testing.T) {
	allowance := openAllowance(t, NewGuard(Limits{Connections: 1, Messages: 1000, ConnectionMessages: 100}, prometheus.NewRegistry()), home)
	const size = 100_000
	read := 0
	for allowance.Message(size) != Disconnect {
		read += size
	}
	if most := (1 + maxExcessBursts) * 10 * 100 * messageBytes; read > most {
		t.Errorf("%d bytes were read, want at most %d", read, most)
	}
}

// Subscriptions are also counted by their memory, including those that are beginning.
func TestAbuseSubscriptionBytes(t *testing.T) {
	guard := newGuard() // those of an address may take 1000 bytes
	first, second := openAllowance(t, guard, home), openAllowance(t, guard, home)
	if err := first.Reserve(600); err != nil {
		t.Fatal(err)
	}
	err := second.Reserve(500)
	if !errors.Is(err, ErrTooManySubscriptions) || !strings.Contains(err.Error(), "take 600 bytes of memory, this one would take 500, and no more than 1000") {
		t.Errorf("got %v", err)
	}
	if err := second.Reserve(400); err != nil {
		t.Errorf("with room left: %v", err)
	}
	first.Settle(func() Usage { return Usage{1, 100} })
	if err := first.Reserve(500); err != nil {
		t.Errorf("when the first one took less: %v", err)
	}
	second.Close()
	first.Close()
	if left := first.networks[0].usage; left != (Usage{}) {
		t.Errorf("%+v is left", left)
	}
}
