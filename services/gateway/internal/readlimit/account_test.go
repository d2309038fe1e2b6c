package readlimit

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"
)

// Reading costs messages, but leaves half of a burst; beyond that it waits, or fails.
func TestAbuseReadingCostsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		messages := rate.NewLimiter(10, 100)
		account := NewAccount(messages, nil, NewMetrics(prometheus.NewRegistry()))
		began := time.Now()
		mustPay(t, account, 50*RecordsPerMessage)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %s for half of a burst", waited)
		}
		if got := messages.Tokens(); got != 50 {
			t.Errorf("%g messages are left, want 50", got)
		}
		mustPay(t, account, 20*RecordsPerMessage-1) // which costs 20 as well
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("waited %s for 20 messages more, want 2s", waited)
		}
		if !messages.AllowN(time.Now(), 50) {
			t.Error("a client that reads cannot send messages")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := account.Pay(ctx, LookUpCost); !errors.Is(err, ErrExceeded) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want ErrExceeded", err)
		}
		began = time.Now()
		mustPay(t, account, 1000*RecordsPerMessage) // more than a burst
		if waited := time.Since(began); waited < 100*time.Second || waited > 105*time.Second {
			t.Errorf("waited %s for 1,000 messages, want some 104 s", waited)
		}
	})
}

// Payments from one account are made in order, and one that is cancelled blocks no other.
func TestPayingInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := NewAccount(rate.NewLimiter(10, 20), nil, NewMetrics(prometheus.NewRegistry()))
		mustPay(t, account, 10*RecordsPerMessage)
		ctx, cancel := context.WithCancel(t.Context())
		given, waited := make(chan error), make(chan error)
		go func() { given <- account.Pay(ctx, 10*RecordsPerMessage) }()
		synctest.Wait()
		go func() { waited <- account.Pay(t.Context(), LookUpCost) }()
		synctest.Wait()
		cancel()
		if err := <-given; !errors.Is(err, ErrExceeded) || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v of who has given up", err)
		}
		began := time.Now()
		if err := <-waited; err != nil || time.Since(began) > time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
}

func TestNoAccountPaysNothing(t *testing.T) {
	for _, account := range []*Account{nil, {}} {
		mustPay(t, account, 1<<40)
	}
}

func mustPay(t *testing.T, account *Account, records int64) {
	t.Helper()
	if err := account.Pay(t.Context(), records); err != nil {
		t.Fatal(err)
	}
}

// The subnets of a site pay from the site's account too, which limits all of them together; in a pool, the site has turns, not each of its subnets.
func TestAbuseManySubnetsOfASite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		metrics := NewMetrics(prometheus.NewRegistry())
		site := NewAccount(rate.NewLimiter(20, 200), nil, metrics)
		pool, began := NewPool(4, 2), time.Now()
		for range 3 {
			subnet := NewAccount(rate.NewLimiter(10, 100), site, metrics)
			mustPay(t, subnet, 50*RecordsPerMessage)
			go func() { _, _ = pool.Acquire(t.Context(), subnet) }() // until the test ends
		}
		if waited := time.Since(began); waited != 50*time.Second/20 {
			t.Errorf("three subnets waited %s, want 2.5s: half a burst of the site is 100 messages, and 50 more came", waited)
		}
		synctest.Wait()
		if held, waiting := pool.Usage(); held != 2 || waiting != 1 {
			t.Errorf("the site holds %d permits and waits for %d, want 2 and 1", held, waiting)
		}
	})
}
