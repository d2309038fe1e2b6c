package e2e

import (
	"testing"
	"time"
)

// watchStarvation measures for how long at most the machine keeps this process from running, until it is asked for that: bounds of time may be missed by so
// much.
func watchStarvation(t *testing.T) (longest func() time.Duration) {
	t.Helper()
	const interval = 10 * time.Millisecond
	over, measured := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		most, last := time.Duration(0), time.Now()
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				now := time.Now()
				most, last = max(most, now.Sub(last)-interval), now
			case <-over:
				measured <- most
				return
			}
		}
	}()
	return func() time.Duration {
		close(over)
		return <-measured
	}
}
