package main

import (
	"slices"
	"time"

	"atlasstream/services/bench/internal/ipc"
	"atlasstream/services/bench/internal/payload"
	"atlasstream/services/bench/internal/stats"
)

// heartbeat is how often a client of Engine.IO 3 says that it is alive.
const heartbeat = 20 * time.Second

// client is one connection, and counts what it receives.
type client struct {
	*connection
	protocol  protocol
	arrived   int             // results within the window
	latencies []time.Duration // of the results that were sent within the window
	lastBeat  time.Time
}

// read counts what comes until the connection ends. progress is told of the first result.
func (c *client) read(group *clientGroup, progress func(receiving int)) {
	for first := true; ; {
		message, err := c.next()
		if err != nil {
			return
		}
		now := time.Now()
		sent, isResult := payload.Sent(message)
		if isResult && first {
			first = false
			progress(int(group.receiving.Add(1)))
		}
		if isResult {
			c.count(group, sent, now)
		}
		if err := c.stayAlive(message, now); err != nil {
			return
		}
	}
}

func (c *client) count(group *clientGroup, sent int64, now time.Time) {
	window := group.window.Load()
	if window.Contains(now.UnixMicro()) {
		c.arrived++
	}
	if window.Contains(sent) {
		c.latencies = append(c.latencies, now.Sub(time.UnixMicro(sent)))
		group.deliveries.Add(1)
	}
}

// stayAlive answers the server's pings, or sends some, as the protocol wants it.
func (c *client) stayAlive(message []byte, now time.Time) error {
	if c.protocol.pinged && string(message) == "2" {
		return c.write(opcodeText, "3")
	}
	if c.protocol.pings && now.Sub(c.lastBeat) > heartbeat {
		c.lastBeat = now
		return c.write(opcodeText, "2")
	}
	return nil
}

// received summarises what all clients received, once they have stopped reading.
func (c *clientGroup) received() ipc.Received {
	var latencies []time.Duration
	received := ipc.Received{Lost: int(c.lost.Load())}
	for _, client := range c.clients {
		received.Arrived += client.arrived
		latencies = append(latencies, client.latencies...)
	}
	slices.Sort(latencies)
	received.Deliveries = len(latencies)
	received.P50, received.P99 = stats.Percentile(latencies, 50), stats.Percentile(latencies, 99)
	return received
}
