// Package deliverytime measures how long live records take through the gateway: from Kafka's response until they are written to the clients.
package deliverytime

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Timer measures the batches of records of one stream. A batch that no client wanted has no time.
type Timer struct {
	seconds prometheus.Observer

	mu    sync.Mutex
	taken map[int]bool // the partitions in which clients were given records since the last Written
}

// NewTimer makes a timer that tells the times, in seconds, to an observer.
func NewTimer(seconds prometheus.Observer) *Timer {
	return &Timer{seconds: seconds, taken: make(map[int]bool)}
}

// Taken notes that clients have been given records of a partition.
func (t *Timer) Taken(partition int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.taken[partition] = true
}

// Written ends the time of a batch of a partition, which began when Kafka's response was there: all clients whose sockets have room have what they wanted
// of it.
func (t *Timer) Written(partition int, responded time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[partition] {
		t.taken[partition] = false
		t.seconds.Observe(time.Since(responded).Seconds())
	}
}
