package main

import (
	"time"

	"atlasstream/services/bench/internal/payload"
)

// heartbeat is how often a client of Engine.IO 3 says that it is alive.
const heartbeat = 20 * time.Second

// client is one connection and what came over it.
type client struct {
	*connection
	protocol  protocol
	arrived   int             // results within the window
	latencies []time.Duration // of the results that were sent within the window
	lastBeat  time.Time
}

// read counts what comes until the connection ends. progress is told of the first result.
func (c *client) read(crowd *crowd, progress func(receiving int)) {
	for first := true; ; {
		message, err := c.next()
		if err != nil {
			return
		}
		now := time.Now()
		sent, isResult := payload.Sent(message)
		if isResult && first {
			first = false
			progress(int(crowd.receiving.Add(1)))
		}
		if isResult {
			c.count(crowd, sent, now)
		}
		if err := c.stayAlive(message, now); err != nil {
			return
		}
	}
}

func (c *client) count(crowd *crowd, sent int64, now time.Time) {
	window := crowd.window.Load()
	if window.Holds(now.UnixMicro()) {
		c.arrived++
	}
	if window.Holds(sent) {
		c.latencies = append(c.latencies, now.Sub(time.UnixMicro(sent)))
		crowd.deliveries.Add(1)
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
