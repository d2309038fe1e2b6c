// Package await has what tests wait with. Nothing waits longer than Patience.
package await

import (
	"context"
	"testing"
	"time"
)

// Patience is how long a test waits for something that should happen soon.
const Patience = 60 * time.Second

// Condition waits until a condition holds.
func Condition(t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(Patience); !holds(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", Patience, what)
		}
	}
}

// Signal waits until a channel is closed.
func Signal(t *testing.T, closed <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-closed:
	case <-time.After(Patience):
		t.Fatalf("not within %s: %s", Patience, what)
	}
}

// Duration waits for a while, or until ctx ends.
func Duration(ctx context.Context, duration time.Duration) {
	select {
	case <-time.After(duration):
	case <-ctx.Done():
	}
}

// All reports whether a condition holds for every one of several.
func All[T any](several []T, holds func(T) bool) bool {
	for _, one := range several {
		if !holds(one) {
			return false
		}
	}
	return true
}

// WatchStarvation measures the longest time for which the machine keeps this process from running, until the function that it returns is called. A limit of
// time may be exceeded by as much.
func WatchStarvation(t *testing.T) (longest func() time.Duration) {
	t.Helper()
	const interval = 10 * time.Millisecond
	stop, measured := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		most, last := time.Duration(0), time.Now()
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				now := time.Now()
				most, last = max(most, now.Sub(last)-interval), now
			case <-stop:
				measured <- most
				return
			}
		}
	}()
	return func() time.Duration {
		close(stop)
		return <-measured
	}
}
