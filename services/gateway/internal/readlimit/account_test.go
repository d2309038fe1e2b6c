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

// What is read costs messages, of which it leaves half a burst; who has read too much waits, or is told so.
func TestAbuseReadingCostsMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		messages := rate.NewLimiter(10, 100)
		account := NewAccount(messages, NewMetrics(prometheus.NewRegistry()))
		began := time.Now()
		mustPay(t, account, 50*RecordsOfMessage)
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited %s for half of a burst", waited)
		}
		if got := messages.Tokens(); got != 50 {
			t.Errorf("%g messages are left, want 50", got)
		}
		mustPay(t, account, 20*RecordsOfMessage-1) // which costs 20 as well
		if waited := time.Since(began); waited != 2*time.Second {
			t.Errorf("waited %s for 20 messages more, want 2s", waited)
		}
		if !messages.AllowN(time.Now(), 50) {
			t.Error("a client that reads cannot say anything")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := account.Pay(ctx, LookUp); !errors.Is(err, ErrExceeded) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want ErrExceeded", err)
		}
		began = time.Now()
		mustPay(t, account, 1000*RecordsOfMessage) // more than a burst
		if waited := time.Since(began); waited < 100*time.Second || waited > 105*time.Second {
			t.Errorf("waited %s for 1,000 messages, want some 104 s", waited)
		}
	})
}

// Those who pay from one account do so in the order in which they came, and one that gives up holds up nobody.
func TestPayingInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		account := NewAccount(rate.NewLimiter(10, 20), NewMetrics(prometheus.NewRegistry()))
		mustPay(t, account, 10*RecordsOfMessage)
		ctx, cancel := context.WithCancel(t.Context())
		given, waited := make(chan error), make(chan error)
		go func() { given <- account.Pay(ctx, 10*RecordsOfMessage) }()
		synctest.Wait()
		go func() { waited <- account.Pay(t.Context(), LookUp) }()
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

func TestWhoHasNoAccountPaysNothing(t *testing.T) {
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
