package admission

import "testing"

func truly(count int) func() int { return func() int { return count } }

func TestSubscriptionsThatEndByThemselves(t *testing.T) {
	guard := newGuard() // an address may have three
	first, second := open(t, guard, home), open(t, guard, home)
	expect := func(want int) {
		t.Helper()
		if got := first.networks[0].subscriptions; got != want {
			t.Fatalf("the address has %d subscriptions, want %d", got, want)
		}
	}
	for count := range 2 {
		if err := first.Reserve(); err != nil {
			t.Fatal(err)
		}
		first.Settle(truly(count + 1))
	}
	if err := second.Reserve(); err != nil {
		t.Fatal(err)
	}
	first.Recount(truly(1))
	second.Recount(truly(0)) // the one that is about to begin stays
	expect(2)
	second.Settle(truly(1))
	second.Recount(truly(0))
	expect(1)
	first.Leave()
	first.Recount(truly(1)) // which comes too late
	expect(0)
}
