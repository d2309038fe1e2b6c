package await

import (
	"testing"
	"time"
)

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
