package main

import (
	"slices"
	"time"

	"atlasstream/services/bench/internal/stats"
	"atlasstream/services/bench/internal/talk"
)

// received sums up what all clients got; nobody reads any more.
func (c *crowd) received() talk.Received {
	var latencies []time.Duration
	received := talk.Received{Lost: int(c.lost.Load())}
	for _, client := range c.clients {
		received.Arrived += client.arrived
		latencies = append(latencies, client.latencies...)
	}
	slices.Sort(latencies)
	received.Deliveries = len(latencies)
	received.P50, received.P99 = stats.Percentile(latencies, 50), stats.Percentile(latencies, 99)
	return received
}
