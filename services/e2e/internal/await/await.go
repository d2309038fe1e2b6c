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
