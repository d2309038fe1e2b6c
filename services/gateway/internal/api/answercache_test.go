package api

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"atlasstream/services/gateway/internal/readlimit"
)

// An address that cannot pay for an answer holds up no other that asks for the same, and gets it once another has paid. For the clients of one address it is
// computed once.
func TestAbuseClientThatCannotPayHoldsUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answers := &answerCache[int, string]{ttl: time.Minute, capacity: 2}
		metrics := readlimit.NewMetrics(prometheus.NewRegistry())
		poor := readlimit.NewAccount(rate.NewLimiter(0.01, 2), nil, metrics)
		rich := readlimit.NewAccount(rate.NewLimiter(1000, 1000), nil, metrics)
		made := 0
		ask := func(account *readlimit.Account, key int) (string, error) {
			return answers.get(t.Context(), account, key, func() (string, error) {
				if err := account.Pay(t.Context(), 20*readlimit.RecordsPerMessage); err != nil {
					return "", err
				}
				time.Sleep(time.Second)
				made++
				return "made", nil
			})
		}
		began := time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { _, _ = answers.get(ctx, poor, 1, func() (string, error) { return "", poor.Pay(ctx, 1<<20) }) }()
		synctest.Wait()
		var rest sync.WaitGroup
		for range 3 {
			rest.Go(func() {
				if got, err := ask(rich, 1); got != "made" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		rest.Wait()
		if took := time.Since(began); took != time.Second || made != 1 {
			t.Errorf("it took %s to make it %d times, want once, in 1s", took, made)
		}
		if got, err := ask(poor, 1); got != "made" || err != nil || time.Since(began) != time.Second {
			t.Errorf("once it is made: got %q, %v after %s", got, err, time.Since(began))
		}
		for key := range 5 {
			if _, err := ask(rich, key); err != nil {
				t.Error(err)
			}
		}
		cancel()
		synctest.Wait()
		if len(answers.answers) > 2 || len(answers.flights) > 0 {
			t.Errorf("%d answers are remembered, %d are being made", len(answers.answers), len(answers.flights))
		}
	})
}
